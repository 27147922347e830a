"""Terms of a finished plan and what to warn of, as shown to the user."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from clinic.planning.bitsets import span
from clinic.planning.grid import CELLS_AN_HOUR, Grid
from clinic.planning.hours import Chosen
from clinic.planning.refusals import Code, Warning_
from clinic.planning.slots import first_numbers
from clinic.planning.weeks import Off, off_pattern, pattern_mask, week_of, week_start
from clinic.rules.protocols import Objective
from clinic.rules.wall_days import CELLS_A_DAY


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the objective with its integers, smaller is better.

    phase_ends: for each phase in order, the day of its last visit counted from the first possible
    day; for a phase with pattern days the anchor week of its last visit, the sum of the anchor
    weeks of its visits (as many visits as possible in a week first), visits off their weekday, of
    these moved earlier, days moved.
    gap: hours that linked visits end after their soft limit, then days above the ideal gap, the
    days by which the course starts after the wished day included. preferred_time and drift are
    in cells.
    """

    name: str
    value: tuple[int, ...]


def terms_of(
    grid: Grid, order: Sequence[Objective], chosen: Sequence[Chosen], unplaced: int
) -> tuple[Term, ...]:
    """Return the terms of a plan in the protocol's order."""
    starts = [one.start for one in chosen]
    value = {
        Objective.UNPLACED: (unplaced,),
        Objective.PHASE_ENDS: phase_ends(grid, chosen),
        Objective.GAP: (sum(late_hours(grid, chosen)), sum(gap_days(grid, chosen))),
        Objective.PREFERRED_TIME: (sum(grid.deviation(start) for start in starts),),
        Objective.DRIFT: (sum(abs(b - a) for a, b in itertools.pairwise(starts)),),
        Objective.CHANGES: (changes(grid, chosen),),
        Objective.FRAGMENTS: (fragments(grid, chosen),),
    }
    return tuple(Term(str(term), value[term]) for term in order)


def phase_ends(grid: Grid, chosen: Sequence[Chosen]) -> tuple[int, ...]:
    """Return the ends of the phases, one after another."""
    found: list[int] = []
    for phase in sorted({slot.phase for slot in grid.slots[: len(chosen)]}):
        mine = [
            (slot, one)
            for slot, one in zip(grid.slots, chosen, strict=False)
            if slot.phase == phase
        ]
        slot, last = mine[-1]
        if all(s.pattern is None for s, _ in mine):
            found.append(last.day)
            continue
        week = week_of(last.day, slot.step.anchor, grid.start_weekday)
        offs = list(week_offs(grid, chosen, phase).values())
        weeks = [
            week_of(one.day, s.step.anchor, grid.start_weekday)
            for s, one in mine
            if s.pattern is not None
        ]
        found += [
            week,
            sum(weeks),
            sum(off.visits for off in offs),
            sum(off.earlier for off in offs),
            sum(off.days for off in offs),
        ]
    return tuple(found)


def week_offs(grid: Grid, chosen: Sequence[Chosen], phase: int) -> dict[tuple[str, int], Off]:
    """Return by step and anchor week how far the visits of a phase are off their weekdays."""
    used: dict[tuple[str, int], int] = {}
    wished: dict[tuple[str, int], int] = {}
    for slot, one in zip(grid.slots, chosen, strict=False):
        if slot.phase != phase or slot.pattern is None:
            continue
        anchor = slot.step.anchor
        week = week_of(one.day, anchor, grid.start_weekday)
        bit = 1 << (one.day - week_start(week, anchor, grid.start_weekday))
        key = (slot.step.key, week)
        used[key] = used.get(key, 0) | bit
        wished[key] = pattern_mask(slot.pattern, week, anchor, grid.start_weekday)
    return {key: off_pattern(used[key], wished[key]) for key in used}


def gap_days(grid: Grid, chosen: Sequence[Chosen]) -> list[int]:
    """Return for each visit the days above its ideal gap; for the first, days after the wish."""
    found: list[int] = []
    base = 0
    for at, (slot, one) in enumerate(zip(grid.slots, chosen, strict=False)):
        if at == 0:
            found.append(one.day)
        else:
            found.append(0 if slot.gap is None else max(0, one.day - base - slot.gap.ideal))
        base = one.day if slot.main is None else base
    return found


def late_hours(grid: Grid, chosen: Sequence[Chosen]) -> list[int]:
    """Return for each visit the hours it ends after the soft limit of its window, rounded up."""
    found: list[int] = []
    for slot, one in zip(grid.slots, chosen, strict=False):
        if slot.main is None or slot.window is None:
            found.append(0)
            continue
        main = chosen[slot.main]
        end = (one.day - main.day) * CELLS_A_DAY + one.start + slot.length
        after = end - main.start - grid.slots[slot.main].length
        found.append(max(0, -(-(after - slot.window.soft_h * CELLS_AN_HOUR) // CELLS_AN_HOUR)))
    return found


def changes(grid: Grid, chosen: Sequence[Chosen]) -> int:
    """Return how many visits have another device or therapist than the visit before."""
    total, known = 0, None
    for slot, one in zip(grid.slots, chosen, strict=False):
        if slot.shape.followed is None:
            continue
        pool = slot.shape.needs[slot.shape.followed].requirement.pool
        known = grid.world.continuity.get(pool) if known is None else known
        total += known is not None and known != one.member
        known = one.member
    return total


def fragments(grid: Grid, chosen: Sequence[Chosen]) -> int:
    """Return how many new short holes the bookings leave."""
    total = 0
    for at, one in enumerate(chosen):
        options = grid.options(at, one.day)
        member = one.member if one.member in options.clean else None
        bit = span(one.start, one.start + 1)
        total += 0 if options.clean[member] & bit else 1 if options.single[member] & bit else 2
    return total


def warnings_of(grid: Grid, chosen: Sequence[Chosen]) -> tuple[Warning_, ...]:
    """Return what to show with the plan: late starts, moved pattern days, weeks that spill over."""
    found: list[Warning_] = []
    if chosen and chosen[0].day:
        found.append(Warning_(Code.STARTS_LATER, 1, chosen[0].day))
    numbers = first_numbers(grid.slots)
    for number, hours in zip(numbers, late_hours(grid, chosen), strict=False):
        if hours:
            found.append(Warning_(Code.LATE_AFTER_VISIT, number, hours))
    for number, slot, one in zip(numbers, grid.slots, chosen, strict=False):
        if slot.pattern is not None and grid.weekday(one.day) not in slot.pattern:
            found.append(Warning_(Code.OFF_PATTERN, number))
    return tuple(found) + tuple(_spilled(grid, chosen))


def _spilled(grid: Grid, chosen: Sequence[Chosen]) -> list[Warning_]:
    """Return a warning for the first visit of each short step that spills into another week."""
    found: list[Warning_] = []
    first: dict[str, int] = {}
    for number, slot, one in zip(first_numbers(grid.slots), grid.slots, chosen, strict=False):
        if slot.pattern is None or slot.limit is None:
            continue
        week = week_of(one.day, slot.step.anchor, grid.start_weekday)
        due = first.setdefault(slot.step.key, week) + slot.index // slot.limit * slot.every
        if week > due:
            found.append(Warning_(Code.WEEK_CANNOT_HOLD, number, week - due))
            first[slot.step.key] = week - slot.index // slot.limit * slot.every
    return found
