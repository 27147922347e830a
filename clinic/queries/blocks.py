"""Reads about blocks: what is shut, and which appointments lie inside."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.appointments import Appointment, Assignment
from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.resources import Block, BlockKeep, Resource, Shift
from clinic.models.sites import Holiday, Site
from clinic.queries.boards import number_column, prescribed
from clinic.queries.definitions import protocol, visit_kind
from clinic.rules.appointments import COUNTING, Status, holds_cells
from clinic.rules.wall_days import QUANTUM_SECONDS, quantum_of

OVER = frozenset({Status.FULFILLED, Status.NOSHOW})
WAITING = tuple(status for status in Status if holds_cells(status) and status not in OVER)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AffectedRow:
    """An appointment inside a block that nobody has moved, cancelled or kept yet."""

    appointment_id: int
    public_id: str
    patient_id: int
    family: str
    given: str
    kind_key: str
    status: Status
    start_at: datetime
    end_at: datetime
    local_on: date
    local_min: int
    version: int
    site_id: int
    patient_public_id: str
    phone: str
    definition_id: int
    course_public_id: str | None
    protocol_id: int | None
    number: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block as the administrator sees it; `of` names the site, device or person it shuts."""

    public_id: str
    of: str
    kind: str
    reason: str
    start_at: datetime
    end_at: datetime
    zone: str | None


def by_public_id(session: Session, public_id: str) -> Block:
    """Return the block of an address, or raise NotFound."""
    block = session.execute(
        select(Block).where(Block.public_id == public_id, Block.removed_at.is_(None))
    ).scalar_one_or_none()
    if block is None:
        raise NotFound("no_such_thing")
    return block


def by_key(session: Session, key: str) -> Block:
    """Return the block in force of a key, or raise NotFound."""
    block = session.execute(
        select(Block).where(Block.key == key, Block.removed_at.is_(None))
    ).scalar_one_or_none()
    if block is None:
        raise NotFound("no_such_thing")
    return block


def affected(
    session: Session, block: Block, site_ids: Collection[int] | None = None
) -> list[AffectedRow]:
    """Return the appointments inside a block that are neither over nor kept, by start.

    Leave of a person touches every site they work at; `site_ids` are those looked at (None: all).
    """
    query = affected_appointments(block).order_by(Appointment.start_at)
    if site_ids is not None:
        query = query.where(Appointment.site_id.in_(site_ids))
    return [
        _affected_row(row, patient, course, number)
        for row, patient, course, number in session.execute(query)
    ]


def treatments(session: Session, rows: Iterable[AffectedRow]) -> dict[int, str]:
    """Return, by appointment, what it is for: the course's protocol, else the kind of visit."""
    return {
        row.appointment_id: visit_kind(session, row.definition_id).staff_label
        if row.protocol_id is None
        else protocol(session, row.protocol_id).name
        for row in rows
    }


def _affected_row(
    row: Appointment, patient: Patient, course: Course | None, number: int
) -> AffectedRow:
    has_number = course is not None and row.status in COUNTING
    return AffectedRow(
        appointment_id=row.id,
        public_id=row.public_id,
        patient_id=patient.id,
        family=patient.family,
        given=patient.given,
        kind_key=row.kind_key,
        status=row.status,
        start_at=row.start_at,
        end_at=row.end_at,
        local_on=row.local_on,
        local_min=row.local_min,
        version=row.version,
        site_id=row.site_id,
        patient_public_id=patient.public_id,
        phone=patient.phone,
        definition_id=row.definition_id,
        course_public_id=None if course is None else course.public_id,
        protocol_id=None if course is None else course.definition_id,
        number=number if has_number else None,
        total=None if course is None else prescribed(course.counts),
    )


def affected_appointments(block: Block) -> "Select[Appointment, Patient, Course | None, int]":
    """Return the query of `affected`; a block that was removed affects nothing."""
    kept = exists().where(
        BlockKeep.block_id == block.id, BlockKeep.appointment_id == Appointment.id
    )
    query = (
        select(Appointment, Patient, Course, number_column().scalar_subquery())
        .join(Patient, Patient.id == Appointment.patient_id)
        .outerjoin(Course, Course.id == Appointment.course_id)
        .where(
            Appointment.start_at < block.end_at,
            Appointment.end_at > block.start_at,
            Appointment.status.in_(WAITING),
            ~kept,
        )
    )
    if block.removed_at is not None:
        return query.where(Appointment.id.is_(None))
    if block.site_id is not None:
        return query.where(
            Appointment.site_id == block.site_id,
            # the index starts with the site's day, which differs from UTC's by at most one
            Appointment.local_on.between(block.start_at.date() - DAY, block.end_at.date() + DAY),
        )
    return query.where(Appointment.id.in_(_holding(block)))


def _holding(block: Block) -> Select[int]:
    """Return the appointments that hold the block's resource in its time."""
    last = -(-int(block.end_at.timestamp()) // QUANTUM_SECONDS)
    return select(Assignment.appointment_id).where(
        Assignment.is_held,
        Assignment.resource_id == block.resource_id,
        Assignment.from_quantum < last,
        Assignment.to_quantum > quantum_of(block.start_at),
    )


def block_rows(
    session: Session, *, after: datetime, site_ids: Collection[int] | None = None
) -> list[BlockRow]:
    """Return the blocks of sites (None: of all) that end after a moment, by start; one query."""
    query = (
        select(
            Block.public_id,
            Site.name,
            Resource.name,
            Block.kind,
            Block.reason,
            Block.start_at,
            Block.end_at,
            Site.zone,
        )
        .join(Site, Site.id == Block.site_id, isouter=True)
        .join(Resource, Resource.id == Block.resource_id, isouter=True)
        .where(Block.removed_at.is_(None), Block.end_at > after)
        .order_by(Block.start_at, Block.id)
    )
    if site_ids is not None:
        at_work = select(Shift.resource_id).where(Shift.site_id.in_(site_ids))
        query = query.where(
            or_(
                Block.site_id.in_(site_ids),
                Resource.site_id.in_(site_ids),
                Block.resource_id.in_(at_work),
            )
        )
    return [
        BlockRow(public_id, site or resource, kind, reason, start_at, end_at, zone)
        for public_id, site, resource, kind, reason, start_at, end_at, zone in session.execute(
            query
        )
    ]


@dataclass(frozen=True, slots=True)
class HolidayRow:
    """A day on which a whole site is closed."""

    site: str
    on: date
    name: str


def holiday_rows(
    session: Session, *, from_on: date, site_ids: Collection[int] | None = None
) -> list[HolidayRow]:
    """Return the holidays of sites (None: of all) from a day on, by day."""
    query = (
        select(Site.name, Holiday.on, Holiday.name)
        .join(Site, Site.id == Holiday.site_id)
        .where(Holiday.on >= from_on)
        .order_by(Holiday.on, Site.name)
    )
    if site_ids is not None:
        query = query.where(Holiday.site_id.in_(site_ids))
    return [HolidayRow(*row) for row in session.execute(query)]
