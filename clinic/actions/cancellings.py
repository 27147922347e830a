"""Cancelling many visits of one course together: seats free, pictures kept, one change set."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.actions.bookings import raise_board_versions, release_seats
from clinic.actions.pictures import picture_with_seats
from clinic.actions.status_steps import add_status_change, next_of
from clinic.models.appointments import Appointment
from clinic.models.base import JsonValue
from clinic.models.courses import ChangeSet, Course
from clinic.rules.actors import Actor
from clinic.rules.appointments import CancelledBy, Verb, is_late_cancel


def cancel_visits(
    session: Session,
    *,
    course: Course,
    visits: Sequence[Appointment],
    change_set: ChangeSet,
    cancelled_by: CancelledBy,
    by: Actor,
    now: datetime,
    reason: str = "",
    late_under_hours: int = 0,
) -> None:
    """Cancel visits of a course; call it before the course itself changes, so that undo knows it.

    Their seats are free at once, their history stays, and the boards of their days are drawn anew.
    """
    kept = _kept(course)
    for appointment in visits:
        picture = picture_with_seats(session, appointment) | kept
        _mark(appointment, cancelled_by, late_under_hours, now)
        appointment.change_set_id = change_set.id
        add_status_change(
            session,
            appointment,
            verb=Verb.CANCEL,
            before=picture,
            change_set=change_set,
            by=by,
            now=now,
            reason=reason,
        )
    if visits:
        release_seats(session, appointment_ids=[one.id for one in visits])
        raise_board_versions(session, days=[(one.site_id, one.local_on) for one in visits])


def _kept(course: Course) -> dict[str, JsonValue]:
    """Return how a course stands, as a picture keeps it."""
    lapses_on = None if course.lapses_on is None else course.lapses_on.isoformat()
    return {"course_status": course.status.value, "lapses_on": lapses_on}


def _mark(
    appointment: Appointment, cancelled_by: CancelledBy, late_under_hours: int, now: datetime
) -> None:
    """Set an appointment to cancelled, and say whether the patient did so late."""
    appointment.status = next_of(appointment, Verb.CANCEL)
    appointment.cancelled_at = now
    appointment.cancelled_by = cancelled_by
    appointment.is_late = cancelled_by is CancelledBy.PATIENT and is_late_cancel(
        appointment.start_at, now, late_under_hours
    )
    appointment.flag_at = None
    appointment.version += 1
