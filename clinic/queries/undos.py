"""What undo asks first: whether a change still stands alone, and what was shut since."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from clinic.models.appointments import Appointment, StatusChange
from clinic.models.courses import ChangeSet
from clinic.models.patients import Patient
from clinic.models.records import VisitRecord
from clinic.models.resources import Block, Resource
from clinic.models.sites import Site
from clinic.queries.messages import stands
from clinic.rules.appointments import Status, counts_as_delivered

COURSE_BOOKED = "course_booked"
COURSE_PENCILLED = "course_pencilled"
CANCELLED = "appointment_cancelled"
WHOLE_COURSES = frozenset({COURSE_BOOKED, COURSE_PENCILLED})
COURSE_APPROVED = "course_approved"
PENCIL_GIVEN_UP = "pencil_given_up"
COURSE_ENDED = "course_ended"
DECISIONS = frozenset({COURSE_APPROVED, PENCIL_GIVEN_UP, COURSE_ENDED})
"""What is decided of a whole course: undone, the course stands as it did before."""


def undo_of(session: Session, change_set_id: int) -> int | None:
    """Return the id of the change set that undid one, None while it stands."""
    return session.scalar(select(ChangeSet.id).where(ChangeSet.undoes_id == change_set_id))


def undoable(session: Session, *, public_id: str, account_id: int) -> ChangeSet | None:
    """Return a change set that somebody made, None when there is none or it is another's."""
    return session.scalar(
        select(ChangeSet).where(
            ChangeSet.public_id == public_id, ChangeSet.created_by == account_id
        )
    )


@dataclass(frozen=True, slots=True)
class Told:
    """Whose change a note tells of, and the visit of a course that it cancelled, if it did."""

    family: str
    given: str
    preferred: str
    cancelled: str | None


def told(session: Session, *, public_id: str, account_id: int) -> Told | None:
    """Return what a note about somebody's own change may say beside its words; None for another's.

    `cancelled` is the visit of a course that the change cancelled: its session needs a new date.
    """
    row = session.execute(
        select(ChangeSet.id, ChangeSet.kind, Patient.family, Patient.given, Patient.preferred)
        .join(Patient, Patient.id == ChangeSet.patient_id)
        .where(ChangeSet.public_id == public_id, ChangeSet.created_by == account_id)
    ).one_or_none()
    if row is None:
        return None
    lost = _cancelled_by(session, row.id) if row.kind == CANCELLED else None
    return Told(row.family, row.given, row.preferred, lost)


def _cancelled_by(session: Session, change_set_id: int) -> str | None:
    return session.scalar(
        select(Appointment.public_id)
        .where(
            Appointment.change_set_id == change_set_id,
            Appointment.status == Status.CANCELLED,
            Appointment.course_id.is_not(None),
        )
        .limit(1)
    )


def booking_of(session: Session, course_id: int) -> int | None:
    """Return the id of the change set that booked, or pencilled, a course as a whole."""
    return session.scalar(
        select(ChangeSet.id).where(
            ChangeSet.course_id == course_id, ChangeSet.kind.in_(WHOLE_COURSES)
        )
    )


def zone_of(session: Session, *, public_id: str) -> str:
    """Return the zone of the first appointment of a change set, UTC when it has none."""
    return (
        session.scalar(
            select(Appointment.zone)
            .join(StatusChange, StatusChange.appointment_id == Appointment.id)
            .join(ChangeSet, ChangeSet.id == StatusChange.change_set_id)
            .where(ChangeSet.public_id == public_id)
            .order_by(Appointment.id)
            .limit(1)
        )
        or "UTC"
    )


def changed_since(
    session: Session, *, change_set_id: int, appointment_ids: Collection[int]
) -> date | None:
    """Return the day of the first appointment that was changed after a change set, None if none.

    What was changed and undone again does not count; a change by the clinic's own job does.
    """
    mine = aliased(StatusChange)
    return session.scalar(
        select(Appointment.local_on)
        .join(mine, mine.appointment_id == Appointment.id)
        .join(StatusChange, StatusChange.appointment_id == Appointment.id)
        .outerjoin(ChangeSet, ChangeSet.id == StatusChange.change_set_id)
        .where(
            Appointment.id.in_(appointment_ids),
            mine.change_set_id == change_set_id,
            StatusChange.id > mine.id,
            or_(ChangeSet.id.is_(None), stands(ChangeSet)),
        )
        .order_by(Appointment.local_on)
        .limit(1)
    )


def is_begun(session: Session, appointment_ids: Collection[int]) -> bool:
    """Say whether one of these visits has begun and is not over yet."""
    open_records = select(VisitRecord.id).where(
        VisitRecord.appointment_id.in_(appointment_ids), VisitRecord.ended_at.is_(None)
    )
    return session.scalar(select(open_records.exists())) or False


def is_used_since(
    session: Session, course_id: int | None, appointment_ids: Collection[int]
) -> bool:
    """Say whether a course has visits beside these that are not entered in error."""
    others = select(Appointment.id).where(
        Appointment.course_id == course_id,
        Appointment.id.not_in(appointment_ids),
        Appointment.status != Status.ENTERED_IN_ERROR,
    )
    return session.scalar(select(others.exists())) or False


def has_delivered(session: Session, course_id: int) -> bool:
    """Say whether a visit of a course is delivered."""
    rows = session.execute(
        select(Appointment.status, Appointment.outcome).where(
            Appointment.course_id == course_id, Appointment.status == Status.FULFILLED
        )
    )
    return any(counts_as_delivered(status, outcome) for status, outcome in rows)


def blocked_since(
    session: Session,
    *,
    since: datetime,
    site_id: int,
    resource_ids: Collection[int],
    span: tuple[datetime, datetime],
) -> str | None:
    """Return the name of a site or resource that was shut in a span after an instant, or None."""
    start_at, end_at = span
    found = session.execute(
        select(Resource.name, Site.name)
        .select_from(Block)
        .outerjoin(Resource, Resource.id == Block.resource_id)
        .outerjoin(Site, Site.id == Block.site_id)
        .where(
            Block.removed_at.is_(None),
            Block.created_at >= since,
            Block.start_at < end_at,
            Block.end_at > start_at,
            or_(Block.site_id == site_id, Block.resource_id.in_(resource_ids)),
        )
        .order_by(Block.id)
        .limit(1)
    ).first()
    return None if found is None else found[0] or found[1]
