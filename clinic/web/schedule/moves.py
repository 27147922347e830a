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
from clinic.queries.joinings import read_fit
from clinic.queries.kinds import KindFrame, kind_frames
from clinic.queries.openings import Wanted, read_openings
from clinic.queries.outcomes import cancel_reasons
from clinic.rules.appointments import CancelledBy
from clinic.rules.permissions import Permission
from clinic.web.errors import form_again
from clinic.web.fields import fill_day, fill_time, minute_of, time_of
from clinic.web.guard import needs, sites_here
from clinic.web.phones import phone_words
from clinic.web.places import local_day
from clinic.web.requests import current_clinic, safe_next, see_other, wants_fragment
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import CancelForm, MoveForm
from clinic.web.schedule.panels import Panel, read_panel
from clinic.web.schedule.reasons import problem_words, refusal_words
from clinic.web.schedule.times import (
    Search,
    Times,
    course_problem,
    find_times,
    is_grantable,
    read_search,
)
from clinic.web.schedule.undo import Done, do_once, done_to, say_undoable
from clinic.web.schedule.visits import own_appointment, shown_panel
from clinic.web.telling import untold_words, will_be_told

MOVE = "schedule/move.html"
CANCEL = "schedule/cancel.html"
TIMES = "schedule/_times.html"
LATE_UNDER_HOURS = 24
"""Used only while no policies are in force."""


@dataclass(frozen=True, slots=True)
class MoveAid:
    """What helps to choose: free times, what is in the way, and whether the patient is told.

    `may_grant`: who asks may allow what the course's rules leave to a prescriber.
    """

    panel: Panel
    back: str
    times: Times
    reasons: list[str]
    warning: str
    may_grant: bool
    tell_hint: str


@dataclass(frozen=True, slots=True)
class Aim:
    """A move that can be carried out: the visit with its resources, or why not."""

    facts: VisitFacts
    to: PlannedVisit | Refusal
    kind: KindFrame


def wanted_of(unit: Session, facts: VisitFacts, *, is_granted: bool = False) -> Wanted:
    """Return what a free time for a visit is looked for with, its own seats left out."""
    visit, course = facts.visit, facts.course
    return Wanted(
        kind_key=visit.kind_key,
        site=facts.site,
        patient_id=facts.patient.id,
        place=visit.place,
        length_min=visit.length_min,
        device_tags=course.device_tags if course else frozenset(),
        leave_out=(visit.id,),
        fit=read_fit(unit, course_id=course.id, leave_out=[visit.id]) if course else None,
        step_key=visit.step_key or "",
        phase=visit.phase or "",
        is_granted=is_granted,
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
        return form_again(MOVE, None, form=form, aid=_aid(public_id, form))
    try:
        made = _move(public_id, form)
    except ClinicError as problem:
        return form_again(MOVE, problem, form=form, aid=_aid(public_id, form, problem))
    say_undoable(gettext("Moved."), made)
    return see_other(made.target)


def _first_move(public_id: str, form: MoveForm) -> Response:
    panel = shown_panel(public_id)
    form.version.data = str(panel.version)
    with reading(current_clinic().engine) as unit:
        facts = _facts(unit, public_id)
        form.tell.data = "yes" if will_be_told(unit, patient_id=facts.patient.id) else "no"
    form.on.data = facts.visit.on
    form.at.data = time_of(facts.visit.local_min)
    return make_response(render_template(MOVE, form=form, aid=_aid(public_id, form), problem=None))


def _pick(public_id: str, form: MoveForm) -> Response:
    """Show the free times of another day, or put an offered time into the form."""
    picked = request.form.get("pick", "")
    if picked != "day":
        on, _, at = picked.partition("T")
        fill_day(form.on, on)
        fill_time(form.at, at)
    aid = _aid(public_id, form)
    if wants_fragment():
        return make_response(render_template(TIMES, form=form, aid=aid))
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
            is_second_allowed=bool(form.second.data),
        )
        return done_to(unit, _back(public_id), appointment)

    return write(here.engine, lambda unit: do_once(unit, lambda: carry_out(unit)))


def _back(public_id: str) -> str:
    """Return the page of ours that the form was opened from, else the board with the visit."""
    return safe_next(request.args.get("back")) or url_for("schedule.board", open=public_id)


def _facts(unit: Session, public_id: str) -> VisitFacts:
    return read_visit(unit, public_id=public_id, site_ids=sites_here())


