"""Plans of whole courses: every visit placed, best by the protocol's terms, nothing written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from clinic.planning.bounds import reach, sure_prefix
from clinic.planning.costs import DAY_TERMS, TIME_TERMS, Packing
from clinic.planning.days import START, DayPass, Limits, Node
from clinic.planning.explain import day_reason
from clinic.planning.grid import Grid
from clinic.planning.hours import Chosen
from clinic.planning.refusals import Code, Impossible, Reason, Refusal, Warning_
from clinic.planning.slots import (
    Slot,
    count_of,
    every_of,
    places_of,
    slots_of,
    truncated,
    weekly_choices,
)
from clinic.planning.steady import best_hours
from clinic.planning.terms import Term, terms_of, warnings_of
from clinic.planning.visits import Hold, PlannedVisit, choose, holds_of
from clinic.planning.wishes import Wishes
from clinic.planning.world import World
from clinic.rules.protocols import Objective, Protocol
from clinic.rules.visit_kinds import Place, VisitKind

__all__ = [
    "Hold",
    "Impossible",
    "Plan",
    "PlannedVisit",
    "Reason",
    "Refusal",
    "Term",
    "Warning_",
    "Wishes",
    "plan_course",
]

GAP_BUDGETS = (0, 1, 3, 7, 15, 31)  # widening the search; the first that succeeds is exact


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: its visits in time order, the objective's terms in the protocol's order.

    With visits left out, `unplaced` counts them and `first_impossible` says what blocks the first.
    """

    visits: tuple[PlannedVisit, ...]
    terms: tuple[Term, ...]
    warnings: tuple[Warning_, ...]
    unplaced: int
    first_impossible: Impossible | None


@dataclass(frozen=True, slots=True)
class Solved:
    """A plan with the grid it was found on and what was chosen for each slot."""

    plan: Plan
    grid: Grid
    chosen: tuple[Chosen, ...]


def plan_course(
    protocol: Protocol, kinds: Mapping[str, VisitKind], world: World, wishes: Wishes
) -> Plan:
    """Return the best plan of the course: the longest placeable prefix if it has to be cut."""
    found = solved(protocol, kinds, world, wishes)
    return found.plan if isinstance(found, Solved) else found


