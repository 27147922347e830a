"""The day board: what a site's day looks like by device, room and person, read as plain rows.

Nothing here loads an entity: five queries, whatever the number of cards. The statements take
their values as parameters and are built once a process: building them took longer than running.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from sqlalchemy import (
    BindParameter,
    ScalarSelect,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from clinic.models.appointments import Appointment, Assignment, BoardVersion
from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.resources import PERSON, Block, Resource, Seat, Shift
from clinic.models.sites import Holiday, OpeningHours, Site
from clinic.models.staff import Grant, Staff
from clinic.queries.board_columns import Card, Column, Span, Thing, make_column, spans_of, tags_of
from clinic.queries.definitions import visit_kind
from clinic.queries.resources import NOT_A_COLUMN
from clinic.rules.appointments import COUNTING, Outcome, Status
from clinic.rules.setups import DEVICE
from clinic.rules.wall_days import CELL_MIN, WallDay, minutes_mask, quantum_of, wall_day

NOT_SHOWN = (Status.CANCELLED, Status.ENTERED_IN_ERROR)
SHOWN = tuple(status for status in Status if status not in NOT_SHOWN)
NOT_A_PART = ("front_desk", "intake", "biller", "clinic_admin")
DAY_QUANTA = 288
SITE: BindParameter[int] = bindparam("site_id")
ON: BindParameter[date] = bindparam("on")
WEEKDAY: BindParameter[int] = bindparam("weekday")


@dataclass(frozen=True, slots=True)
class Board:
    """A site's day. `opens` is the stretch drawn; `is_closed` says that nobody can be booked."""

    site_id: int
    zone: str
    on: date
    version: int
    is_closed: bool
    opens: Span
    columns: tuple[Column, ...]
    cards: tuple[Card, ...]
    kind_labels: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class _Frame:
    zone: str
    version: int
    is_holiday: bool
    open_mask: int


def read_board(session: Session, *, site_id: int, on: date) -> Board:
    """Return the day of a site with its columns, cards, blocks and free gaps, in five queries."""
    frame = _frame(session, site_id, on)
    day = wall_day(on, frame.zone)
    things = _things(session, site_id, on)
    cards = _cards(session, site_id, on)
    held = _held(session, site_id, on, day, cards)
    blocks = _blocks(session, site_id, [thing.id for thing in things], day)
    open_mask = 0 if frame.is_holiday else frame.open_mask & day.bookable
    columns = [make_column(thing, cards, held, blocks, open_mask) for thing in things]
    return Board(
        site_id=site_id,
        zone=frame.zone,
        on=on,
        version=frame.version,
        is_closed=not open_mask,
        opens=drawn(frame.open_mask, cards.values()),
        columns=tuple(columns),
        cards=tuple(cards.values()),
        kind_labels=kind_labels(session, cards.values()),
    )


def board_version(session: Session, *, site_id: int, on: date) -> int:
    """Return the version number of a site's day, 0 for one that nothing has touched."""
    found = session.scalar(
        select(BoardVersion.n).where(BoardVersion.site_id == site_id, BoardVersion.on == on)
    )
    return found or 0


@cache
def _frame_rows() -> Select[str, int, bool, int | None, int | None]:
    version = (
        select(BoardVersion.n)
        .where(BoardVersion.site_id == SITE, BoardVersion.on == ON)
        .scalar_subquery()
    )
    holiday = exists().where(Holiday.site_id == SITE, Holiday.on == ON)
    hours = and_(OpeningHours.site_id == Site.id, OpeningHours.weekday == WEEKDAY)
    return (
        select(Site.zone, version, holiday, OpeningHours.from_min, OpeningHours.to_min)
        .outerjoin(OpeningHours, hours)
        .where(Site.id == SITE)
    )


def _frame(session: Session, site_id: int, on: date) -> _Frame:
    values = {"site_id": site_id, "on": on, "weekday": on.weekday()}
    rows = session.connection().execute(_frame_rows(), values).all()
    mask = 0
    for _zone, _n, _is_holiday, from_min, to_min in rows:
        if from_min is not None and to_min is not None:
            mask |= minutes_mask(from_min, to_min)
    zone, n, is_holiday, _from, _to = rows[0]
    return _Frame(zone, n or 0, bool(is_holiday), mask)


