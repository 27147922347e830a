"""Availability: what is open and not taken at a site, read once as bitsets for the planner."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from clinic.models.appointments import Assignment
from clinic.models.resources import Block
from clinic.models.sites import Site
from clinic.planning import world as planning
from clinic.queries.site_setups import site_setup
from clinic.rules.wall_days import (
    WHOLE_DAY,
    WallDay,
    instant_of,
    quantum_of,
    wall_day,
)


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


def read_resources(session: Session, *, site_id: int, on: date) -> dict[int, planning.Resource]:
    """Return the bookable resources of a site by id: devices, rooms, people with shifts."""
    return site_setup(session, site_id).resources_on(on)


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
    setup = site_setup(session, site.id)
    resources = setup.resources_on(from_on)
    days = {on: wall_day(on, site.zone) for on in date_range(from_on, until_on)}
    people = {resource.id: resource.kind is None for resource in resources.values()}
    opened = open_masks(session, site=site, days=days, is_person=people)
    wanted = [*resources, *([] if patient_resource_id is None else [patient_resource_id])]
    taken = taken_masks(session, days=days, resource_ids=wanted, leave_out=leave_out)
    return planning.World(
        resources=resources,
        days={
            on: {
                resource_id: planning.ResourceDay(
                    open=masks[resource_id],
                    free=free_levels(taken.get((on, resource_id), ()), resource.seats),
                    lapsed=setup.lapsed(resource_id, from_on, on),
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
    setup = site_setup(session, site.id)
    blocks = _blocks(session, site.id, days, is_person)
    opened: dict[date, dict[int, int]] = {}
    for on, day in days.items():
        site_open = setup.hours[on.weekday()] & day.bookable & ~_shut(blocks.get(0, ()), day)
        if on in setup.holidays or not site_open:
            continue
        opened[on] = {
            resource_id: site_open
            & (setup.on_shift(resource_id, on) if person else WHOLE_DAY)
            & ~_shut(blocks.get(resource_id, ()), day)
            for resource_id, person in is_person.items()
        }
    return opened


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
