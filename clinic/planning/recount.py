"""Recounting the terms of a plan from its visits alone, visit by visit and cell by cell."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise, permutations

from clinic.planning.bitsets import HOLE_CELLS
from clinic.planning.courses import first_day
from clinic.planning.slots import followed_pool, kind_key, pattern_of, sequence
from clinic.planning.visits import Hold, PlannedVisit
from clinic.planning.wishes import Wishes
from clinic.planning.world import World
from clinic.rules.protocols import Objective, Protocol
from clinic.rules.steps import Anchor, Step
from clinic.rules.visit_kinds import Mode, VisitKind
from clinic.rules.wall_days import CELL_MIN

Asked = tuple[Step, int, int | None]


def recounted_terms(
    visits: Sequence[PlannedVisit],
    protocol: Protocol,
    kinds: Mapping[str, VisitKind],
    world: World,
    wishes: Wishes,
) -> dict[str, tuple[int, ...]]:
    """Return the terms of the objective by name; of a day's block its first visit counts."""
    whole = sequence(protocol, wishes)
    first_on = first_day(protocol, wishes)
    missing = len(whole) - len(visits)
    order = [one for one in whole if one[1] % one[0].per_day.most == 0]
    visits = [
        visit
        for (step, index, _), visit in zip(whole, visits, strict=False)
        if index % step.per_day.most == 0
    ]
    asked = order[: len(visits)]
    starts = [visit.start_cell for visit in visits]
    tolerance = protocol.objective.tolerance_min
    if wishes.tolerance_min is not None:
        tolerance = wishes.tolerance_min
    pool = followed_pool(order, kinds)
    return {
        str(Objective.UNPLACED): (missing,),
        str(Objective.PHASE_ENDS): _phase_ends(asked, visits, wishes, first_on),
        str(Objective.GAP): (_late(asked, visits), _gaps(asked, visits, first_on)),
        str(Objective.PREFERRED_TIME): (_deviation(starts, wishes.preferred_min, tolerance),),
        str(Objective.DRIFT): (sum(abs(b - a) for a, b in pairwise(starts)),),
        str(Objective.CHANGES): (_changes(asked, visits, kinds, world, pool),),
        str(Objective.FRAGMENTS): (_fragments(asked, visits, kinds, world),),
    }


