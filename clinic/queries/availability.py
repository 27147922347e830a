"""Availability: what is open and not taken at a site, read once as bitsets for the planner."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from clinic.models.appointments import Assignment
from clinic.models.resources import Block, Resource, ResourceFit, Seat, Shift
from clinic.models.sites import Holiday, OpeningHours, Site
from clinic.models.staff import Qualification, Staff
from clinic.planning import world as planning
from clinic.rules.wall_days import (
    CELL_MIN,
    WHOLE_DAY,
    WallDay,
    instant_of,
    quantum_of,
    span_mask,
    wall_day,
)

PERSON = "person"
PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class SiteFrame:
    """What planning needs to know of a site."""

    id: int
    zone: str
    switches: Mapping[str, bool]


def frame_of(site: Site | Row[*tuple[object, ...]]) -> SiteFrame:
    """Return the frame of a site, or of a row with its id, zone and switches."""
    return SiteFrame(site.id, site.zone, {key: bool(on) for key, on in site.switches.items()})


def date_range(from_on: date, until_on: date) -> list[date]:
    """Return the dates from the first to the last, both included."""
    return [from_on + timedelta(days=n) for n in range((until_on - from_on).days + 1)]


def read_resources(
    session: Session, *, site_id: int, on: date, ids: Collection[int] | None = None
) -> dict[int, planning.Resource]:
    """Return the bookable resources of a site by id: devices, rooms, people with shifts."""
    at_site = or_(
        Resource.site_id == site_id,
        Resource.id.in_(select(Shift.resource_id).where(Shift.site_id == site_id)),
    )
    chosen = at_site if ids is None else Resource.id.in_(ids)
    rows = session.execute(
        select(Resource.id, Resource.name, Resource.kind, Resource.tags).where(
            chosen, Resource.is_active, Resource.kind != PATIENT
        )
    ).all()
    seats = _seat_counts(session, [row.id for row in rows])
    fits = _fits(session)
    qualified = _qualifications(session, on)
    return {
        row.id: planning.Resource(
            id=row.id,
            name=row.name,
            kind=None if row.kind == PERSON else row.kind,
            qualifications=qualified.get(row.id, frozenset()),
            tags=frozenset(row.tags),
            seats=seats.get(row.id, 0),
            fits=fits.get(row.id, frozenset()),
        )
        for row in rows
    }


def _seat_counts(session: Session, ids: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for (resource_id,) in session.execute(
        select(Seat.resource_id).where(Seat.resource_id.in_(ids))
    ):
        counts[resource_id] += 1
    return counts


def _fits(session: Session) -> dict[int, frozenset[int]]:
    devices: dict[int, set[int]] = defaultdict(set)
    for row in session.execute(select(ResourceFit.resource_id, ResourceFit.device_id)):
        devices[row.resource_id].add(row.device_id)
    return {resource_id: frozenset(found) for resource_id, found in devices.items()}


def _qualifications(session: Session, on: date) -> dict[int, frozenset[str]]:
    """Return what people are qualified for on a date, by resource id."""
    found: dict[int, set[str]] = defaultdict(set)
    query = (
        select(Staff.resource_id, Qualification.qualification)
        .join(Staff, Staff.id == Qualification.staff_id)
        .where(
            Staff.is_active,
            Staff.resource_id.is_not(None),
            or_(Qualification.until_on.is_(None), Qualification.until_on >= on),
        )
    )
    for resource_id, qualification in session.execute(query):
        found[resource_id or 0].add(qualification)
    return {resource_id: frozenset(names) for resource_id, names in found.items()}


def _ending_qualifications(
    session: Session, from_on: date, until_on: date
) -> dict[int, list[tuple[str, date]]]:
    """Return the qualifications that run out within these days, by resource id."""
    query = (
        select(Staff.resource_id, Qualification.qualification, Qualification.until_on)
        .join(Staff, Staff.id == Qualification.staff_id)
        .where(Staff.resource_id.is_not(None), Qualification.until_on.between(from_on, until_on))
    )
    found: dict[int, list[tuple[str, date]]] = defaultdict(list)
    for resource_id, qualification, last_on in session.execute(query):
        if last_on is not None:
            found[resource_id or 0].append((qualification, last_on))
    return found


def _lapsed(ends: Iterable[tuple[str, date]], on: date) -> frozenset[str]:
    """Return which of the qualifications have run out by a day."""
    return frozenset(name for name, last_on in ends if last_on < on)


def read_world(
    session: Session,
    *,
    site: SiteFrame,
    from_on: date,
    until_on: date,
    patient_resource_id: int | None,
    leave_out: Collection[int] = (),
) -> planning.World:
    """Return the site's days as bitsets, both dates included, without appointments left out."""
    resources = read_resources(session, site_id=site.id, on=from_on)
    days = {on: wall_day(on, site.zone) for on in date_range(from_on, until_on)}
    people = {resource.id: resource.kind is None for resource in resources.values()}
    opened = open_masks(session, site=site, days=days, is_person=people)
    wanted = [*resources, *([] if patient_resource_id is None else [patient_resource_id])]
    taken = taken_masks(session, days=days, resource_ids=wanted, leave_out=leave_out)
    ends = _ending_qualifications(session, from_on, until_on)
    return planning.World(
        resources=resources,
        days={
            on: {
                resource_id: planning.ResourceDay(
                    open=masks[resource_id],
                    free=free_levels(taken.get((on, resource_id), ()), resource.seats),
                    lapsed=_lapsed(ends.get(resource_id, ()), on),
                )
                for resource_id, resource in resources.items()
            }
            for on, masks in opened.items()
        },
        patient_free={
            on: free_levels(taken.get((on, patient_resource_id or 0), ()), 1)[0] for on in days
        },
        switches=site.switches,
    )


