"""Three plans of a course: the earliest, the one with the steadiest hour, the fewest changes.

The second and third may end some days later than the first (the protocol's slack), with no more
visits off their weekdays, hours late after a linked visit and days above the ideal gaps. Each is
best by its own term first and by the rest of the protocol's order after that; with the steadiest
hour the distance to the wished hour comes second, before the days. One that is not better than
the first in its own term by what the protocol calls visible is left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clinic.planning.costs import TIME_TERMS, WIDTH, Packing, time_weights
from clinic.planning.courses import Plan, Solved, finished, solved
from clinic.planning.fewest import fewest_changes
from clinic.planning.hours import Chosen
from clinic.planning.steadiest import steadiest_choice
from clinic.planning.steady import drift_of
from clinic.planning.terms import changes, gap_days, late_hours, week_offs
from clinic.planning.wishes import Wishes
from clinic.planning.within import Budget, DayGraph, days_within
from clinic.planning.world import World, cells_of
from clinic.rules.protocols import Objective, Protocol
from clinic.rules.visit_kinds import VisitKind
from clinic.rules.wall_days import CELL_MIN

Weights = Mapping[Objective, int]
STEADY = (Objective.DRIFT, Objective.PREFERRED_TIME)  # what comes first in the steadiest plan


class Choice(StrEnum):
    """What a plan is best in."""

    EARLIEST = "earliest"
    STEADIEST = "steadiest"
    FEWEST_CHANGES = "fewest_changes"


class Trait(StrEnum):
    """What can be said of a plan beside the others."""

    SAME_HOUR = "same_hour"
    HOUR_MOVES = "hour_moves"
    ENDS_LATER = "ends_later"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that sets a plan apart.

    same_hour: `amount` of `of` visits start at minute `at_min` of the day; hour_moves: the hour
    moves by `amount` minutes in all; ends_later: `amount` days after the first plan (below 0:
    before it); changes: `amount` times in `of` visits another member of `pool` serves the patient.
    """

    trait: Trait
    amount: int
    of: int = 0
    at_min: int = 0
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan that can be chosen, what it is best in, and what sets it apart."""

    choice: Choice
    plan: Plan
    facts: tuple[Fact, ...]


def plan_three(
    protocol: Protocol, kinds: Mapping[str, VisitKind], world: World, wishes: Wishes
) -> tuple[Offer, ...]:
    """Return the earliest plan, and after it those of the other two that are visibly better."""
    first = solved(protocol, kinds, world, wishes)
    if isinstance(first, Plan):
        return (Offer(Choice.EARLIEST, first, ()),)
    aim = protocol.objective
    steadier = drift_of(first.chosen) - max(1, cells_of(aim.visible_drift_min))
    fewer = changes(first.grid, first.chosen) - max(1, aim.visible_changes)
    found = [(Choice.EARLIEST, first)]
    if steadier < 0 and fewer < 0:
        return _offers(found)
    days = allowed_days(protocol, first)
    if steadier >= 0:
        other = steadiest_plan(protocol, first, days)
        if drift_of(other.chosen) <= steadier:
            found.append((Choice.STEADIEST, other))
    if fewer >= 0:
        other = fewest_plan(protocol, first, days)
        new = all(other.plan.visits != known.plan.visits for _, known in found)
        if new and changes(first.grid, other.chosen) <= fewer:
            found.append((Choice.FEWEST_CHANGES, other))
    return _offers(found)


def _offers(found: Sequence[tuple[Choice, Solved]]) -> tuple[Offer, ...]:
    first = found[0][1]
    return tuple(Offer(choice, one.plan, facts_of(one, first)) for choice, one in found)


def allowed_days(protocol: Protocol, first: Solved) -> DayGraph:
    """Return every way to lay the course on days within the bounds that its first plan sets."""
    aim = protocol.objective
    return days_within(first.grid, aim.term_order, budget_of(first, aim.slack_days))


def budget_of(first: Solved, slack_days: int) -> Budget:
    """Return what another plan may take, given the first."""
    grid, chosen = first.grid, first.chosen
    phases = {slot.phase for slot in grid.slots}
    off = sum(off.visits for p in phases for off in week_offs(grid, chosen, p).values())
    spent = off, sum(late_hours(grid, chosen)), sum(gap_days(grid, chosen))
    return Budget(chosen[-1].day + slack_days, spent)


def steadiest_plan(protocol: Protocol, first: Solved, days: DayGraph | None = None) -> Solved:
    """Return the plan with the least drift, then nearest to the wished hour, then best in order."""
    days = days or allowed_days(protocol, first)
    grid, order = first.grid, protocol.objective.term_order
    weights, toll = own_weights(days.packing, order, STEADY)
    chosen = steadiest_choice(grid, days, weights, toll)
    return _solved(protocol, first, chosen)


def fewest_plan(protocol: Protocol, first: Solved, days: DayGraph | None = None) -> Solved:
    """Return the plan with the fewest changes, then best in the order of the protocol."""
    days = days or allowed_days(protocol, first)
    order = protocol.objective.term_order
    weights, toll = own_weights(days.packing, order, (Objective.CHANGES,))
    rest = [term for term in order if term in TIME_TERMS and term is not Objective.CHANGES]
    near = rest[:1] == [Objective.PREFERRED_TIME]
    chosen = fewest_changes(first.grid, days, weights, toll, near=near)
    return _solved(protocol, first, chosen)


def own_weights(
    packing: Packing, order: Sequence[Objective], own: Sequence[Objective]
) -> tuple[Weights, int]:
    """Return the weights with these terms before all others, and that of one unit of days' cost."""
    rest = [term for term in order if term in TIME_TERMS and term not in own]
    unit = 1 << (WIDTH * (len(rest) + 1))
    first = {term: weight * (unit << packing.width) for term, weight in time_weights(own).items()}
    return {**time_weights(rest), **{term: first[term] for term in own}}, unit


def _solved(protocol: Protocol, first: Solved, chosen: Sequence[Chosen]) -> Solved:
    order, known = protocol.objective.term_order, first.plan
    plan = finished(first.grid, order, chosen, known.unplaced, known.first_impossible)
    return Solved(plan, first.grid, tuple(chosen))


def facts_of(one: Solved, first: Solved) -> tuple[Fact, ...]:
    """Return what sets a plan apart from the first."""
    grid, mine = one.grid, one.chosen
    starts = Counter(visit.start for visit in mine)
    start, count = max(starts.items(), key=lambda item: (item[1], -item[0]))
    found = [
        Fact(Trait.SAME_HOUR, count, len(mine), start * CELL_MIN),
        Fact(Trait.HOUR_MOVES, drift_of(mine) * CELL_MIN),
        Fact(Trait.ENDS_LATER, mine[-1].day - first.chosen[-1].day),
    ]
    pools = [
        slot.shape.needs[slot.shape.followed].requirement.pool
        for slot in grid.slots
        if slot.shape.followed is not None
    ]
    if pools:
        found.append(Fact(Trait.CHANGES, changes(grid, mine), len(pools), pool=pools[0]))
    return tuple(found)
