"""Bookings: the one place that takes and gives back cells.

A booking locks its resources in the order of their ids, checks that each is open and not taken,
and writes appointment, assignments and cells together. The key of the cell table refuses whatever
a forgotten lock might let through.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.actions.pictures import Held
from clinic.errors import Conflict, RuleBroken
from clinic.models.appointments import Appointment, Assignment, BoardVersion
from clinic.models.resources import PERSON, Cell, Resource, Seat
from clinic.queries.availability import SiteFrame, open_masks
from clinic.rules.times import WallTimeRefused, to_instant
from clinic.rules.wall_days import CELL_MIN, WallDay, span_mask, wall_day

PATIENT_REQUIREMENT = "patient"
_RAISE = {
    name: statement(BoardVersion).on_conflict_do_update(
        index_elements=[BoardVersion.site_id, BoardVersion.on],
        set_={"n": BoardVersion.n + 1},
    )
    for name, statement in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


@dataclass(frozen=True, slots=True)
class Claim:
    """Seats of one resource for a span of wall cells of the visit's day.

    `open_to_cell` is where the visit's own time ends: turnover after it needs no opening hours.
    """

    requirement: str
    resource_id: int
    from_cell: int
    to_cell: int
    open_to_cell: int
    seats: int = 1


@dataclass(frozen=True, slots=True)
class Seating:
    """Where one appointment sits: its day at a site, and all that it holds (the patient too)."""

    site: SiteFrame
    on: date
    claims: tuple[Claim, ...]

    @property
    def day(self) -> WallDay:
        """Return the wall day of the site."""
        return wall_day(self.on, self.site.zone)


def lock_resources(session: Session, resource_ids: Iterable[int]) -> None:
    """Lock resource rows in the order of ids; a write unit of SQLite holds the lock already."""
    if session.get_bind().dialect.name == "sqlite":
        return
    session.execute(
        select(Resource.id)
        .where(Resource.id.in_(sorted(set(resource_ids))))
        .order_by(Resource.id)
        .with_for_update(key_share=True)
    )


def claim_seats(session: Session, *, seatings: Mapping[int, Seating]) -> None:
    """Take the cells of appointments (by id), all or none.

    Conflict when a resource is shut or taken: values name the resource, the day and the minute.
    """
    resource_ids = {claim.resource_id for seat in seatings.values() for claim in seat.claims}
    lock_resources(session, resource_ids)
    things = _things(session, resource_ids)
    check_open(session, seatings=seatings.values(), things=things)
    rows = _assignments(seatings)
    session.execute(insert(Assignment), rows)
    session.execute(insert(Cell), _cells(session, rows, things))


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource as booking sees it: its name, kind and number of seats."""

    name: str
    kind: str
    seats: int


def _things(session: Session, resource_ids: Collection[int]) -> dict[int, Thing]:
    query = (
        select(Resource.id, Resource.name, Resource.kind, func.count(Seat.seat_no))
        .join(Seat, Seat.resource_id == Resource.id)
        .where(Resource.id.in_(resource_ids))
        .group_by(Resource.id, Resource.name, Resource.kind)
    )
    return {
        resource_id: Thing(name, kind, seats)
        for resource_id, name, kind, seats in session.execute(query)
    }


def check_open(
    session: Session, *, seatings: Iterable[Seating], things: Mapping[int, Thing]
) -> None:
    """Raise Conflict unless every claim lies in the hours, shifts and outside the blocks."""
    by_site: dict[int, list[Seating]] = defaultdict(list)
    for seating in seatings:
        by_site[seating.site.id].append(seating)
    for group in by_site.values():
        site = group[0].site
        days = {seating.on: seating.day for seating in group}
        people = {key: thing.kind == PERSON for key, thing in things.items()}
        opened = open_masks(session, site=site, days=days, is_person=people)
        for seating in group:
            _check_seating(seating, opened.get(seating.on, {}), things)


def _check_seating(
    seating: Seating, opened: Mapping[int, int], things: Mapping[int, Thing]
) -> None:
    for claim in seating.claims:
        needed = span_mask(claim.from_cell, claim.open_to_cell)
        if needed & ~opened.get(claim.resource_id, 0):
            raise Conflict(
                "resource_shut" if opened else "site_closed",
                resource=things[claim.resource_id].name,
                on=seating.on.isoformat(),
                start_min=claim.from_cell * CELL_MIN,
            )


def _assignments(seatings: Mapping[int, Seating]) -> list[dict[str, int | str | bool]]:
    rows: list[dict[str, int | str | bool]] = []
    for appointment_id, seating in seatings.items():
        for claim in seating.claims:
            first, last = seating.day.span(claim.from_cell, claim.to_cell)
            rows.append(
                {
                    "appointment_id": appointment_id,
                    "resource_id": claim.resource_id,
                    "requirement": claim.requirement,
                    "from_quantum": first,
                    "to_quantum": last,
                    "seats": claim.seats,
                    "is_held": True,
                }
            )
    return rows


