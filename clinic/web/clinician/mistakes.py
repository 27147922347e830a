"""Taking back what was entered by mistake: a reading or a side effect, with a reason."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.observations import observation_of, void_observation
from clinic.actions.side_effects import side_effect_of, void_side_effect
from clinic.errors import ClinicError, NotFound
from clinic.models.appointments import Appointment
from clinic.models.engine import writing
from clinic.rules.permissions import Permission
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.forms import VoidForm
from clinic.web.clinician.pages import VisitPage, read_page
from clinic.web.clinician.visits import visit_to_change
from clinic.web.errors import form_again
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.shell import say

PAGE = "clinician/mistake.html"


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is to be taken back, in words."""

    title: str
    what: str


@blueprint.route("/visits/<public_id>/vitals/<reading_id>/void", methods=["GET", "POST"])
@needs(Permission.RECORD_VITALS)
def void_vitals(public_id: str, reading_id: str) -> Response:
    """Take a reading back as a mistake, with a reason; it stays on record."""
    here = current_clinic()

    def void(unit: Session, appointment: Appointment, reason: str) -> None:
        void_observation(
            unit,
            observation=observation_of(unit, appointment=appointment, public_id=reading_id),
            reason=reason,
            by=here.actor,
            now=here.now,
        )

    return _take_back(public_id, lambda page: _reading(page, reading_id), void)


@blueprint.route("/visits/<public_id>/side-effects/<effect_id>/void", methods=["GET", "POST"])
@needs(Permission.RECORD_SIDE_EFFECTS)
def void_effect(public_id: str, effect_id: str) -> Response:
    """Take a side effect back as a mistake, with a reason; it stays on record."""
    here = current_clinic()

    def void(unit: Session, appointment: Appointment, reason: str) -> None:
        void_side_effect(
            unit,
            side_effect=side_effect_of(unit, appointment=appointment, public_id=effect_id),
            reason=reason,
            by=here.actor,
            now=here.now,
        )

    return _take_back(public_id, lambda page: _effect(page, effect_id), void)


def _take_back(
    public_id: str,
    mistake_on: Callable[[VisitPage], Mistake | None],
    void: Callable[[Session, Appointment, str], None],
) -> Response:
    """Ask for the reason, or take back and lead to the visit."""
    form, here, page = VoidForm(), current_clinic(), read_page(public_id)
    mistake = mistake_on(page)
    if mistake is None:
        raise NotFound("no_such_thing")
    if not form.is_submitted():
        return _ask(form, page, mistake)
    if not form.validate():
        return form_again(PAGE, None, form=form, page=page, mistake=mistake)

    def act() -> str:
        void(unit, visit_to_change(unit, public_id), form.reason.data or "")
        return url_for("clinician.show_visit", public_id=public_id)

    try:
        with writing(here.engine) as unit:
            target = run_once(unit, act)
    except ClinicError as problem:
        return form_again(PAGE, problem, form=form, page=read_page(public_id), mistake=mistake)
    say(gettext("Taken back. It stays on record as a mistake."))
    return see_other(target)


def _ask(form: VoidForm, page: VisitPage, mistake: Mistake) -> Response:
    note_look(
        "view_visit",
        subject="appointment",
        subject_id=page.appointment_id,
        patient_id=page.patient_id,
    )
    return make_response(render_template(PAGE, form=form, page=page, mistake=mistake, problem=None))


def _reading(page: VisitPage, reading_id: str) -> Mistake | None:
    for one in page.readings:
        if one.public_id == reading_id:
            what = gettext("%(pressure)s mmHg at %(time)s", pressure=one.pressure, time=one.time)
            return Mistake(gettext("Take a reading back"), what)
    return None


def _effect(page: VisitPage, effect_id: str) -> Mistake | None:
    """Return the side effect in words; one that is gone is the action's to judge, on sending."""
    title = gettext("Take a side effect back")
    for one in page.effects:
        if one.public_id == effect_id:
            return Mistake(title, f"{one.label}, {one.grade}, {one.time}")
    if request.method == "GET":
        return None
    return Mistake(title, gettext("It no longer stands on the record."))
