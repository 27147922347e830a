"""Same hours: which visits inside a closed time could have a like resource at their own hour."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment, Assignment
from clinic.models.courses import Course
from clinic.models.resources import Block
from clinic.models.sites import Site
from clinic.planning.starts import place_visit
from clinic.planning.visits import PlannedVisit
from clinic.planning.world import ResourceDay, World, cells_of
from clinic.queries.availability import SiteFrame, frame_of, read_world
from clinic.queries.kinds import KindFrame, kind_frames
from clinic.queries.proposals import with_switches
from clinic.queries.treatments import treatment
from clinic.rules.appointments import Status
from clinic.rules.visit_kinds import Requirement
from clinic.rules.wall_days import CELL_MIN, WHOLE_DAY, quantum_of

AHEAD = timedelta(days=60)
"""How far from the first visit inside others are asked for: the rest is settled later."""
MOVABLE = frozenset({Status.BOOKED, Status.PENDING})


@dataclass(frozen=True, slots=True)
class SameHour:
    """A visit at its own hour on another resource, everything else as it is; `name` is the new."""

    appointment_id: int
    name: str
    to: PlannedVisit
    site: SiteFrame
    kind: KindFrame


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the visits of one site are asked with: the shut resource, and the site's days."""

    shut_id: int
    site: SiteFrame
    world: World
    kinds: Mapping[str, KindFrame]


def same_hours(
    session: Session, block: Block, *, ids: Sequence[int], now: datetime
) -> dict[int, SameHour]:
    """Return, by appointment, the swap that leaves time and all but the shut resource as they are.

    A shut site has no swap. As many queries for one visit as for many of a site.
    """
    if block.resource_id is None or not ids:
        return {}
    rows = _visits(session, ids, now)
    held = _held(session, [row.id for row, _course in rows])
    kinds = kind_frames(session)
    found: dict[int, SameHour] = {}
    for frame, mine in _by_site(session, rows):
        days = [row.local_on for row, _course in mine]
        world = read_world(
            session,
            site=with_switches(session, frame),
            from_on=min(days),
            until_on=min(max(days), min(days) + AHEAD),
            patient_resource_id=None,  # the patient has this hour already
        )
        asked = _Asked(block.resource_id, frame, world, kinds)
        for row, course in mine:
            swap = _swap(session, row, course, held[row.id], asked)
            found |= {} if swap is None else {row.id: swap}
    return found


def _visits(
    session: Session, ids: Sequence[int], now: datetime
) -> list[tuple[Appointment, Course | None]]:
    query = (
        select(Appointment, Course)
        .outerjoin(Course, Course.id == Appointment.course_id)
        .where(Appointment.id.in_(ids), Appointment.start_at > now, Appointment.status.in_(MOVABLE))
    )
    return [(visit, course) for visit, course in session.execute(query)]


def _held(session: Session, ids: Sequence[int]) -> dict[int, list[Assignment]]:
    found: dict[int, list[Assignment]] = defaultdict(list)
    query = select(Assignment).where(Assignment.appointment_id.in_(ids), Assignment.is_held)
    for one in session.scalars(query.order_by(Assignment.id)):
        found[one.appointment_id].append(one)
    return found


def _by_site(
    session: Session, rows: Iterable[tuple[Appointment, Course | None]]
) -> list[tuple[SiteFrame, list[tuple[Appointment, Course | None]]]]:
    found: dict[int, list[tuple[Appointment, Course | None]]] = defaultdict(list)
    for row, course in rows:
        found[row.site_id].append((row, course))
    sites = session.scalars(select(Site).where(Site.id.in_(found)).order_by(Site.id))
    return [(frame_of(site), found[site.id]) for site in sites]


def _swap(
    session: Session,
    row: Appointment,
    course: Course | None,
    held: Sequence[Assignment],
    asked: _Asked,
) -> SameHour | None:
    day, kind = asked.world.days.get(row.local_on), asked.kinds.get(row.kind_key)
    if day is None or kind is None:
        return None
    to = place_visit(
        kind.visit_kind,
        cells_of(row.length_min),
        replace(asked.world, days={row.local_on: _given_back(day, row, held)}),
        row.local_on,
        row.local_min // CELL_MIN,
        device_tags=frozenset() if course is None else _tags(session, course),
        place=row.place,
        prefer={one.requirement: one.resource_id for one in held},
        added=_added(session, course, row.step_key),
        step_key=row.step_key or "",
        phase=row.phase or "",
    )
    name = _new_name(to, held, asked) if isinstance(to, PlannedVisit) else None
    if name is None or not isinstance(to, PlannedVisit):
        return None
    return SameHour(row.id, name, to, asked.site, kind)


def _tags(session: Session, course: Course) -> frozenset[str]:
    return treatment(session, course).device_tags


def _added(
    session: Session, course: Course | None, step_key: str | None
) -> tuple[Requirement, ...]:
    """Return what the step of a course needs beside its kind of visit."""
    if course is None:
        return ()
    steps = treatment(session, course).steps
    step = next((one for one in steps if one.key == step_key), None)
    return () if step is None else step.add_requirements


def _given_back(
    day: Mapping[int, ResourceDay], row: Appointment, held: Sequence[Assignment]
) -> dict[int, ResourceDay]:
    """Return a day on which the visit's own seats are free again."""
    found = dict(day)
    begin = row.local_min // CELL_MIN - quantum_of(row.start_at)
    for one in held:
        if one.resource_id in found and one.seats:
            mask = (1 << one.to_quantum + begin) - (1 << one.from_quantum + begin)
            before = found[one.resource_id]
            free = _more(before.free, mask & WHOLE_DAY, one.seats)
            found[one.resource_id] = replace(before, free=free)
    return found


def _more(free: tuple[int, ...], mask: int, seats: int) -> tuple[int, ...]:
    """Return the levels of free seats with some seats more in the cells of a mask."""
    return tuple(
        level | (mask & (WHOLE_DAY if at < seats else free[at - seats]))
        for at, level in enumerate(free)
    )


def _new_name(to: PlannedVisit, held: Sequence[Assignment], asked: _Asked) -> str | None:
    """Return the one resource that is new, when it stands for the shut one and is of its kind."""
    things = asked.world.resources
    before = {one.resource_id for one in held if one.resource_id in things}
    after = {hold.resource_id for hold in to.holds}
    new = after - before
    if before - after != {asked.shut_id} or len(new) != 1:
        return None
    (swapped,) = new
    is_like = things[swapped].kind == things[asked.shut_id].kind
    return things[swapped].name if is_like else None