def _cells(
    session: Session,
    rows: Sequence[Mapping[str, int | str | bool]],
    things: Mapping[int, Thing],
) -> list[dict[str, int]]:
    """Return the cell rows of assignments: for each quantum the lowest free seats."""
    wanted = [_wanted(row) for row in rows]
    taken = _taken(session, wanted)
    cells: list[dict[str, int]] = []
    for appointment_id, resource_id, first, last, seats in wanted:
        for quantum in range(first, last):
            used = taken[resource_id, quantum]
            free = [n for n in range(1, things[resource_id].seats + 1) if n not in used][:seats]
            if len(free) < seats:
                raise _taken_conflict(things[resource_id], quantum)
            used.update(free)
            cells += [
                {
                    "resource_id": resource_id,
                    "quantum": quantum,
                    "seat_no": seat_no,
                    "appointment_id": appointment_id,
                }
                for seat_no in free
            ]
    return cells


def _wanted(row: Mapping[str, int | str | bool]) -> tuple[int, int, int, int, int]:
    return (
        int(row["appointment_id"]),
        int(row["resource_id"]),
        int(row["from_quantum"]),
        int(row["to_quantum"]),
        int(row["seats"]),
    )


def _taken_conflict(thing: Thing, quantum: int) -> Conflict:
    code = "patient_busy" if thing.kind == "patient" else "resource_taken"
    return Conflict(code, resource=thing.name, quantum=quantum)


def _taken(
    session: Session, wanted: Iterable[tuple[int, int, int, int, int]]
) -> defaultdict[tuple[int, int], set[int]]:
    """Return the seats already taken by resource and quantum, for the quanta asked for only."""
    quanta: set[int] = set()
    resource_ids: set[int] = set()
    for _appointment, resource_id, first, last, _seats in wanted:
        quanta.update(range(first, last))
        resource_ids.add(resource_id)
    taken: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    query = select(Cell.resource_id, Cell.quantum, Cell.seat_no).where(
        Cell.resource_id.in_(resource_ids), Cell.quantum.in_(sorted(quanta))
    )
    for resource_id, quantum, seat_no in session.execute(query):
        taken[resource_id, quantum].add(seat_no)
    return taken


def release_seats(session: Session, *, appointment_ids: Collection[int]) -> None:
    """Give back all cells of appointments; what they held stays on record as not held."""
    session.execute(delete(Cell).where(Cell.appointment_id.in_(appointment_ids)))
    session.execute(
        update(Assignment)
        .where(Assignment.appointment_id.in_(appointment_ids), Assignment.is_held)
        .values(is_held=False)
    )


def move_seats(session: Session, *, seatings: Mapping[int, Seating]) -> None:
    """Give back what appointments hold and take new seats, in one transaction."""
    old = session.scalars(
        select(Assignment.resource_id).where(
            Assignment.appointment_id.in_(list(seatings)), Assignment.is_held
        )
    ).all()
    new = {claim.resource_id for seat in seatings.values() for claim in seat.claims}
    lock_resources(session, {*old, *new})
    session.execute(delete(Assignment).where(Assignment.appointment_id.in_(list(seatings))))
    session.execute(delete(Cell).where(Cell.appointment_id.in_(list(seatings))))
    claim_seats(session, seatings=seatings)


def put_back_seats(session: Session, *, held: Mapping[int, Sequence[Held]]) -> None:
    """Let appointments (by id) hold exactly what a picture says, in place of what they hold now.

    Hours and shifts are not asked again: it was so before. Conflict when a seat is taken since.
    """
    now_held = session.scalars(
        select(Assignment.resource_id).where(
            Assignment.appointment_id.in_(list(held)), Assignment.is_held
        )
    ).all()
    resource_ids = {one.resource_id for holds in held.values() for one in holds}
    lock_resources(session, {*now_held, *resource_ids})
    session.execute(delete(Assignment).where(Assignment.appointment_id.in_(list(held))))
    session.execute(delete(Cell).where(Cell.appointment_id.in_(list(held))))
    rows = [
        {"appointment_id": key, **{name: getattr(one, name) for name in Held.__dataclass_fields__}}
        for key, holds in held.items()
        for one in holds
    ]
    taking = [row for row in rows if row["is_held"]]
    if rows:
        session.execute(insert(Assignment), rows)
    if taking:
        session.execute(insert(Cell), _cells(session, taking, _things(session, resource_ids)))


def insert_appointments(
    session: Session, rows: Sequence[Mapping[str, object]]
) -> list[Appointment]:
    """Insert appointments in one statement and return them in the order given."""
    if not rows:
        raise RuleBroken("nothing_to_book")
    made = session.scalars(insert(Appointment).returning(Appointment), list(rows))
    by_public_id = {row.public_id: row for row in made}  # the database may answer in any order
    return [by_public_id[str(row["public_id"])] for row in rows]


def raise_board_versions(session: Session, *, days: Iterable[tuple[int, date]]) -> None:
    """Raise the version number of site days (site id, date), so that boards know of a change."""
    rows = [{"site_id": site_id, "on": on, "n": 1} for site_id, on in sorted(set(days))]
    connection = session.connection()
    connection.execute(_RAISE[connection.dialect.name], rows)


def start_of(seating: Seating, start_cell: int) -> datetime:
    """Return the instant at which a visit starting in a wall cell begins.

    RuleBroken when the clocks leave this wall time out, or have it twice, on that day.
    """
    zone = seating.site.zone
    try:
        return to_instant(seating.on, start_cell * CELL_MIN, zone)
    except WallTimeRefused as refused:
        wall = refused.wall.isoformat(sep=" ", timespec="minutes")
        raise RuleBroken(refused.code, time=wall, zone=zone) from refused
