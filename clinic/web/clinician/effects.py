"""Side effects from the visit page: one tap for the usual ones, a form for the rest."""

from flask import Response, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.side_effects import SideEffectDraft, log_side_effect
from clinic.errors import ClinicError
from clinic.models.engine import writing
from clinic.rules.permissions import Permission
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.forms import SideEffectForm
from clinic.web.clinician.pages import fill_choices, read_page
from clinic.web.clinician.visits import page_again, visit_to_change
from clinic.web.guard import needs
from clinic.web.requests import current_clinic, run_once, see_other


@blueprint.post("/visits/<public_id>/side-effects")
@needs(Permission.RECORD_SIDE_EFFECTS)
def add_side_effect(public_id: str) -> Response:
    """Log the side effect that was tapped or chosen, at the grade that was chosen."""
    form, here = SideEffectForm(), current_clinic()
    fill_choices(form, read_page(public_id))
    if not form.validate() or not _is_named(form):
        return page_again(public_id, None, effect=form)
    try:
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: _log(unit, public_id, form))
    except ClinicError as problem:
        return page_again(public_id, problem, effect=form)
    return see_other(target)


def _term(form: SideEffectForm) -> str:
    return request.form.get("tap", "")[:80] or str(form.term.data or "")


def _is_named(form: SideEffectForm) -> bool:
    """Say whether a term was tapped or chosen; the fault goes to the field."""
    if _term(form):
        return True
    form.term.errors = [gettext("Tap or choose what it is.")]
    return False


def _log(unit: Session, public_id: str, form: SideEffectForm) -> str:
    here = current_clinic()
    log_side_effect(
        unit,
        appointment=visit_to_change(unit, public_id),
        draft=SideEffectDraft(
            term_key=_term(form),
            grade=int(form.grade.data),
            onset_at=here.now,
            relatedness=form.relatedness.data,
            action=form.action.data,
            outcome=form.outcome.data,
            free_text=form.free_text.data or "",
            is_serious=bool(form.is_serious.data),
        ),
        by=here.actor,
        now=here.now,
    )
    return url_for("clinician.show_visit", public_id=public_id, _anchor="effects")