def _aim(public_id: str, form: MoveForm) -> Aim:
    """Plan the visit at its new time, in a read unit of its own."""
    here = current_clinic()
    with reading(here.engine) as unit:
        facts = _facts(unit, public_id)
        wanted = wanted_of(unit, facts)
        on = form.on.data or facts.visit.on
        days = read_openings(unit, wanted, from_on=on, until_on=on, now=here.now)
        at = minute_of(form.at.data) or 0
        to = days.visit_at(on, at)
        problem = course_problem(days, on, at)
        if problem is not None and isinstance(to, Refusal):
            raise problem
        return Aim(facts, to, kind_frames(unit)[wanted.kind_key])


def _aid(public_id: str, form: MoveForm, problem: ClinicError | None = None) -> MoveAid:
    """Return what helps to choose; the next best only when the time wished was refused."""
    here = current_clinic()
    with reading(here.engine) as unit:
        facts = _facts(unit, public_id)
        visit = facts.visit
        may_grant = here.actor.may_at(Permission.OVERRIDE, visit.site_id)
        granted = may_grant and bool(form.second.data)
        wanted = wanted_of(unit, facts, is_granted=granted)
        chosen = form.on.data or visit.on
        at = minute_of(form.at.data)
        hour = visit.local_min if at is None else at
        from_on = max(chosen, local_day(here.now, visit.zone))
        search = read_search(unit, wanted, on=chosen, from_on=from_on, now=here.now)
        return MoveAid(
            panel=read_panel(unit, public_id),
            back=_back(public_id),
            times=find_times(search, chosen, hour, hour=hour, is_refused=problem is not None),
            reasons=[] if problem is None else _reasons(unit, search, chosen, hour, problem),
            warning=_warning(facts, chosen),
            may_grant=may_grant and is_grantable(search.around, chosen, hour),
            tell_hint=_tell_hint(unit, facts),
        )


def _reasons(unit: Session, search: Search, on: date, at: int, problem: ClinicError) -> list[str]:
    if problem.code != "time_not_free":
        return [problem_words(problem, search.around.wanted.site.zone)]
    to = search.around.visit_at(on, at)
    return refusal_words(unit, to) if isinstance(to, Refusal) else []


def _tell_hint(unit: Session, facts: VisitFacts) -> str:
    """Return what to do where no message can reach the patient, with the number to call."""
    words = untold_words(unit, patient_id=facts.patient.id)
    return f"{words} {phone_words(facts.patient.phone)}".strip() if words else ""


def _warning(facts: VisitFacts, on: date) -> str:
    """Return a warning when the day lies in the past."""
    is_over = on < local_day(current_clinic().now, facts.visit.zone)
    return gettext("This day is over.") if is_over else ""


@blueprint.route("/visits/<public_id>/cancel", methods=["GET", "POST"])
@needs(Permission.SCHEDULE)
def cancel_visit(public_id: str) -> Response:
    """Cancel a visit: who, why, and whether the patient is told."""
    form = CancelForm()
    page = _cancel_page(public_id, form)
    if not form.is_submitted():
        panel = shown_panel(public_id)
        form.version.data = str(panel.version)
        form.tell.data = "no" if page["tell_hint"] else "yes"
        return make_response(render_template(CANCEL, form=form, problem=None, **page))
    if not form.validate():
        return form_again(CANCEL, None, form=form, **page)
    try:
        made = _cancel(public_id, form)
    except ClinicError as problem:
        return form_again(CANCEL, problem, form=form, **_cancel_page(public_id, form))
    say_undoable(gettext("Cancelled. The time is free again."), made)
    return see_other(made.target)


def _cancel_page(public_id: str, form: CancelForm) -> dict[str, Panel | str]:
    """Return what the page shows beside its form, and offer the reasons of the policies."""
    with reading(current_clinic().engine) as unit:
        form.offer(cancel_reasons(unit))
        hint = _tell_hint(unit, _facts(unit, public_id))
        panel = read_panel(unit, public_id)
    return {"panel": panel, "tell_hint": hint, "back": _back(public_id)}


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
            reason=form.said,
            late_under_hours=late,
            version=form.shown_version,
            tell_patient=form.tell.data == "yes",
            by=here.actor,
            now=here.now,
        )
        return done_to(unit, _back(public_id), appointment)

    return write(here.engine, lambda unit: do_once(unit, lambda: carry_out(unit)))


def late_under_hours(policy: JsonValue) -> int:
    """Return within how many hours before the start a cancellation counts as late."""
    value = policy.get("under_hours") if isinstance(policy, dict) else None
    return value if isinstance(value, int) else LATE_UNDER_HOURS