def _things(session: Session, site_id: int, on: date) -> list[Thing]:
    """Return the columns in their order: devices, rooms, recovery, people with a shift that day."""
    found: dict[int, Thing] = {}
    values = {"site_id": site_id, "on": on, "weekday": on.weekday()}
    for row in session.connection().execute(_thing_rows(), values):
        mask = 0 if row.from_min is None else minutes_mask(row.from_min, row.to_min)
        known = found.get(row.id)
        found[row.id] = Thing(
            id=row.id,
            key=row.key,
            name=row.short_name or row.name,
            kind=row.kind,
            part=row.part or "",
            tags=tags_of(row.tags),
            seats=row.seats,
            shift_mask=mask | (known.shift_mask if known else 0),
        )
    places = {row_id: at for at, row_id in enumerate(found)}
    return sorted(found.values(), key=lambda one: (_kind_rank(one.kind), places[one.id]))


def _kind_rank(kind: str) -> int:
    """Return where a kind stands: treatment devices, rooms, recovery, other things, people."""
    if kind == PERSON:
        return 4
    if kind.startswith("recovery"):
        return 2
    if kind == DEVICE:
        return 0
    return 1 if kind.endswith("room") or kind == "office" else 3


@cache
def _thing_rows() -> Select[*tuple[object, ...]]:
    on_shift = and_(
        Shift.resource_id == Resource.id,
        Shift.site_id == SITE,
        Shift.weekday == WEEKDAY,
        Shift.from_on <= ON,
        or_(Shift.until_on.is_(None), Shift.until_on >= ON),
    )
    seats, part = _seats_and_part()
    return (
        select(
            Resource.id,
            Resource.key,
            Resource.name,
            Resource.kind,
            cast(Resource.tags, Text).label("tags"),
            Staff.short_name,
            seats.label("seats"),
            part.label("part"),
            Shift.from_min,
            Shift.to_min,
        )
        .outerjoin(Shift, on_shift)
        .outerjoin(Staff, Staff.resource_id == Resource.id)
        .where(
            or_(Resource.site_id == SITE, Shift.id.is_not(None)),
            Resource.is_active,
            Resource.kind.not_in(NOT_A_COLUMN),
        )
        .order_by(Resource.position, Resource.name, Resource.id)
    )


def _seats_and_part() -> tuple[ScalarSelect[int], ScalarSelect[str]]:
    """Return, for each resource, its number of seats and its person's first part at the chair."""
    seats = select(func.count()).where(Seat.resource_id == Resource.id).correlate(Resource)
    part = (
        select(Grant.role)
        .where(Grant.staff_id == Staff.id, Grant.role.not_in(NOT_A_PART))
        .order_by(Grant.id)
        .limit(1)
        .correlate(Staff)
    )
    return seats.scalar_subquery(), part.scalar_subquery()


def _cards(session: Session, site_id: int, on: date) -> dict[int, Card]:
    rows = session.connection().execute(_card_rows(), {"site_id": site_id, "on": on}).all()
    return {card.id: card for card in map(Card._make, rows)}


def kind_labels(session: Session, cards: Iterable[Card]) -> dict[int, str]:
    """Return what staff call the visit kinds of the cards, by definition; read once a process."""
    wanted = {card.definition_id for card in cards}
    return {key: visit_kind(session, key).staff_label for key in wanted}


def prescribed(counts: Mapping[str, object] | None) -> int | None:
    """Return the prescribed number of visits of a course from its counts by step; None without."""
    if counts is None:
        return None
    return sum(count for count in counts.values() if isinstance(count, int))


def number_column() -> "Select[int]":
    """Return the correlated count that gives a visit its number: the k-th that counts, in time."""
    other = aliased(Appointment)
    return (
        select(func.count())
        .where(
            other.course_id == Appointment.course_id,
            other.start_at <= Appointment.start_at,
            or_(other.start_at < Appointment.start_at, other.id <= Appointment.id),
            other.status.in_(COUNTING),
            or_(other.outcome.is_(None), other.outcome != Outcome.NOT_TREATED),
        )
        .correlate(Appointment)
    )


