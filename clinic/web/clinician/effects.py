"""Side effects from the visit page: one tap for the usual ones, a form for the rest, a change."""

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.side_effects import (
    SideEffectDraft,
    change_side_effect,
    log_side_effect,
    side_effect_of,
)
from clinic.errors import ClinicError, NotFound
from clinic.models.engine import reading, writing
from clinic.models.records import SideEffect
from clinic.queries.side_effects import SideEffectRow, of_visit
from clinic.rules.permissions import Permission
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.effect_views import fill_choices, fill_details
from clinic.web.clinician.forms import EffectDetailsForm, SideEffectForm
from clinic.web.clinician.pages import VisitPage, read_page
from clinic.web.clinician.visits import page_again, visit_to_change
from clinic.web.errors import form_again
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.shell import say

CHANGE = "clinician/effect.html"


@blueprint.post("/visits/<public_id>/side-effects")
@needs(Permission.RECORD_SIDE_EFFECTS)
def add_side_effect(public_id: str) -> Response:
    """Log the side effect that was tapped or chosen, at the grade that was chosen."""
    form, here = SideEffectForm(), current_clinic()
    _fill(form, read_page(public_id))
    if not form.validate() or not _is_named(form):
        return page_again(public_id, None, effect=form)
    try:
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: _log(unit, public_id, form))
    except ClinicError as problem:
        return page_again(public_id, problem, effect=form)
    return see_other(target)


def _fill(form: SideEffectForm, page: VisitPage) -> None:
    fill_choices(form, page.listed, page.modality)


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


@blueprint.route("/visits/<public_id>/side-effects/<effect_id>/change", methods=["GET", "POST"])
@needs(Permission.RECORD_SIDE_EFFECTS)
def change_effect(public_id: str, effect_id: str) -> Response:
    """Say how a side effect is by now; what it was stays on record."""
    form, here, page = EffectDetailsForm(), current_clinic(), read_page(public_id)
    fill_details(form, page.listed)
    label = next((one.label for one in page.effects if one.public_id == effect_id), "")
    if not form.is_submitted():
        return _ask(page, effect_id, label)
    if not form.validate():
        return form_again(CHANGE, None, form=form, page=page, label=label)
    try:
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: _change(unit, public_id, effect_id, form))
    except ClinicError as problem:
        return form_again(CHANGE, problem, form=form, page=read_page(public_id), label=label)
    say(gettext("Changed. What it was stays on record."))
    return see_other(target)


def _ask(page: VisitPage, effect_id: str, label: str) -> Response:
    """Show the form with the side effect as it stands; NotFound when it no longer does."""
    with reading(current_clinic().engine) as unit:
        rows = of_visit(unit, appointment_id=page.appointment_id)
    found = next((row for row in rows if row.public_id == effect_id), None)
    if found is None:
        raise NotFound("no_such_thing")
    note_look(
        "view_visit",
        subject="appointment",
        subject_id=page.appointment_id,
        patient_id=page.patient_id,
    )
    form = EffectDetailsForm(formdata=None, data=_as_data(found))
    fill_details(form, page.listed)
    body = render_template(CHANGE, form=form, page=page, label=label, problem=None)
    return make_response(body)


def _as_data(row: SideEffectRow) -> dict[str, str | bool]:
    return {
        "grade": str(row.grade),
        "free_text": row.free_text,
        "relatedness": row.relatedness,
        "action": row.action,
        "outcome": row.outcome,
        "is_serious": row.is_serious,
    }


def _change(unit: Session, public_id: str, effect_id: str, form: EffectDetailsForm) -> str:
    here = current_clinic()
    appointment = visit_to_change(unit, public_id)
    old = side_effect_of(unit, appointment=appointment, public_id=effect_id)
    change_side_effect(unit, side_effect=old, draft=_draft(form, old), by=here.actor, now=here.now)
    return url_for("clinician.show_visit", public_id=public_id, _anchor="effects")


def _draft(form: EffectDetailsForm, old: SideEffect) -> SideEffectDraft:
    return SideEffectDraft(
        term_key=old.term_key,
        grade=int(form.grade.data),
        onset_at=old.onset_at,
        relatedness=form.relatedness.data,
        action=form.action.data,
        outcome=form.outcome.data,
        free_text=form.free_text.data or "",
        is_serious=bool(form.is_serious.data),
    )
