"""The record of a visit: when it really began and ended, and what came of it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.attendance import fulfil
from clinic.actions.audit import record_audit, require_at_chair
from clinic.actions.releases import PLAIN, Release, settle_release
from clinic.actions.status_steps import check_version
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.records import VisitRecord
from clinic.queries.definitions import visit_kind
from clinic.rules.actors import Actor
from clinic.rules.appointments import HERE, Outcome
from clinic.rules.courses import CourseStatus
from clinic.rules.permissions import Permission


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
    require_at_chair(by, Permission.RECORD_SIDE_EFFECTS, appointment)
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
    require_at_chair(by, Permission.RECORD_SIDE_EFFECTS, appointment)
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
    release: Release = PLAIN,
) -> None:
    """Close the record, if it is open, and mark the visit done with what came of it.

    RuleBroken when the reason is none of the policies for this outcome, or nobody may leave yet.
    """
    require_at_chair(by, Permission.CHECK_IN, appointment)
    record = _record(session, appointment)
    _check_record(session, appointment, record, outcome, by)
    check_version(appointment, version)
    settle_release(
        session,
        appointment=appointment,
        record=record,
        outcome=outcome,
        release=release,
        by=by,
        now=now,
    )
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
        note=release.note,
    )


def reopen_visit(session: Session, *, appointment: Appointment, ended_at: datetime) -> None:
    """Open a record again that was closed at this moment, because finishing it was undone."""
    record = _record(session, appointment)
    if record is not None and record.ended_at == ended_at:
        record.ended_at = record.ended_by = None


def _check_record(
    session: Session,
    appointment: Appointment,
    record: VisitRecord | None,
    outcome: Outcome,
    by: Actor,
) -> None:
    """Raise RuleBroken for a treatment that never began, or a record that is not the desk's.

    Whoever keeps records has begun a treatment before it is done; who was not treated needs no
    record. The desk keeps none: it notes that a visit is done, and closes no record of the chair.
    """
    keeps_records = by.may_at(Permission.RECORD_SIDE_EFFECTS, appointment.site_id)
    if record is None and keeps_records and _needs_record(session, appointment, outcome):
        raise RuleBroken("visit_not_started")
    if record is not None and record.ended_at is None and not keeps_records:
        raise RuleBroken("visit_open_at_chair")


def _needs_record(session: Session, appointment: Appointment, outcome: Outcome) -> bool:
    """Say whether a visit cannot be done without having begun: a treatment that was given."""
    if outcome is Outcome.NOT_TREATED:
        return False
    return visit_kind(session, appointment.definition_id).counts_as_delivered


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
