"""One resource through some days: a device, a room, a person or a patient, a column for each day.

Each day is a board of one column, so that a week prints as a day does. Five queries, whatever the
number of days and cards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment, Assignment
from clinic.models.resources import Block, Resource, Seat, Shift
from clinic.models.sites import Holiday, OpeningHours
from clinic.queries.board_columns import Card, Span, Thing, make_column
from clinic.queries.boards import Board, card_rows, drawn, kind_labels
from clinic.queries.days import SiteChoice
from clinic.rules.wall_days import CELL_MIN, WallDay, minutes_mask, quantum_of, wall_day


@dataclass(slots=True)
class _Day:
    """What is known of one day while it is read."""

    wall: WallDay
    open_mask: int = 0
    shift_mask: int = 0
    cards: dict[int, Card] = field(default_factory=dict)
    held: list[tuple[int, Span]] = field(default_factory=list)
    shut: list[tuple[int, str, str]] = field(default_factory=list)


class _Held(NamedTuple):
    """The day of a card and the quanta that the resource is held for."""

    on: date
    first: int
    last: int


Days = Mapping[date, _Day]


def read_week(
    session: Session, *, resource: Resource, site: SiteChoice, days: Sequence[date]
) -> list[Board]:
    """Return a board of one column for each day: what the resource holds at this site."""
    found = {on: _Day(wall_day(on, site.zone)) for on in days}
    for read in (_read_hours, _read_shifts, _read_cards, _read_shut):
        read(session, resource.id, site.id, found)
    seats = session.execute(
        select(func.count()).where(Seat.resource_id == resource.id)
    ).scalar_one()
    every = 0
    for day in found.values():
        every |= day.open_mask
    cards = [card for day in found.values() for card in day.cards.values()]
    opens, labels = drawn(every, cards), kind_labels(session, cards)
    return [_board(resource, seats, site, day, opens, labels) for day in found.values()]


def _board(
    resource: Resource,
    seats: int,
    site: SiteChoice,
    day: _Day,
    opens: Span,
    labels: Mapping[int, str],
) -> Board:
    thing = Thing(
        id=resource.id,
        key=resource.key,
        name=resource.name,
        kind=resource.kind,
        part="",
        tags=tuple(resource.tags),
        seats=seats,
        shift_mask=day.shift_mask,
    )
    held, shut = {resource.id: day.held}, {resource.id: day.shut}
    open_mask = day.open_mask & day.wall.bookable
    return Board(
        site_id=site.id,
        zone=site.zone,
        on=day.wall.on,
        version=0,
        is_closed=not open_mask,
        opens=opens,
        columns=(make_column(thing, day.cards, held, shut, open_mask),),
        cards=tuple(day.cards.values()),
        kind_labels=labels,
    )


def _read_hours(session: Session, _resource_id: int, site_id: int, days: Days) -> None:
    hours = session.connection().execute(
        select(OpeningHours.weekday, OpeningHours.from_min, OpeningHours.to_min).where(
            OpeningHours.site_id == site_id
        )
    )
    for weekday, from_min, to_min in hours:
        for on, day in days.items():
            if on.weekday() == weekday:
                day.open_mask |= minutes_mask(from_min, to_min)
    holidays = select(Holiday.on, Holiday.name).where(
        Holiday.site_id == site_id, Holiday.on.in_(days)
    )
    for on, name in session.connection().execute(holidays):
        days[on].shut.append((days[on].open_mask, "closed", name))
        days[on].open_mask = 0


def _read_shifts(session: Session, resource_id: int, site_id: int, days: Days) -> None:
    rows = session.connection().execute(
        select(Shift.weekday, Shift.from_min, Shift.to_min, Shift.from_on, Shift.until_on).where(
            Shift.resource_id == resource_id, Shift.site_id == site_id
        )
    )
    for weekday, from_min, to_min, from_on, until_on in rows:
        for on, day in days.items():
            is_in_force = from_on <= on and (until_on is None or on <= until_on)
            if on.weekday() == weekday and is_in_force:
                day.shift_mask |= minutes_mask(from_min, to_min)


def _read_cards(session: Session, resource_id: int, site_id: int, days: Days) -> None:
    """Read the cards, each with the cells that the resource is held for."""
    values = {
        "resource_id": resource_id,
        "site_id": site_id,
        "first_on": min(days),
        "last_on": max(days),
    }
    for *card_row, on, first, last in session.connection().execute(_card_rows(), values):
        card, held = Card._make(card_row), _Held._make((on, first, last))
        day = days[held.on]
        if card.id not in day.cards:
            begin = card.local_min // CELL_MIN
            begin += held.first - (day.wall.quanta[begin] or held.first)
            day.cards[card.id] = card
            day.held.append((card.id, Span(begin, begin + held.last - held.first)))


@cache
def _card_rows() -> Select[*tuple[object, ...]]:
    """Return the query of a week's cards, built once: building takes longer than asking."""
    return (
        card_rows()
        .add_columns(
            Appointment.local_on,
            func.min(Assignment.from_quantum).over(partition_by=Appointment.id),
            func.max(Assignment.to_quantum).over(partition_by=Appointment.id),
        )
        .join(Assignment, Assignment.appointment_id == Appointment.id)
        .where(
            Assignment.resource_id == bindparam("resource_id"),
            Appointment.site_id == bindparam("site_id"),
            Appointment.local_on.between(bindparam("first_on"), bindparam("last_on")),
        )
    )


def _read_shut(session: Session, resource_id: int, site_id: int, days: Days) -> None:
    """Read what shuts the site or the resource, cut into days."""
    begin_at, end_at = days[min(days)].wall.instants[0], days[max(days)].wall.instants[1]
    rows = session.connection().execute(
        select(Block.start_at, Block.end_at, Block.kind, Block.reason)
        .where(
            Block.removed_at.is_(None),
            or_(Block.site_id == site_id, Block.resource_id == resource_id),
            Block.start_at < end_at,
            Block.end_at > begin_at,
        )
        .order_by(Block.start_at, Block.id)
    )
    for start_at, shut_until, kind, reason in rows:
        last = quantum_of(shut_until - timedelta(microseconds=1)) + 1
        for day in days.values():
            mask = day.wall.cell_span(quantum_of(start_at), last)
            if mask:
                day.shut.append((mask, kind, reason))
