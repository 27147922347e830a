"""The visit page and the first steps of a visit: in the room, start."""

from collections.abc import Callable
from datetime import datetime

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.attendance import check_in
from clinic.actions.status_steps import locked_appointment
from clinic.actions.visits import start_visit
from clinic.errors import ClinicError, Conflict, NotFound
from clinic.models.appointments import Appointment
from clinic.models.engine import writing
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.effect_views import fill_choices
from clinic.web.clinician.forms import SideEffectForm, VitalsForm
from clinic.web.clinician.pages import VisitPage, read_page
from clinic.web.errors import form_again
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.requests import current_clinic, is_poll, see_other
from clinic.web.undoable import done, say_undoable

PAGE = "clinician/visit.html"


@blueprint.get("/visits/<public_id>")
@needs(Permission.SEE_CLINICAL)
def show_visit(public_id: str) -> Response:
    """Show one visit to the people at the chair; the reading of it leaves a trace.

    Our script asks for its head and its verdict again now and then, as of the page that is open.
    """
    page = read_page(public_id)
    if is_poll():
        return make_response(render_template("clinician/_live.html", page=page))
    note_look(
        "view_visit",
        subject="appointment",
        subject_id=page.appointment_id,
        patient_id=page.patient_id,
    )
    vitals, effect = fresh_forms(page)
    body = render_template(PAGE, page=page, vitals=vitals, effect=effect, problem=None)
    return make_response(body)


def fresh_forms(page: VisitPage) -> tuple[VitalsForm, SideEffectForm]:
    """Return both forms, empty."""
    effect = SideEffectForm(formdata=None)
    fill_choices(effect, page.listed, page.modality)
    vitals = VitalsForm(formdata=None)
    vitals.corrects.data = request.args.get("corrects", "")
    return vitals, effect


def visit_to_change(unit: Session, public_id: str) -> Appointment:
    """Return a visit locked for change; NotFound where one may not do what this view does."""
    appointment, sites = locked_appointment(unit, public_id), sites_here()
    if sites is not None and appointment.site_id not in sites:
        raise NotFound("no_such_thing")
    return appointment


def page_again(
    public_id: str,
    problem: ClinicError | None,
    vitals: VitalsForm | None = None,
    effect: SideEffectForm | None = None,
) -> Response:
    """Return the page with the fresh state of the visit and the form still filled."""
    page = read_page(public_id)
    fresh_vitals, fresh_effect = fresh_forms(page)
    return form_again(
        PAGE, problem, page=page, vitals=vitals or fresh_vitals, effect=effect or fresh_effect
    )


@blueprint.post("/visits/<public_id>/seat")
@needs(Permission.CHECK_IN)
def seat(public_id: str) -> Response:
    """Note that the patient is in the room; it can be undone for a while."""

    def act(unit: Session, appointment: Appointment, by: Actor, now: datetime) -> int | None:
        check_in(unit, appointment=appointment, version=_version(), by=by, now=now)
        return appointment.change_set_id

    return _step(public_id, act, gettext("In the room."))


@blueprint.post("/visits/<public_id>/begin")
@needs(Permission.RECORD_SIDE_EFFECTS)
def begin(public_id: str) -> Response:
    """Open the visit's record: the session starts now."""

    def act(unit: Session, appointment: Appointment, by: Actor, now: datetime) -> int | None:
        start_visit(unit, appointment=appointment, at=now, by=by, now=now)
        return None

    return _step(public_id, act, gettext("The session has started."))


def _version() -> int:
    """Return the version the page was shown with; anything else than a number is a Conflict."""
    text = request.form.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise Conflict("appointment_changed")
    return int(text)


def _step(
    public_id: str,
    act: Callable[[Session, Appointment, Actor, datetime], int | None],
    words: str,
) -> Response:
    """Carry one step out and lead back to the visit, or show it again with what is wrong.

    `act` returns the change set that undo would take back, None when there is nothing to undo.
    """
    here = current_clinic()
    target = url_for("clinician.show_visit", public_id=public_id)
    try:
        with writing(here.engine) as unit:
            change_set = act(unit, visit_to_change(unit, public_id), here.actor, here.now)
            made = done(unit, target, change_set)
    except ClinicError as problem:
        return page_again(public_id, problem)
    say_undoable(words, made)
    return see_other(target)
