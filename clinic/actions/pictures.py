"""Pictures: an appointment before a change, kept with the change so that undo can restore it.

A picture is plain data beside the status row. `holds` is null when the change leaves the seats
alone; `course_status` is null when it leaves the course alone, and `lapses_on` is
set only where a pencilled course is decided on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment, Assignment
from clinic.models.base import JsonValue
from clinic.models.courses import Course
from clinic.rules import data
from clinic.rules.appointments import CancelledBy, Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.data import Node


@dataclass(frozen=True, slots=True)
class Held:
    """Seats of one resource from one quantum to another; not held when they were given back."""

    requirement: str
    resource_id: int
    from_quantum: int
    to_quantum: int
    seats: int
    is_held: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """What a change may alter of an appointment, as it was before."""

    start_at: datetime
    end_at: datetime
    zone: str
    local_on: date
    local_min: int
    length_min: int
    status: Status
    outcome: Outcome | None
    outcome_reason: str | None
    confirmed_at: datetime | None
    arrived_at: datetime | None
    cancelled_at: datetime | None
    cancelled_by: CancelledBy | None
    is_late: bool
    flag_at: datetime | None
    holds: tuple[Held, ...] | None
    course_status: CourseStatus | None
    lapses_on: date | None = None


COLUMNS = tuple(
    name
    for name in Picture.__dataclass_fields__
    if name not in {"holds", "course_status", "lapses_on"}
)


def picture_with_seats(session: Session, appointment: Appointment) -> dict[str, JsonValue]:
    """Return the picture of an appointment before a change of its seats."""
    return _columns(appointment) | {"holds": held_by(session, appointment.id)}


def picture_of(session: Session, appointment: Appointment) -> dict[str, JsonValue]:
    """Return the picture of an appointment before a step that leaves its seats alone."""
    course_id = appointment.course_id
    course = None if course_id is None else session.get_one(Course, course_id)
    return _columns(appointment) | {"course_status": None if course is None else course.status}


def held_by(session: Session, appointment_id: int) -> list[JsonValue]:
    """Return what an appointment holds or held, as a picture keeps it."""
    rows = session.scalars(
        select(Assignment)
        .where(Assignment.appointment_id == appointment_id)
        .order_by(Assignment.id)
    )
    return [{name: getattr(row, name) for name in Held.__dataclass_fields__} for row in rows]


def _columns(appointment: Appointment) -> dict[str, JsonValue]:
    return {name: _plain(getattr(appointment, name)) for name in COLUMNS}


def _plain(value: date | str | int | None) -> JsonValue:
    return value.isoformat() if isinstance(value, date) else value


def read_picture(body: Mapping[str, data.JsonValue]) -> Picture:
    """Return the picture kept with a change, or raise DataError."""
    node = Node("before", body)
    holds, course_status = node.optional("holds"), node.optional("course_status")
    lapses_on = node.optional("lapses_on")
    outcome, cancelled_by = node.optional("outcome"), node.optional("cancelled_by")
    reason = node.optional("outcome_reason")
    return Picture(
        start_at=_instant(node.field("start_at")),
        end_at=_instant(node.field("end_at")),
        zone=node.field("zone").text(),
        local_on=date.fromisoformat(node.field("local_on").text()),
        local_min=node.field("local_min").whole(),
        length_min=node.field("length_min").whole(),
        status=node.field("status").one_of(Status),
        outcome=None if outcome is None else outcome.one_of(Outcome),
        outcome_reason=None if reason is None else reason.text(),
        confirmed_at=_maybe(node.optional("confirmed_at")),
        arrived_at=_maybe(node.optional("arrived_at")),
        cancelled_at=_maybe(node.optional("cancelled_at")),
        cancelled_by=None if cancelled_by is None else cancelled_by.one_of(CancelledBy),
        is_late=node.field("is_late").flag(),
        flag_at=_maybe(node.optional("flag_at")),
        holds=None if holds is None else tuple(_held(one) for one in holds.items()),
        course_status=None if course_status is None else course_status.one_of(CourseStatus),
        lapses_on=None if lapses_on is None else date.fromisoformat(lapses_on.text()),
    )


def _held(node: Node) -> Held:
    return Held(
        requirement=node.field("requirement").text(),
        resource_id=node.field("resource_id").whole(),
        from_quantum=node.field("from_quantum").whole(),
        to_quantum=node.field("to_quantum").whole(),
        seats=node.field("seats").whole(),
        is_held=node.field("is_held").flag(),
    )


def _instant(node: Node) -> datetime:
    return datetime.fromisoformat(node.text())


def _maybe(node: Node | None) -> datetime | None:
    return None if node is None else _instant(node)


def put_back(appointment: Appointment, picture: Picture) -> None:
    """Set an appointment's columns as the picture has them."""
    for name in COLUMNS:
        setattr(appointment, name, getattr(picture, name))
