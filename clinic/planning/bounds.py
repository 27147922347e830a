"""Bounds: between which days each visit of a phase lies in any plan that ends the phase best.

The earliest days come from taking the first possible day again and again, the latest from doing
the same backwards from the day on which such a plan ends.
"""

from collections.abc import Sequence
from itertools import combinations

from clinic.planning.grid import Grid
from clinic.planning.slots import Slot
from clinic.planning.weeks import WEEK, off_pattern
from clinic.rules.steps import Anchor, Starts

FOR_EVER = 1 << 20
MAX_WAIT_DAYS = 90  # how far the search looks where no rule sets a longest gap


class Bounds:
    """The days each slot of the present phase may take."""

    def __init__(self, grid: Grid, *, pins: bool = False) -> None:
        """Start without bounds; with `pins` slots are held to their week and its best days."""
        self.grid = grid
        self.pins = pins
        self.pinned = False
        self._days: dict[int, range] = {}
        self._prefixes: dict[int, frozenset[int]] = {}

    def days(self, at: int) -> range:
        """Return the days a slot may take."""
        return self._days.get(at, range(FOR_EVER))

    def prefixes(self, at: int) -> frozenset[int] | None:
        """Return the days of its week that may be taken up to this slot; None where any may."""
        return self._prefixes.get(at)

    def enter_phase(self, at: int, ends: Sequence[tuple[int, int]]) -> None:
        """Work out the bounds of the phase that begins with this slot.

        `ends` are the last day so far and the day the next gap counts from, of each plan.
        """
        slots = self.grid.slots
        phase = [i for i in range(at, len(slots)) if slots[i].phase == slots[at].phase]
        if any(slots[i].main is not None for i in phase):
            return
        chains = [self.earliest(phase, *end) for end in ends]
        found = [chain for chain in chains if len(chain[0]) == len(phase)]
        if not found:
            return
        early = [min(days) for days in zip(*(chain[0] for chain in found), strict=True)]
        kept = [chain[0][-1] for chain in found if chain[1]]
        late = self._latest(phase, self._week_end(phase[-1], min(kept))) if kept else None
        for place, i in enumerate(phase):
            self._days[i] = range(early[place], FOR_EVER if late is None else late[place] + 1)
        if self.pins and (early, True) in found:
            self._pin(phase, early)

    def _pin(self, phase: list[int], early: list[int]) -> None:
        """Hold each slot to the week of its earliest day and to the week's best sets of days.

        Where the earliest days make a whole plan, no plan has an earlier week for any visit, so
        the best plans have just these weeks; and as weeks are off their weekdays independently
        of one another, a plan whose every week is as little off as it can be is best.
        """
        slots, frames = self.grid.slots, self.grid.frames
        if any(slots[i].pattern is None or slots[i].every != 1 for i in phase):
            return
        weeks: dict[tuple[str, int], list[int]] = {}
        for i, day in zip(phase, early, strict=True):
            weeks.setdefault((slots[i].step.key, frames[i].of(day).week), []).append(i)
        for mine in weeks.values():
            sets = best_sets(self.grid, mine, early[mine[0] - phase[0]])
            for place, i in enumerate(mine):
                self._prefixes[i] = frozenset(
                    sum(1 << at for at in days[: place + 1]) for days in sets
                )
            first = frames[mine[0]].of(early[mine[0] - phase[0]]).first
            for i in mine:
                held = self._days[i]
                self._days[i] = range(max(held.start, first), min(held.stop, first + WEEK))
        self.pinned = True

    def _week_end(self, at: int, day: int) -> int:
        """Return the day, or for a phase with pattern days the last day of its anchor week."""
        if self.grid.slots[at].pattern is None:
            return day
        return self.grid.frames[at].of(day).first + WEEK - 1

    def earliest(self, phase: Sequence[int], last: int, base: int) -> tuple[list[int], bool]:
        """Return the earliest days of these slots, and whether no gap among them is too long.

        The list stops before the first slot that has no day within MAX_WAIT_DAYS.
        """
        days: list[int] = []
        keeps_gaps = True
        for at in phase:
            low, high = reach(self.grid, at, last, base)
            day = low
            while day <= low + MAX_WAIT_DAYS and not self._possible(at, day, days):
                day += 1
            if day > low + MAX_WAIT_DAYS:
                return days, keeps_gaps
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
        frame = grid.frames[at].of(day)
        used = 0
        for one in reversed(days[len(days) - slot.index :] if slot.index else []):
            week = grid.frames[at].of(one).week
            if week != frame.week:
                if not used and frame.week - week < slot.every:
                    return False
                break
            used += 1
        return used < frame.cap

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
            weeks.append((slot.step.key, grid.frames[at].of(day).week))
            least = slot.gap.least if slot.gap is not None else 0 if slot.shares_day else 1
            day -= max(least, 0 if slot.shares_day else 1)
        return days[::-1]

    def _possible_before(self, slot: Slot, at: int, day: int, weeks: list[tuple[str, int]]) -> bool:
        if not self.grid.options(at, day).any:
            return False
        if slot.limit is None or slot.step.anchor is Anchor.NONE:
            return True
        frame = self.grid.frames[at].of(day)
        week = frame.week
        if weeks and weeks[-1][0] == slot.step.key and 0 < weeks[-1][1] - week < slot.every:
            return False
        return weeks.count((slot.step.key, week)) < frame.cap


