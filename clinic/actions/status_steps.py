"""Status steps: one transition of an appointment, with status row, audit row and board version."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit
from clinic.actions.bookings import raise_board_versions
from clinic.actions.change_sets import add_change_set
from clinic.actions.pictures import picture_of, read_picture
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.appointments import Appointment, StatusChange
from clinic.models.base import JsonValue
from clinic.models.courses import ChangeSet
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status, TransitionRefused, Verb, next_status


def locked_appointment(session: Session, public_id: str) -> Appointment:
    """Return an appointment locked for change, or raise NotFound."""
    found = session.scalar(
        select(Appointment).where(Appointment.public_id == public_id).with_for_update()
    )
    if found is None:
        raise NotFound("appointment_unknown")
    return found


def check_version(appointment: Appointment, version: int) -> None:
    """Raise Conflict when the appointment changed since the form was shown."""
    if appointment.version != version:
        raise Conflict("appointment_changed", version=appointment.version)


def step(
    session: Session,
    appointment: Appointment,
    verb: Verb,
    version: int,
    by: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    """Make one transition with its status row, audit row and board version.

    A person's step is a change set of its own, so that it can be undone; a job's is none.
    """
    check_version(appointment, version)
    picture = picture_of(session, appointment)
    appointment.status = next_of(appointment, verb)
    appointment.version += 1
    change_set = None if by.account_id is None else _step_set(session, appointment, verb, by, now)
    add_status_change(
        session,
        appointment,
        verb=verb,
        before=picture,
        change_set=change_set,
        by=by,
        now=now,
        reason=reason,
    )
    touch(session, appointment, verb, by, now)


def _step_set(
    session: Session, appointment: Appointment, verb: Verb, by: Actor, now: datetime
) -> ChangeSet:
    change_set = add_change_set(
        session,
        kind=verb.value,
        patient_id=appointment.patient_id,
        course_id=appointment.course_id,
        by=by,
        now=now,
    )
    appointment.change_set_id = change_set.id
    return change_set


def next_of(appointment: Appointment, verb: Verb) -> Status:
    """Return the status after a verb, or raise RuleBroken naming both."""
    try:
        return next_status(appointment.status, verb)
    except TransitionRefused as refused:
        raise RuleBroken(
            "transition_refused", status=appointment.status.value, verb=verb.value
        ) from refused


def add_status_change(
    session: Session,
    appointment: Appointment,
    *,
    verb: str,
    before: Mapping[str, JsonValue],
    change_set: ChangeSet | None,
    by: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    """Add the status row; `before` is the picture of the appointment before the change."""
    was = read_picture(before)
    session.add(
        StatusChange(
            appointment_id=appointment.id,
            verb=str(verb),
            from_status=was.status,
            to_status=appointment.status,
            from_start_at=was.start_at,
            to_start_at=appointment.start_at,
            reason=reason,
            change_set_id=None if change_set is None else change_set.id,
            before=dict(before),
            at=now,
            by=by.account_id,
        )
    )


def touch(session: Session, appointment: Appointment, verb: Verb, by: Actor, now: datetime) -> None:
    """Raise the board version of the appointment's day and write the audit row."""
    raise_board_versions(session, days=[(appointment.site_id, appointment.local_on)])
    audit_appointment(session, appointment, f"{verb.value}_appointment", by, now)


def audit_appointment(
    session: Session, appointment: Appointment, verb: str, by: Actor, now: datetime
) -> None:
    """Write the audit row of one act on an appointment."""
    record_audit(
        session,
        verb=verb,
        subject="appointment",
        subject_id=appointment.id,
        patient_id=appointment.patient_id,
        by=by,
        now=now,
    )
