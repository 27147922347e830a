"""The end of a visit: complete, stopped early, or came and was not treated, with a coded reason."""

from dataclasses import dataclass

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.actions.visits import finish_visit
from clinic.errors import ClinicError
from clinic.models.engine import reading, writing
from clinic.queries.outcomes import outcome_reasons
from clinic.rules.appointments import Outcome
from clinic.rules.permissions import Permission
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.forms import FinishForm
from clinic.web.clinician.pages import VisitPage, read_page
from clinic.web.clinician.visits import visit_to_change
from clinic.web.errors import form_again
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.outcomes import outcome_word, reason_word
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.shell import say

PAGE = "clinician/finish.html"


@dataclass(frozen=True, slots=True)
class EndingGroup:
    """One outcome with the values of the choices that lead to it."""

    label: str
    values: tuple[str, ...]


@blueprint.route("/visits/<public_id>/finish", methods=["GET", "POST"])
@needs(Permission.RECORD_SIDE_EFFECTS)
def finish(public_id: str) -> Response:
    """Close the visit's record and mark the visit done, with what came of it."""
    form, here, page = FinishForm(), current_clinic(), read_page(public_id)
    groups = _fill(form, page)
    if not form.is_submitted():
        return _fresh(form, page, groups)
    if not form.validate():
        return form_again(PAGE, None, form=form, page=page, groups=groups)
    try:
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: _finish(unit, public_id, form))
    except ClinicError as problem:
        return _again(form, public_id, problem)
    say(gettext("The visit has ended."))
    return see_other(target)


def _fresh(form: FinishForm, page: VisitPage, groups: tuple[EndingGroup, ...]) -> Response:
    note_look(
        "view_visit",
        subject="appointment",
        subject_id=page.appointment_id,
        patient_id=page.patient_id,
    )
    form.version.data = str(page.version)
    if page.has_begun:
        form.ending.data = Outcome.COMPLETE.value
    body = render_template(PAGE, form=form, page=page, groups=groups, problem=None)
    return make_response(body)


def _again(form: FinishForm, public_id: str, problem: ClinicError) -> Response:
    """Return the form as it was filled, beside the visit as it stands now."""
    page = read_page(public_id)
    groups = _fill(form, page)
    form.version.data = str(page.version)
    return form_again(PAGE, problem, form=form, page=page, groups=groups)


def _finish(unit: Session, public_id: str, form: FinishForm) -> str:
    here = current_clinic()
    outcome, _, reason = (form.ending.data or "").partition(".")
    version = form.version.data or ""
    finish_visit(
        unit,
        appointment=visit_to_change(unit, public_id),
        outcome=Outcome(outcome),
        reason=reason or None,
        version=int(version) if version.isdecimal() and len(version) < 10 else 0,
        by=here.actor,
        now=here.now,
    )
    return url_for("clinician.show_visit", public_id=public_id)


def _fill(form: FinishForm, page: VisitPage) -> tuple[EndingGroup, ...]:
    """Give the form its choices and return them in groups; not begun can only be not treated."""
    with reading(current_clinic().engine) as unit:
        listed = outcome_reasons(unit)
    possible = (Outcome.PARTIAL, Outcome.NOT_TREATED) if page.has_begun else (Outcome.NOT_TREATED,)
    coded = {one: listed.get(one, ()) for one in possible}
    form.ending.choices = [
        SelectChoice(f"{outcome}.{code}", reason_word(code))
        for outcome, codes in coded.items()
        for code in codes
    ]
    groups = tuple(
        EndingGroup(outcome_word(outcome), tuple(f"{outcome}.{code}" for code in codes))
        for outcome, codes in coded.items()
    )
    if not page.has_begun:
        return groups
    done = Outcome.COMPLETE.value
    form.ending.choices.insert(0, SelectChoice(done, outcome_word(Outcome.COMPLETE)))
    return (EndingGroup(gettext("As planned"), (done,)), *groups)