@cache
def _card_rows() -> Select[*tuple[object, ...]]:
    return card_rows().where(Appointment.site_id == SITE, Appointment.local_on == ON)


def card_rows() -> Select[*tuple[object, ...]]:
    """Return the query of cards; its columns are the fields of `Card`, in their order."""
    return (
        select(
            Appointment.id,
            Appointment.public_id,
            Patient.family,
            Patient.given,
            Appointment.definition_id,
            Appointment.status,
            Appointment.outcome,
            Appointment.confirmed_at.is_not(None),
            Appointment.local_min,
            Appointment.length_min,
            Appointment.arrived_at,
            Course.status,
            cast(Course.counts, Text),
            number_column().scalar_subquery(),
        )
        .join(Patient, Patient.id == Appointment.patient_id)
        .outerjoin(Course, Course.id == Appointment.course_id)
        .where(Appointment.status.in_(SHOWN))
        .order_by(Appointment.start_at, Appointment.id)
    )


@cache
def _held_rows() -> Select[int, int, int, int]:
    return (
        select(
            Assignment.resource_id,
            Assignment.appointment_id,
            func.min(Assignment.from_quantum),
            func.max(Assignment.to_quantum),
        )
        .join(Appointment, Appointment.id == Assignment.appointment_id)
        .where(
            Appointment.site_id == SITE,
            Appointment.local_on == ON,
            Appointment.status.in_(SHOWN),
        )
        .group_by(Assignment.resource_id, Assignment.appointment_id)
        .order_by(func.min(Assignment.from_quantum), Assignment.appointment_id)
    )


def _held(
    session: Session, site_id: int, on: date, day: WallDay, cards: Mapping[int, Card]
) -> dict[int, list[tuple[int, Span]]]:
    """Return what each resource holds as (appointment, cells), turnover included."""
    rows = session.connection().execute(_held_rows(), {"site_id": site_id, "on": on})
    found: dict[int, list[tuple[int, Span]]] = defaultdict(list)
    for resource_id, appointment_id, first, last in rows:
        card = cards.get(appointment_id)
        if card is not None:
            begin = card.local_min // CELL_MIN
            begin += first - (day.quanta[begin] or first)
            found[resource_id].append((appointment_id, Span(begin, begin + last - first)))
    return found


@cache
def _block_rows() -> Select[int | None, datetime, datetime, str, str]:
    return (
        select(Block.resource_id, Block.start_at, Block.end_at, Block.kind, Block.reason)
        .where(
            Block.removed_at.is_(None),
            Block.start_at < bindparam("end_at"),
            Block.end_at > bindparam("begin_at"),
            or_(
                Block.site_id == SITE,
                Block.resource_id.in_(bindparam("resource_ids", expanding=True)),
            ),
        )
        .order_by(Block.start_at, Block.id)
    )


def _blocks(
    session: Session, site_id: int, resource_ids: Sequence[int], day: WallDay
) -> dict[int, list[tuple[int, str, str]]]:
    """Return the blocks of the day as (cells, kind, reason) by resource id, the site's under 0."""
    begin_at, end_at = day.instants
    values = {
        "site_id": site_id,
        "resource_ids": resource_ids,
        "begin_at": begin_at,
        "end_at": end_at,
    }
    rows = session.connection().execute(_block_rows(), values)
    found: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for resource_id, start_at, shut_until, kind, reason in rows:
        last = quantum_of(shut_until - timedelta(microseconds=1)) + 1
        mask = day.cell_span(quantum_of(start_at), last)
        found[resource_id or 0].append((mask, kind, reason))
    return found


def drawn(open_mask: int, cards: Iterable[Card]) -> Span:
    """Return the whole hours from opening or the first card to closing or the last card's end."""
    spans = spans_of(open_mask) or [Span(8 * 12, 18 * 12)]
    first, last = spans[0].from_cell, spans[-1].to_cell
    for card in cards:
        first = min(first, card.local_min // CELL_MIN)
        last = max(last, -(-(card.local_min + card.length_min) // CELL_MIN))
    return Span(first // 12 * 12, min(-(-last // 12) * 12, DAY_QUANTA))
