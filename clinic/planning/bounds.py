"""Bounds: between which days each visit of a phase lies in any plan that ends the phase best.

The earliest days come from taking the first possible day again and again, the latest from doing
the same backwards from the day on which such a plan ends.
"""

from collections.abc import Sequence

from clinic.planning.grid import Grid
from clinic.planning.slots import Slot
from clinic.planning.weeks import pattern_mask, week_of, week_start
from clinic.rules.steps import Anchor, Starts

FOR_EVER = 1 << 20
MAX_WAIT_DAYS = 90  # how far the search looks where no rule sets a longest gap


class Bounds:
    """The days each slot of the present phase may take."""

    def __init__(self, grid: Grid) -> None:
        """Start without bounds."""
        self.grid = grid
        self._days: dict[int, range] = {}

    def days(self, at: int) -> range:
        """Return the days a slot may take."""
        return self._days.get(at, range(FOR_EVER))

    def enter_phase(self, at: int, ends: Sequence[tuple[int, int]]) -> None:
        """Work out the bounds of the phase that begins with this slot.

        `ends` are the last day so far and the day the next gap counts from, of each plan.
        """
        slots = self.grid.slots
        phase = [i for i in range(at, len(slots)) if slots[i].phase == slots[at].phase]
        if any(slots[i].main is not None for i in phase):
            return
        chains = [self._earliest(phase, *end) for end in ends]
        found = [chain for chain in chains if len(chain[0]) == len(phase)]
        if not found:
            return
        early = [min(days) for days in zip(*(chain[0] for chain in found), strict=True)]
        kept = [chain[0][-1] for chain in found if chain[1]]
        late = self._latest(phase, self._week_end(phase[-1], min(kept))) if kept else None
        for place, i in enumerate(phase):
            self._days[i] = range(early[place], FOR_EVER if late is None else late[place] + 1)

    def _week_end(self, at: int, day: int) -> int:
        """Return the day, or for a phase with pattern days the last day of its anchor week."""
        slot, weekday = self.grid.slots[at], self.grid.start_weekday
        if slot.pattern is None:
            return day
        return (
            week_start(week_of(day, slot.step.anchor, weekday) + 1, slot.step.anchor, weekday) - 1
        )

    def _earliest(self, phase: list[int], last: int, base: int) -> tuple[list[int], bool]:
        """Return the earliest days of the phase, and whether no gap among them is too long."""
        days: list[int] = []
        keeps_gaps = True
        for at in phase:
            low, high = reach(self.grid, at, last, base)
            day = low
            while day <= low + MAX_WAIT_DAYS and not self._possible(at, day, days):
                day += 1
            if day > low + MAX_WAIT_DAYS:
                return days, False
            keeps_gaps = keeps_gaps and day <= high
            days.append(day)
            last = base = day
        return days, keeps_gaps

    def _possible(self, at: int, day: int, days: list[int]) -> bool:
        slot, grid = self.grid.slots[at], self.grid
        if not grid.options(at, day).any:
            return False
        if slot.limit is None or slot.step.anchor is Anchor.NONE:
            return True
        same = days[len(days) - slot.index :] if slot.index else []
        week = week_of(day, slot.step.anchor, grid.start_weekday)
        weeks = [week_of(one, slot.step.anchor, grid.start_weekday) for one in same]
        if weeks and weeks[-1] != week and week - weeks[-1] < slot.every:
            return False
        return weeks.count(week) < week_cap(slot, week, grid.start_weekday)

    def _latest(self, phase: list[int], end: int) -> list[int]:
        """Return the latest days of the phase when its last visit is on `end` at the latest."""
        days: list[int] = []
        weeks: list[tuple[str, int]] = []
        day, grid = end, self.grid
        for at in reversed(phase):
            slot = grid.slots[at]
            while day >= 0 and not self._possible_before(slot, at, day, weeks):
                day -= 1
            days.append(day)
            weeks.append((slot.step.key, week_of(day, slot.step.anchor, grid.start_weekday)))
            least = slot.gap.least if slot.gap is not None else 0 if slot.shares_day else 1
            day -= max(least, 0 if slot.shares_day else 1)
        return days[::-1]

    def _possible_before(self, slot: Slot, at: int, day: int, weeks: list[tuple[str, int]]) -> bool:
        if not self.grid.options(at, day).any:
            return False
        if slot.limit is None or slot.step.anchor is Anchor.NONE:
            return True
        week = week_of(day, slot.step.anchor, self.grid.start_weekday)
        if weeks and weeks[-1][0] == slot.step.key and 0 < weeks[-1][1] - week < slot.every:
            return False
        cap = week_cap(slot, week, self.grid.start_weekday)
        return weeks.count((slot.step.key, week)) < cap


def week_cap(slot: Slot, week: int, start_weekday: int) -> int:
    """Return how many visits of the slot's step this anchor week may hold."""
    limit = 7 if slot.limit is None else slot.limit
    if slot.pattern is None:
        return limit
    mask = pattern_mask(slot.pattern, week, slot.step.anchor, start_weekday)
    return min(limit, mask.bit_count())


def reach(grid: Grid, at: int, last_day: int, base: int) -> tuple[int, int]:
    """Return the first and last day an unlinked slot may take after the visits before it."""
    slot = grid.slots[at]
    if last_day < 0:
        return 0, MAX_WAIT_DAYS
    low, high = last_day + (0 if slot.shares_day else 1), base + MAX_WAIT_DAYS
    if slot.gap is not None:
        low, high = max(low, base + slot.gap.least), base + slot.gap.most
    if slot.starts is Starts.NEXT_ANCHOR_WEEK and slot.is_first_of_step:
        week = week_of(last_day, slot.step.anchor, grid.start_weekday) + 1
        low = max(low, week_start(week, slot.step.anchor, grid.start_weekday))
    return low, high