def solved(
    protocol: Protocol, kinds: Mapping[str, VisitKind], world: World, wishes: Wishes
) -> Solved | Plan:
    """Return the best plan of the course with what other plans of it can be looked for on.

    A bare plan has no visits: the question is refused, or not one visit finds a place.
    """
    refused = _refused(protocol, kinds, wishes)
    if refused is not None:
        count = sum(count_of(s, wishes) for s in protocol.steps)
        return Plan((), (), (), count, refused)
    first_on = first_day(protocol, wishes)
    slots = slots_of(protocol, kinds, world, wishes, first_on.weekday())
    if not slots:
        nothing = Impossible("", 0, None, None, (Reason(Code.NOTHING_TO_PLAN),))
        return Plan((), (), (), 0, nothing)
    tolerance = protocol.objective.tolerance_min
    if wishes.tolerance_min is not None:
        tolerance = wishes.tolerance_min
    order = protocol.objective.term_order
    grid = Grid(slots, world, wishes, first_on, tolerance // 5)
    chosen, placed = best_choice(grid, order)
    if chosen:
        return Solved(finished(grid, order, chosen, 0, None), grid, tuple(chosen))
    kept = grid.shortened(truncated(slots, placed))
    chosen = best_choice(kept, order)[0] if placed else []
    blocked = _impossible(grid, placed, chosen)
    missing = sum(slot.block.visits for slot in slots[len(chosen) :])
    plan = finished(kept, order, chosen, missing, blocked)
    return Solved(plan, kept, tuple(chosen)) if chosen else plan


def first_day(protocol: Protocol, wishes: Wishes) -> date:
    """Return the first day the course may begin on: the wished one or the next possible weekday."""
    allowed = protocol.steps[0].days_allowed
    if wishes.weekdays is not None and wishes.weekdays & allowed:
        allowed = allowed & wishes.weekdays
    return next(
        day
        for ahead in range(7)
        if (day := wishes.start_on + timedelta(days=ahead)).weekday() in allowed
    )


def _refused(
    protocol: Protocol, kinds: Mapping[str, VisitKind], wishes: Wishes
) -> Impossible | None:
    """Return why this cannot be planned at all, before anything is looked up."""
    for step in protocol.steps:
        count = count_of(step, wishes)
        most = step.count.most
        if count < step.count.least or (most is not None and count > most):
            return Impossible(step.key, 0, None, None, (Reason(Code.COUNT_OUT_OF_RANGE),))
        if every_of(step, wishes) not in step.every_weeks.options:
            return Impossible(step.key, 0, None, None, (Reason(Code.EVERY_NOT_OFFERED),))
        if step.per_day.most > 1 and step.first_visit is not None:
            return Impossible(step.key, 0, None, None, (Reason(Code.NOT_SUPPORTED_YET),))
    offered = weekly_choices(protocol)
    wished = {**dict.fromkeys(list(offered)[:1], wishes.per_week), **wishes.weekly}
    if any(n is not None and n not in offered.get(key, ()) for key, n in wished.items()):
        return Impossible("", 0, None, None, (Reason(Code.PER_WEEK_NOT_OFFERED),))
    if wishes.place not in (Place.ROOM, *places_of(protocol.steps, kinds)):
        return Impossible("", 0, None, None, (Reason(Code.PLACE_NOT_OFFERED),))
    ranks = [
        [Objective.UNPLACED, *DAY_TERMS, *TIME_TERMS].index(term)
        for term in protocol.objective.term_order
    ]
    is_day = [rank <= len(DAY_TERMS) for rank in ranks]
    if is_day != sorted(is_day, reverse=True):
        return Impossible("", 0, None, None, (Reason(Code.TERM_ORDER),))
    return None


def best_choice(grid: Grid, order: Sequence[Objective]) -> tuple[list[Chosen], int]:
    """Return the best day, start and member of every slot, and how many slots can be placed.

    The list is empty when they do not all fit.
    """
    has_links = any(slot.main is not None for slot in grid.slots)
    time_terms = [term for term in order if term in TIME_TERMS]
    apart = not has_links and not any(slot.shares_day for slot in grid.slots)
    near = apart and time_terms[:1] == [Objective.PREFERRED_TIME]
    packing = Packing(order, grid.slots)
    placed = len(grid.slots)
    for limits in _tries(order, has_links=has_links):
        days = DayPass(grid, packing, limits, near=near)
        if days.run():
            return best_hours(grid, best_graph(days), order, near=near), placed
        sure = sure_prefix(grid) if limits.pins else None
        if sure is not None:
            return [], sure
        placed = sum(bool(costs) for costs in days.layers.costs)
    return [], placed


def _tries(order: Sequence[Objective], *, has_links: bool) -> list[Limits]:
    """Return the passes to try, narrow ones first; the first that succeeds gives the optimum.

    The last has no limits: when it fails too, it has placed as many visits as can be placed.
    """
    wide = Limits(by_phase=False, most_gap=None, allow_late=True)
    day_terms = [term for term in order if term in DAY_TERMS]
    if day_terms[:1] == [Objective.GAP]:
        narrow = [Limits(by_phase=False, most_gap=most, allow_late=False) for most in GAP_BUDGETS]
        return [*narrow, Limits(by_phase=False, most_gap=None, allow_late=False), wide]
    if day_terms[:1] == [Objective.PHASE_ENDS] and not has_links:
        bounded = Limits(by_phase=True, most_gap=None, allow_late=False)
        return [replace(bounded, pins=True), bounded, wide]
    return [wide]


def best_graph(days: DayPass) -> list[dict[Node, list[Node]]]:
    """Return the nodes of the best paths by layer, each with the nodes before it."""
    last = days.layers.costs[-1]
    best = min(last.values())
    wanted = {node for node, cost in last.items() if cost == best}
    graph: list[dict[Node, list[Node]]] = []
    for before in reversed(days.layers.before):
        layer = {node: before[node] for node in sorted(wanted, key=lambda n: (n.day, n.used))}
        graph.append(layer)
        wanted = {node for nodes in layer.values() for node in nodes if node is not START}
    return graph[::-1]


def finished(
    grid: Grid,
    order: Sequence[Objective],
    chosen: Sequence[Chosen],
    unplaced: int,
    blocked: Impossible | None,
) -> Plan:
    """Return the plan of what was chosen, its resources named and its terms stated."""
    visits = tuple(
        named_visit(grid, grid.slots[at], one, start)
        for at, one in enumerate(chosen)
        for start in grid.starts(at, one.day, one.start, one.member)
    )
    terms = terms_of(grid, order, chosen, unplaced)
    return Plan(visits, terms, warnings_of(grid, chosen), unplaced, blocked)


def named_visit(grid: Grid, slot: Slot, one: Chosen, start: int) -> PlannedVisit:
    """Return the visit of a slot that starts then, with every resource named."""
    shape, on = slot.shape, grid.date_of(one.day)
    prefer: dict[str, int] = {}
    for index, need in enumerate(shape.needs):
        known = grid.world.continuity.get(need.requirement.pool)
        member = one.member if index == shape.followed else known
        if need.requirement.continuity and member is not None:
            prefer[need.requirement.id] = member
    chosen = choose(shape, grid.world, grid.world.days[on], start, prefer=prefer)
    return PlannedVisit(
        step_key=slot.step.key,
        phase=slot.step.phase,
        kind_key=slot.kind.key,
        on=on,
        start_cell=start,
        length_cells=slot.length,
        place=slot.place,
        holds=holds_of(shape, grid.world, chosen, start),
    )


def _impossible(grid: Grid, placed: int, chosen: Sequence[Chosen]) -> Impossible:
    """Return the first visit without a place, and what blocks it on the days it might take."""
    slot = grid.slots[placed]
    last = chosen[-1].day if chosen else -1
    if slot.main is not None and slot.window is not None:
        base = chosen[slot.main].day
        low, high = last + 1, base + slot.window.hard_h // 24 + 2
    else:
        mains = [one.day for one, s in zip(chosen, grid.slots, strict=False) if s.main is None]
        low, high = reach(grid, placed, last, mains[-1] if mains else -1)
    met: Counter[tuple[Code, str | None, int | None]] = Counter()
    for day in range(low, high + 1):
        if grid.weekday(day) not in slot.step.days_allowed:
            continue
        reason = day_reason(slot.shape, grid.world, grid.date_of(day), grid.wishes)
        found = reason or Reason(_course_rule(grid, placed, day))
        met[found.code, found.requirement, found.resource_id] += 1
    reasons = tuple(Reason(*key, days=days) for key, days in met.most_common())
    before = [one for one in grid.slots[:placed] if one.step.key == slot.step.key]
    number = sum(one.block.visits for one in before) + 1
    if not reasons:
        reasons = (Reason(Code.GAP_ABOVE_MAXIMUM),)
    return Impossible(slot.step.key, number, grid.date_of(low), grid.date_of(high), reasons)


def _course_rule(grid: Grid, slot: int, day: int) -> Code:
    """Return which rule of the course keeps a slot from a day on which a visit could be held."""
    if not grid.options(slot, day).any:
        return Code.DAY_BLOCK
    return Code.WEEKLY_LIMIT if grid.slots[slot].main is None else Code.WINDOW_AFTER_VISIT
