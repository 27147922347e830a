"""Moving and cancelling one visit; both ask whether the patient is told."""

from dataclasses import dataclass
from datetime import date

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.appointments import cancel_appointment, move_appointment
from clinic.actions.status_steps import check_version
from clinic.errors import ClinicError, Conflict
from clinic.models.base import JsonValue
from clinic.models.engine import reading, write
from clinic.planning.refusals import Refusal
from clinic.planning.visits import PlannedVisit
from clinic.queries.courses import VisitFacts, read_visit
from clinic.queries.definitions import policies
from clinic.queries.kinds import KindFrame, kind_frames
from clinic.queries.proposals import propose_visit
from clinic.rules.appointments import CancelledBy
from clinic.rules.permissions import Permission
from clinic.web.errors import form_again
from clinic.web.fields import fill_day, fill_time, minute_of, time_of
from clinic.web.guard import needs, sites_here
from clinic.web.places import local_day
from clinic.web.present import day
from clinic.web.requests import current_clinic, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import CancelForm, MoveForm
from clinic.web.schedule.panels import Panel, read_panel
from clinic.web.schedule.reasons import problem_words, refusal_words
from clinic.web.schedule.times import Offer, Wanted, next_best, shown_times, times_on
from clinic.web.schedule.undo import Done, do_once, done_to, say_undoable
from clinic.web.schedule.visits import own_appointment, shown_panel

MOVE = "schedule/move.html"
CANCEL = "schedule/cancel.html"
LATE_UNDER_HOURS = 24
"""Used only while no policies are in force."""


@dataclass(frozen=True, slots=True)
class MoveAid:
    """What helps to choose: the day's free times, the next best, and what is in the way."""

    panel: Panel
    day_words: str
    times: list[Offer]
    best: list[Offer]
    reasons: list[str]
    warning: str


@dataclass(frozen=True, slots=True)
class Aim:
    """A move that can be carried out: the visit with its resources, or why not."""

    facts: VisitFacts
    to: PlannedVisit | Refusal
    kind: KindFrame


def wanted_of(facts: VisitFacts) -> Wanted:
    """Return what a free time for a visit is looked for with, its own seats left out."""
    visit = facts.visit
    return Wanted(
        kind_key=visit.kind_key,
        site=facts.site,
        patient_id=facts.patient.id,
        place=visit.place,
        length_min=visit.length_min,
        device_tags=facts.course.device_tags if facts.course else frozenset(),
        leave_out=(visit.id,),
    )


@blueprint.route("/visits/<public_id>/move", methods=["GET", "POST"])
@needs(Permission.SCHEDULE)
def move_visit(public_id: str) -> Response:
    """Move a visit: a form with free times; a time just taken keeps it and offers others."""
    form = MoveForm()
    if not form.is_submitted():
        return _first_move(public_id, form)
    if form.on.data is not None and request.form.get("pick"):
        return _pick(public_id, form)
    if not form.validate():
        return form_again(MOVE, None, form=form, aid=_aid(public_id, form.on.data, form))
    try:
        made = _move(public_id, form)
    except ClinicError as problem:
        aid = _aid(public_id, form.on.data, form, problem=problem)
        return form_again(MOVE, problem, form=form, aid=aid)
    say_undoable(gettext("Moved."), made)
    return see_other(made.target)


def _first_move(public_id: str, form: MoveForm) -> Response:
    panel = shown_panel(public_id)
    form.version.data = str(panel.version)
    with reading(current_clinic().engine) as unit:
        facts = _facts(unit, public_id)
    form.on.data = facts.visit.on
    form.at.data = time_of(facts.visit.local_min)
    aid = _aid(public_id, facts.visit.on, form)
    return make_response(render_template(MOVE, form=form, aid=aid, problem=None))


def _pick(public_id: str, form: MoveForm) -> Response:
    """Show the free times of another day, or put an offered time into the form."""
    picked = request.form.get("pick", "")
    if picked != "day":
        on, _, at = picked.partition("T")
        fill_day(form.on, on)
        fill_time(form.at, at)
    aid = _aid(public_id, form.on.data, form)
    return make_response(render_template(MOVE, form=form, aid=aid, problem=None))


def _move(public_id: str, form: MoveForm) -> Done:
    here = current_clinic()
    aim = _aim(public_id, form)
    version, tell = form.shown_version, form.tell.data == "yes"

    def carry_out(unit: Session) -> Done:
        appointment = own_appointment(unit, public_id)
        check_version(appointment, version)
        if isinstance(aim.to, Refusal):
            raise Conflict("time_not_free")
        move_appointment(
            unit,
            appointment=appointment,
            to=aim.to,
            site=aim.facts.site,
            kind=aim.kind,
            version=version,
            tell_patient=tell,
            by=here.actor,
            now=here.now,
        )
        return done_to(unit, url_for("schedule.board", open=public_id), appointment)

    return write(here.engine, lambda unit: do_once(unit, lambda: carry_out(unit)))