def sure_prefix(grid: Grid) -> int | None:
    """Return how many visits can be placed, where taking the earliest days already tells.

    It tells when those days keep every longest gap and the first visit without a day has none up
    to the end of the calendar: no plan has it earlier. None where it does not tell.
    """
    slots = grid.slots
    if any(slot.main is not None or slot.every != 1 or slot.shares_day for slot in slots):
        return None
    days, keeps_gaps = Bounds(grid).earliest(range(len(slots)), -1, -1)
    if len(days) == len(slots) or not keeps_gaps:
        return None
    last = days[-1] if days else -1
    low, _ = reach(grid, len(days), last, last)
    end = max(grid.world.days, default=grid.first_on)
    return len(days) if grid.date_of(low + MAX_WAIT_DAYS) >= end else None


def best_sets(grid: Grid, mine: Sequence[int], early: int) -> list[tuple[int, ...]]:
    """Return the sets of days of one week, for these slots of it, that are least off the pattern.

    Days are bits of the week; `early` is the first day that the first of the slots may take.
    """
    frame = grid.frames[mine[0]].of(early)
    lead = early - frame.first
    days = [at for at in range(lead, WEEK) if grid.options(mine[-1], frame.first + at).any]
    days += [at for at in range(lead, WEEK) if grid.options(mine[0], frame.first + at).any]
    wished = [at for at in days if frame.mask >> at & 1]
    for among in (wished, days):
        sets = [
            chosen
            for chosen in combinations(sorted(set(among)), len(mine))
            if all(
                grid.options(i, frame.first + at).any for i, at in zip(mine, chosen, strict=True)
            )
        ]
        if sets:
            offs = [off_pattern(sum(1 << at for at in chosen), frame.mask) for chosen in sets]
            least = min((off.visits, off.earlier, off.days) for off in offs)
            return [
                chosen
                for chosen, off in zip(sets, offs, strict=True)
                if (off.visits, off.earlier, off.days) == least
            ]
    return []


def reach(grid: Grid, at: int, last_day: int, base: int) -> tuple[int, int]:
    """Return the first and last day an unlinked slot may take after the visits before it."""
    slot = grid.slots[at]
    if last_day < 0:
        return 0, MAX_WAIT_DAYS
    low, high = last_day + (0 if slot.shares_day else 1), base + MAX_WAIT_DAYS
    if slot.gap is not None:
        low, high = max(low, base + slot.gap.least), base + slot.gap.most
    if slot.starts is Starts.NEXT_ANCHOR_WEEK and slot.is_first_of_step:
        low = max(low, grid.frames[at].of(last_day).first + WEEK)
    return low, high