def _phase_ends(
    asked: Sequence[Asked], visits: Sequence[PlannedVisit], wishes: Wishes, first_on: date
) -> tuple[int, ...]:
    found: list[int] = []
    for phase in dict.fromkeys(step.phase for step, _, _ in asked):
        mine = [(s, v) for (s, _, _), v in zip(asked, visits, strict=True) if s.phase == phase]
        patterns = {s.key: pattern_of(s, wishes, first_on.weekday()) for s, _ in mine}
        if all(pattern is None for pattern in patterns.values()):
            found.append((mine[-1][1].on - first_on).days)
            continue
        weeks: dict[tuple[str, date], list[date]] = {}
        for step, visit in mine:
            if patterns[step.key] is not None:
                week = _week(visit.on, step.anchor, first_on)
                weeks.setdefault((step.key, week), []).append(visit.on)
        anchors = {step.key: step.anchor for step, _ in mine}
        zero = {key: _week(first_on, anchor, first_on) for key, anchor in anchors.items()}
        offs = [
            _off(days, [d for d in _pattern_dates(week, patterns[key]) if d >= first_on])
            for (key, week), days in weeks.items()
        ]
        last = mine[-1]
        last_week = _week(last[1].on, last[0].anchor, first_on)
        found.append((last_week - zero[last[0].key]).days // 7)
        found.append(
            sum((week - zero[key]).days // 7 * len(days) for (key, week), days in weeks.items())
        )
        found += [sum(off[part] for off in offs) for part in range(3)]
    return tuple(found)


def _week(on: date, anchor: Anchor, first_on: date) -> date:
    since = 0 if anchor is Anchor.CALENDAR_WEEK else first_on.weekday()
    return on - timedelta(days=(on.weekday() - since) % 7)


def _pattern_dates(week: date, pattern: frozenset[int] | None) -> list[date]:
    days = [week + timedelta(days=at) for at in range(7)]
    return [day for day in days if day.weekday() in (pattern or ())]


def _off(days: Sequence[date], wished: Sequence[date]) -> tuple[int, int, int]:
    """Return the least (visits off, moved earlier, days moved) over every way of matching."""
    strays = [day for day in days if day not in wished]
    empty = [day for day in wished if day not in days]
    return min(
        (
            len(strays),
            sum(day < to for day, to in zip(strays, chosen, strict=True)),
            sum(abs((day - to).days) for day, to in zip(strays, chosen, strict=True)),
        )
        for chosen in permutations(empty, len(strays))
    )


def _late(asked: Sequence[Asked], visits: Sequence[PlannedVisit]) -> int:
    total = 0
    for (step, _, main), visit in zip(asked, visits, strict=True):
        if step.window is None or main is None:
            continue
        before = visits[main]
        days = (visit.on - before.on).days
        minutes = days * 1440 + (visit.end_cell - before.end_cell) * CELL_MIN
        total += max(0, -(-(minutes - step.window.soft_h * 60) // 60))
    return total


def _gaps(asked: Sequence[Asked], visits: Sequence[PlannedVisit], first_on: date) -> int:
    mains = [(s, i, v) for (s, i, m), v in zip(asked, visits, strict=True) if m is None]
    total = (mains[0][2].on - first_on).days if mains else 0
    for (_, _, before), (step, index, visit) in pairwise(mains):
        gap = step.first_gap_days if index == 0 and step.first_gap_days else step.gap_days
        total += max(0, (visit.on - before.on).days - gap.ideal) if gap else 0
    return total


def _deviation(starts: Sequence[int], preferred_min: int | None, tolerance_min: int) -> int:
    if preferred_min is None:
        return 0
    wished, tolerance = preferred_min // CELL_MIN, tolerance_min // CELL_MIN
    return sum(max(0, abs(start - wished) - tolerance) for start in starts)


def _changes(
    asked: Sequence[Asked],
    visits: Sequence[PlannedVisit],
    kinds: Mapping[str, VisitKind],
    world: World,
    pool: str | None,
) -> int:
    known = world.continuity.get(pool or "")
    total = 0
    for (step, index, _), visit in zip(asked, visits, strict=True):
        rules = (*kinds[kind_key(step, index)].requirements, *step.add_requirements)
        names = {r.id for r in rules if r.continuity and r.pool == pool and r.mode is Mode.SEAT}
        holds = [hold for hold in visit.holds if hold.requirement in names]
        if holds:
            total += known is not None and holds[0].resource_id != known
            known = holds[0].resource_id
    return total


def _fragments(
    asked: Sequence[Asked],
    visits: Sequence[PlannedVisit],
    kinds: Mapping[str, VisitKind],
    world: World,
) -> int:
    total = 0
    for (step, index, _), visit in zip(asked, visits, strict=True):
        rules = (*kinds[kind_key(step, index)].requirements, *step.add_requirements)
        names = [r.id for r in rules if r.resource_kind and r.mode is Mode.SEAT]
        first = next((h for name in names for h in visit.holds if h.requirement == name), None)
        total += 0 if first is None else _holes(first, visit, world)
    return total


def _holes(hold: Hold, visit: PlannedVisit, world: World) -> int:
    """Return how many short runs of free cells lie beside the booking of a room or device."""
    same = [
        other
        for other in visit.holds
        if (other.requirement, other.resource_id) == (hold.requirement, hold.resource_id)
    ]
    day = world.days[visit.on][hold.resource_id]
    free = day.open & day.free[max(other.seats for other in same) - 1]
    low = min(other.from_cell for other in same)
    high = max(other.to_cell for other in same)
    before = after = 0
    while before < low and free >> (low - before - 1) & 1:
        before += 1
    while free >> (high + after) & 1:
        after += 1
    return (0 < before < HOLE_CELLS) + (0 < after < HOLE_CELLS)