def _facts(unit: Session, public_id: str) -> VisitFacts:
    return read_visit(unit, public_id=public_id, site_ids=sites_here())


def _aim(public_id: str, form: MoveForm) -> Aim:
    """Plan the visit at its new time, in a read unit of its own."""
    with reading(current_clinic().engine) as unit:
        facts = _facts(unit, public_id)
        wanted = wanted_of(facts)
        to = propose_visit(
            unit,
            patient_id=facts.patient.id,
            kind_key=wanted.kind_key,
            site=wanted.site,
            on=form.on.data or facts.visit.on,
            start_min=minute_of(form.at.data) or 0,
            place=wanted.place,
            length_min=wanted.length_min,
            device_tags=wanted.device_tags,
            leave_out=wanted.leave_out,
        )
        return Aim(facts, to, kind_frames(unit)[wanted.kind_key])


def _aid(
    public_id: str, on: date | None, form: MoveForm, problem: ClinicError | None = None
) -> MoveAid:
    """Return what helps to choose; the next best only when the time wished was refused."""
    here = current_clinic()
    with reading(here.engine) as unit:
        facts = _facts(unit, public_id)
        wanted = wanted_of(facts)
        chosen = on or facts.visit.on
        times = times_on(unit, wanted, chosen, now=here.now)
        at = minute_of(form.at.data)
        wish = facts.visit.local_min if at is None else at
        best = [] if problem is None else next_best(unit, wanted, chosen, wish, now=here.now)
        panel = read_panel(unit, public_id)
    return MoveAid(
        panel=panel,
        day_words=day(chosen),
        times=shown_times(chosen, times),
        best=best,
        reasons=[] if problem is None else _reasons(public_id, form, problem, facts),
        warning=_warning(facts, chosen),
    )


def _reasons(public_id: str, form: MoveForm, problem: ClinicError, facts: VisitFacts) -> list[str]:
    if problem.code != "time_not_free":
        return [problem_words(problem, facts.visit.zone)]
    aim = _aim(public_id, form)
    if not isinstance(aim.to, Refusal):
        return []
    with reading(current_clinic().engine) as unit:
        return refusal_words(unit, aim.to)


def _warning(facts: VisitFacts, on: date) -> str:
    """Return a warning when the course has another visit on the day; it is not refused here."""
    others = () if facts.course is None else facts.course.visits
    if any(one.on == on and one.id != facts.visit.id and one.number for one in others):
        return gettext("The course already has another visit on %(day)s.", day=day(on))
    if on < local_day(current_clinic().now, facts.visit.zone):
        return gettext("This day is over.")
    return ""


@blueprint.route("/visits/<public_id>/cancel", methods=["GET", "POST"])
@needs(Permission.SCHEDULE)
def cancel_visit(public_id: str) -> Response:
    """Cancel a visit: who, why, and whether the patient is told."""
    form = CancelForm()
    if not form.is_submitted():
        panel = shown_panel(public_id)
        form.version.data = str(panel.version)
        return make_response(render_template(CANCEL, form=form, panel=panel, problem=None))
    if not form.validate():
        return form_again(CANCEL, None, form=form, panel=_panel(public_id))
    try:
        made = _cancel(public_id, form)
    except ClinicError as problem:
        return form_again(CANCEL, problem, form=form, panel=_panel(public_id))
    say_undoable(gettext("Cancelled. The time is free again."), made)
    return see_other(made.target)


def _panel(public_id: str) -> Panel:
    with reading(current_clinic().engine) as unit:
        return read_panel(unit, public_id)


def _cancel(public_id: str, form: CancelForm) -> Done:
    here = current_clinic()
    with reading(here.engine) as unit:
        late = late_under_hours(policies(unit).get("late_cancel"))

    def carry_out(unit: Session) -> Done:
        appointment = own_appointment(unit, public_id)
        cancel_appointment(
            unit,
            appointment=appointment,
            cancelled_by=CancelledBy(form.cancelled_by.data),
            reason=form.reason.data or "",
            late_under_hours=late,
            version=form.shown_version,
            tell_patient=form.tell.data == "yes",
            by=here.actor,
            now=here.now,
        )
        return done_to(unit, url_for("schedule.board", open=public_id), appointment)

    return write(here.engine, lambda unit: do_once(unit, lambda: carry_out(unit)))


def late_under_hours(policy: JsonValue) -> int:
    """Return within how many hours before the start a cancellation counts as late."""
    value = policy.get("under_hours") if isinstance(policy, dict) else None
    return value if isinstance(value, int) else LATE_UNDER_HOURS
