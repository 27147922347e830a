"""Attendance: the patient is here, in the room, done, or did not come."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinic.actions.audit import require_at
from clinic.actions.status_steps import step
from clinic.actions.worklists import raise_missed, withdraw_missed
from clinic.errors import RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.queries.outcomes import outcome_reasons
from clinic.rules.actors import Actor
from clinic.rules.appointments import (
    Outcome,
    Status,
    Verb,
    fits_outcome,
    is_before_its_day,
)
from clinic.rules.courses import UNSTARTED, CourseVerb, next_course_status
from clinic.rules.permissions import Permission


def require_its_day(appointment: Appointment, now: datetime) -> None:
    """Raise RuleBroken before the visit's own day at its site: what is to come cannot have been."""
    if is_before_its_day(appointment.local_on, now.astimezone(ZoneInfo(appointment.zone)).date()):
        raise RuleBroken("visit_not_yet", on=appointment.local_on.isoformat())


def arrive(
    session: Session, *, appointment: Appointment, version: int, by: Actor, now: datetime
) -> None:
    """Note that the patient is here; a missed flag is withdrawn, both facts stay on record."""
    require_at(by, Permission.CHECK_IN, appointment.site_id)
    require_its_day(appointment, now)
    if appointment.status is Status.NOSHOW:
        withdraw_missed(session, appointment=appointment, now=now)
        step(session, appointment, Verb.WITHDRAW_NO_SHOW, version, by, now)
    else:
        step(session, appointment, Verb.ARRIVE, version, by, now)
    appointment.arrived_at = now
    appointment.flag_at = None


def check_in(
    session: Session, *, appointment: Appointment, version: int, by: Actor, now: datetime
) -> None:
    """Note that the patient is in the room."""
    require_at(by, Permission.CHECK_IN, appointment.site_id)
    require_its_day(appointment, now)
    step(session, appointment, Verb.CHECK_IN, version, by, now)
    appointment.arrived_at = appointment.arrived_at or now
    appointment.flag_at = None


def fulfil(
    session: Session,
    *,
    appointment: Appointment,
    outcome: Outcome,
    outcome_reason: str | None,
    version: int,
    by: Actor,
    now: datetime,
    note: str = "",
) -> None:
    """Note that the visit is done; a course becomes active at its first delivered visit.

    RuleBroken when the reason is not one of the policies in force for this outcome.
    """
    require_at(by, Permission.CHECK_IN, appointment.site_id)
    require_its_day(appointment, now)
    listed = () if outcome_reason is None else outcome_reasons(session).get(outcome, ())
    if not fits_outcome(outcome, outcome_reason, listed):
        raise RuleBroken("outcome_needs_reason", outcome=outcome.value)
    step(session, appointment, Verb.FULFIL, version, by, now, note)
    appointment.outcome = outcome
    appointment.outcome_reason = outcome_reason
    appointment.flag_at = None
    _activate(session, appointment)


def _activate(session: Session, appointment: Appointment) -> None:
    if appointment.course_id is None or appointment.outcome is Outcome.NOT_TREATED:
        return
    course = session.get_one(Course, appointment.course_id)
    if course.status in UNSTARTED:
        course.status = next_course_status(course.status, CourseVerb.ACTIVATE)
        course.version += 1


def mark_no_show(
    session: Session, *, appointment: Appointment, version: int, by: Actor, now: datetime
) -> None:
    """Note that the patient did not come: no number is used, the worklist asks for a make-up."""
    require_at(by, Permission.CHECK_IN, appointment.site_id)
    require_its_day(appointment, now)
    if now < appointment.start_at:
        raise RuleBroken("not_started_yet", start_at=appointment.start_at.isoformat())
    step(session, appointment, Verb.NO_SHOW, version, by, now)
    appointment.flag_at = None
    raise_missed(session, appointment=appointment, now=now)
