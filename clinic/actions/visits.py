"""The record of a visit: when it really began and ended, and what came of it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.attendance import fulfil
from clinic.actions.audit import record_audit, require
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.records import VisitRecord
from clinic.queries.outcomes import outcome_reasons
from clinic.rules.actors import Actor
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.permissions import Permission

HERE = frozenset({Status.ARRIVED, Status.CHECKED_IN})


def recorder(by: Actor) -> int:
    """Return the account that a clinical row is signed with; the clinic's own jobs have none."""
    if by.account_id is None:
        raise RuleBroken("person_needed")
    return by.account_id


def start_visit(
    session: Session, *, appointment: Appointment, at: datetime, by: Actor, now: datetime
) -> VisitRecord:
    """Open the record of a visit; its actual start is never held against the plan.

    RuleBroken when the patient is not here or the course is on hold, Conflict when it is open.
    """
    require(by, Permission.RECORD_SIDE_EFFECTS)
    if appointment.status not in HERE:
        raise RuleBroken("visit_not_here", status=appointment.status.value)
    _check_hold(session, appointment)
    if _record(session, appointment) is not None:
        raise Conflict("visit_started")
    record = VisitRecord(appointment_id=appointment.id, started_at=at, started_by=recorder(by))
    session.add(record)
    _audit(session, "start_visit", appointment, by, now)
    return record


def end_visit(
    session: Session, *, appointment: Appointment, at: datetime, by: Actor, now: datetime
) -> VisitRecord:
    """Close the record of a visit; NotFound when it was never opened, Conflict when closed."""
    require(by, Permission.RECORD_SIDE_EFFECTS)
    record = _record(session, appointment)
    if record is None:
        raise NotFound("visit_not_started")
    if record.ended_at is not None:
        raise Conflict("visit_ended")
    if at < record.started_at:
        raise RuleBroken("visit_ends_before_start")
    record.ended_at = at
    record.ended_by = recorder(by)
    _audit(session, "end_visit", appointment, by, now)
    return record


def finish_visit(
    session: Session,
    *,
    appointment: Appointment,
    outcome: Outcome,
    reason: str | None,
    version: int,
    by: Actor,
    now: datetime,
) -> None:
    """Close the record, if it is open, and mark the visit done with what came of it.

    RuleBroken when the reason is not one of the policies in force for this outcome. Whoever came
    and was not treated needs no record; every other outcome needs one.
    """
    require(by, Permission.RECORD_SIDE_EFFECTS)
    if reason is not None and reason not in outcome_reasons(session).get(outcome, ()):
        raise RuleBroken("outcome_needs_reason", outcome=outcome.value)
    record = _record(session, appointment)
    if record is None and outcome is not Outcome.NOT_TREATED:
        raise RuleBroken("visit_not_started")
    if record is not None and record.ended_at is None:
        end_visit(session, appointment=appointment, at=now, by=by, now=now)
    fulfil(
        session,
        appointment=appointment,
        outcome=outcome,
        outcome_reason=reason,
        version=version,
        by=by,
        now=now,
    )


def _check_hold(session: Session, appointment: Appointment) -> None:
    if appointment.course_id is None:
        return
    course = session.get_one(Course, appointment.course_id)
    if course.status is CourseStatus.ON_HOLD:
        raise RuleBroken("course_on_hold")


def _record(session: Session, appointment: Appointment) -> VisitRecord | None:
    return session.scalar(
        select(VisitRecord).where(VisitRecord.appointment_id == appointment.id).with_for_update()
    )


def _audit(session: Session, verb: str, appointment: Appointment, by: Actor, now: datetime) -> None:
    record_audit(
        session,
        verb=verb,
        subject="appointment",
        subject_id=appointment.id,
        patient_id=appointment.patient_id,
        by=by,
        now=now,
    )