def free_levels(taken: Iterable[tuple[int, int]], seats: int) -> tuple[int, ...]:
    """Return, for k = 1..seats, the cells where at least k seats are free.

    `taken` are (cells, seats) pairs. The levels count upwards: level j holds the cells in which at
    least j seats are taken.
    """
    levels = [WHOLE_DAY, *[0] * seats]
    for mask, count in taken:
        for _ in range(count):
            for level in range(seats, 0, -1):
                levels[level] |= levels[level - 1] & mask
    return tuple(WHOLE_DAY & ~levels[seats - k + 1] for k in range(1, seats + 1))


def taken_masks(
    session: Session,
    *,
    days: Mapping[date, WallDay],
    resource_ids: Sequence[int],
    leave_out: Collection[int] = (),
) -> dict[tuple[date, int], list[tuple[int, int]]]:
    """Return what is held, as (cells, seats) pairs by date and resource."""
    dates = sorted(days)
    bases = [_base(days[on]) for on in dates]
    query = select(
        Assignment.resource_id, Assignment.from_quantum, Assignment.to_quantum, Assignment.seats
    ).where(
        Assignment.is_held,
        Assignment.resource_id.in_(resource_ids),
        Assignment.from_quantum.between(bases[0], bases[-1] + 300),
    )
    if leave_out:
        query = query.where(Assignment.appointment_id.not_in(leave_out))
    found: dict[tuple[date, int], list[tuple[int, int]]] = defaultdict(list)
    for resource_id, first, last, seats in session.execute(query):
        on = dates[max(bisect_right(bases, first) - 1, 0)]
        found[on, resource_id].append((days[on].cell_span(first, last), seats))
    return found


def _base(day: WallDay) -> int:
    """Return the quantum of the local midnight, or of the first hour that exists."""
    return next(quantum for quantum in day.quanta if quantum is not None)


def open_masks(
    session: Session,
    *,
    site: SiteFrame,
    days: Mapping[date, WallDay],
    is_person: Mapping[int, bool],
) -> dict[date, dict[int, int]]:
    """Return when each resource may be booked: hours and shifts, less holidays and blocks.

    `is_person` names the resources asked for: a person is there when on shift, a device or room
    whenever the site is open. A day on which the site is closed is left out.
    """
    hours = _hours(session, site.id)
    holidays = set(session.scalars(select(Holiday.on).where(Holiday.site_id == site.id)))
    shifts = _shifts(session, site.id)
    blocks = _blocks(session, site.id, days, is_person)
    opened: dict[date, dict[int, int]] = {}
    for on, day in days.items():
        site_open = hours[on.weekday()] & day.bookable & ~_shut(blocks.get(0, ()), day)
        if on in holidays or not site_open:
            continue
        opened[on] = {
            resource_id: site_open
            & (_on_shift(shifts.get(resource_id, ()), on) if person else WHOLE_DAY)
            & ~_shut(blocks.get(resource_id, ()), day)
            for resource_id, person in is_person.items()
        }
    return opened


def _hours(session: Session, site_id: int) -> list[int]:
    masks = [0] * 7
    for row in session.execute(
        select(OpeningHours.weekday, OpeningHours.from_min, OpeningHours.to_min).where(
            OpeningHours.site_id == site_id
        )
    ):
        masks[row.weekday] |= minutes_mask(row.from_min, row.to_min)
    return masks


def minutes_mask(from_min: int, to_min: int) -> int:
    """Return the whole cells inside a span of minutes of the day."""
    return span_mask(-(-from_min // CELL_MIN), to_min // CELL_MIN)


@dataclass(frozen=True, slots=True)
class _Shift:
    weekday: int
    mask: int
    from_on: date
    until_on: date


def _shifts(session: Session, site_id: int) -> dict[int, list[_Shift]]:
    found: dict[int, list[_Shift]] = defaultdict(list)
    for row in session.scalars(select(Shift).where(Shift.site_id == site_id)):
        mask = minutes_mask(row.from_min, row.to_min)
        found[row.resource_id].append(
            _Shift(row.weekday, mask, row.from_on, row.until_on or date.max)
        )
    return found


def _on_shift(shifts: Iterable[_Shift], on: date) -> int:
    mask = 0
    for shift in shifts:
        if shift.weekday == on.weekday() and shift.from_on <= on <= shift.until_on:
            mask |= shift.mask
    return mask


def _blocks(
    session: Session,
    site_id: int,
    days: Mapping[date, WallDay],
    resource_ids: Collection[int],
) -> dict[int, list[tuple[int, int]]]:
    """Return the blocks that touch the days, as quanta by resource id; the site's own under 0."""
    dates = sorted(days)
    first, last = _base(days[dates[0]]), _base(days[dates[-1]]) + 300
    query = select(Block.resource_id, Block.start_at, Block.end_at).where(
        Block.removed_at.is_(None),
        Block.start_at < instant_of(last),
        Block.end_at > instant_of(first),
        or_(Block.site_id == site_id, Block.resource_id.in_(list(resource_ids))),
    )
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for resource_id, start_at, end_at in session.execute(query):
        span = (quantum_of(start_at), -(-int(end_at.timestamp()) // 300))
        found[resource_id or 0].append(span)
    return found


def _shut(blocks: Iterable[tuple[int, int]], day: WallDay) -> int:
    mask = 0
    for first, last in blocks:
        mask |= day.cell_span(first, last)
    return mask
