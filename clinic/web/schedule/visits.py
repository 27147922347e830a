"""One visit: its panel, and the steps here, in room, done and did not come."""

import secrets
from datetime import datetime

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions import visits
from clinic.actions.attendance import arrive, check_in, mark_no_show
from clinic.actions.status_steps import locked_appointment
from clinic.errors import ClinicError, NotFound
from clinic.models.appointments import Appointment
from clinic.models.engine import reading, writing
from clinic.queries.outcomes import outcome_reasons
from clinic.rules.appointments import Outcome
from clinic.rules.permissions import Permission
from clinic.web.errors import form_again
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.requests import current_clinic, see_other, wants_fragment
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.board import PAGE, board_again
from clinic.web.schedule.board_view import legend
from clinic.web.schedule.forms import FinishForm, VersionedForm
from clinic.web.schedule.panels import Panel, read_panel
from clinic.web.schedule.undo import Done, do_once, done_to, say_undoable

FINISH = "schedule/finish.html"


@blueprint.app_template_global()
def fresh_key() -> str:
    """Return a request key for a form that is only a button."""
    return secrets.token_urlsafe(16)


def shown_panel(public_id: str) -> Panel:
    """Return the panel of a visit, and leave the trace of the look."""
    with reading(current_clinic().engine) as unit:
        panel = read_panel(unit, public_id)
    note_look(
        "see_visit",
        subject="appointment",
        subject_id=panel.visit_id,
        patient_id=panel.patient_id,
    )
    return panel


@blueprint.get("/visits/<public_id>")
@needs(Permission.SEE_SCHEDULE)
def show_visit(public_id: str) -> Response:
    """Show a visit's panel to our script, or the board with it to everybody else."""
    if not wants_fragment():
        return see_other(url_for("schedule.board", open=public_id))
    return make_response(
        render_template("schedule/_panel.html", panel=shown_panel(public_id), problem=None)
    )


@blueprint.post("/visits/<public_id>/<any(arrive, 'check-in', 'no-show'):verb>")
@needs(Permission.CHECK_IN)
def step_visit(public_id: str, verb: str) -> Response:
    """Mark a patient as here, in the room, or not come; then the board with the visit open."""
    here = current_clinic()
    form = VersionedForm()
    if not form.validate():
        return form_again(PAGE, None, page=board_again(public_id), legend=legend(), form=form)
    act = {"arrive": arrive, "check-in": check_in, "no-show": mark_no_show}[verb]

    def carry_out(unit: Session) -> Done:
        appointment = own_appointment(unit, public_id)
        act(
            unit,
            appointment=appointment,
            version=form.shown_version,
            by=here.actor,
            now=here.now,
        )
        return done_to(unit, back_to(public_id), appointment)

    try:
        with writing(here.engine) as unit:
            made = do_once(unit, lambda: carry_out(unit))
    except ClinicError as problem:
        return form_again(PAGE, problem, page=board_again(public_id), legend=legend(), form=form)
    say_undoable(_step_words(verb), made)
    return see_other(made.target)


def _step_words(verb: str) -> str:
    words = {
        "arrive": gettext("Noted as here."),
        "check-in": gettext("Noted as in the room."),
        "no-show": gettext("Noted: did not come."),
    }
    return words[verb]


def own_appointment(unit: Session, public_id: str) -> Appointment:
    """Return a visit locked for change; NotFound where one may not do what this view does."""
    appointment, site_ids = locked_appointment(unit, public_id), sites_here()
    if site_ids is not None and appointment.site_id not in site_ids:
        raise NotFound("no_such_thing")
    return appointment


def back_to(public_id: str) -> str:
    """Return where a step leads: the list of today when it came from there, else the board."""
    if request.form.get("back") == "today":
        return url_for("desk.home")
    return url_for("schedule.board", open=public_id)


@blueprint.route("/visits/<public_id>/done", methods=["GET", "POST"])
@needs(Permission.CHECK_IN)
def finish_visit(public_id: str) -> Response:
    """Ask what came of a visit and note that it is done."""
    here = current_clinic()
    form = FinishForm()
    with reading(here.engine) as unit:
        form.offer(outcome_reasons(unit))
    if not form.is_submitted():
        panel = shown_panel(public_id)
        form.version.data = str(panel.version)
        return make_response(render_template(FINISH, form=form, panel=panel, problem=None))
    if not form.validate():
        return form_again(FINISH, None, form=form, panel=_panel(public_id))
    try:
        with writing(here.engine) as unit:
            made = do_once(unit, lambda: _finish(unit, public_id, form, here.now))
    except ClinicError as problem:
        return form_again(FINISH, problem, form=form, panel=_panel(public_id))
    say_undoable(gettext("Noted as done."), made)
    return see_other(made.target)


def _panel(public_id: str) -> Panel:
    with reading(current_clinic().engine) as unit:
        return read_panel(unit, public_id)


def _finish(unit: Session, public_id: str, form: FinishForm, now: datetime) -> Done:
    outcome, appointment = Outcome(form.outcome.data), own_appointment(unit, public_id)
    visits.finish_visit(
        unit,
        appointment=appointment,
        outcome=outcome,
        reason=None if outcome is Outcome.COMPLETE else form.reason.data or None,
        version=form.shown_version,
        by=current_clinic().actor,
        now=now,
    )
    return done_to(unit, url_for("schedule.board", open=public_id), appointment)
