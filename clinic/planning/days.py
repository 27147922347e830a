"""The day-level pass: which days each visit may take in a plan that is best by days and weeks.

A layered shortest path. A node is a day of a slot with what the next visit must know of it; the
result keeps every node and edge that lies on a best path.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from clinic.planning.bounds import FOR_EVER, Bounds, reach
from clinic.planning.costs import Packing
from clinic.planning.grid import Grid
from clinic.planning.slots import Slot
from clinic.planning.weeks import off_pattern
from clinic.rules.steps import Anchor


class Node(NamedTuple):
    """A day for a slot; a tuple, because nodes are looked up far more often than anything else.

    `used` are the days of its anchor week taken by its step so far; `main_day`, `mains` and
    `late_h` are those of the visit it is linked to: its day, the starts still possible, lateness.
    `spent` is what the visits so far have taken of a budget, where there is one.
    """

    day: int
    used: int = 0
    main_day: int = -1
    mains: int = 0
    late_h: int = 0
    spent: tuple[int, int, int] = (0, 0, 0)

    @property
    def base(self) -> int:
        """Return the day that the next unlinked visit's gap counts from."""
        return self.day if self.main_day < 0 else self.main_day


START = Node(day=-1)


@dataclass(slots=True)
class Layers:
    """Best costs by layer and node, and the nodes before each that reach it at that cost."""

    costs: list[dict[Node, int]] = field(default_factory=list)
    before: list[dict[Node, list[Node]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Limits:
    """How a pass is trimmed.

    By bounds and by phase, held to the best weeks (`pins`), days of gap allowed, lateness allowed
    (`each_late`: by every number of hours, not only where more hours leave more starts).
    """

    by_phase: bool
    most_gap: int | None
    allow_late: bool
    pins: bool = False
    each_late: bool = False


class DayPass:
    """One layered pass over the days of a course."""

    def __init__(self, grid: Grid, packing: Packing, limits: Limits, *, near: bool) -> None:
        """Keep the question; `near` adds the least deviation from the wished hour of each day."""
        self.grid = grid
        self.slots = grid.slots
        self.packing = packing
        self.limits = limits
        self.near = near
        self.layers = Layers()
        self.bounds = Bounds(grid, pins=limits.pins)

    def run(self) -> bool:
        """Fill the layers and say whether every slot found a day; stops at the first empty one."""
        here: dict[Node, int] = {START: 0}
        window: range | None = None
        for at, slot in enumerate(self.slots):
            if self.limits.by_phase and (at == 0 or self.slots[at - 1].phase != slot.phase):
                self.bounds.enter_phase(at, [(node.day, node.base) for node in here])
            window = self.bounds.days(at) if self.limits.by_phase else None
            here = self._step(at, here, window)
            if not here:
                return False
            if self.limits.by_phase and slot.is_last_of_phase:
                here = self._best_of_phase(here, slot.phase)
        return True

    def _step(self, at: int, here: dict[Node, int], window: range | None) -> dict[Node, int]:
        costs: dict[Node, int] = {}
        before: dict[Node, list[Node]] = {}
        for node, cost in here.items():
            for after, extra in self.edges(at, node, window):
                total = cost + extra
                known = costs.get(after)
                if known is None or total < known:
                    if self._too_wide(total):
                        continue
                    costs[after], before[after] = total, [node]
                elif total == known:
                    before[after].append(node)
        self.layers.costs.append(costs)
        self.layers.before.append(before)
        return costs

    def _too_wide(self, cost: int) -> bool:
        most = self.limits.most_gap
        return most is not None and self.packing.read(cost, "gap") > most

    def _best_of_phase(self, here: dict[Node, int], phase: int) -> dict[Node, int]:
        best = min(self.packing.phase_prefix(cost, phase) for cost in here.values())
        kept = {
            node: cost
            for node, cost in here.items()
            if self.packing.phase_prefix(cost, phase) == best
        }
        self.layers.costs[-1] = kept
        return kept

    def edges(self, at: int, node: Node, window: range | None) -> Iterator[tuple[Node, int]]:
        """Yield the days the slot may take after a node, each with its packed cost."""
        if self.slots[at].main is not None:
            yield from self._linked_edges(at, node, FOR_EVER if window is None else window.stop - 1)
        else:
            yield from self._main_edges(at, node, window)

    def _main_edges(self, at: int, node: Node, window: range | None) -> Iterator[tuple[Node, int]]:
        slot, before = self.slots[at], self.slots[at - 1] if at else None
        low, high = reach(self.grid, at, node.day, node.base)
        if window is not None:
            low, high = max(low, window.start), min(high, window.stop - 1)
        if self.limits.most_gap is not None:
            high = min(high, self._last_day(slot, node))
        same_step = before is not None and not slot.is_first_of_step
        prefixes = self.bounds.prefixes(at)
        for day in range(low, high + 1):
            options = self.grid.options(at, day)
            if not options.any or (day == node.day and not self._fits_after(at, day)):
                continue
            used = self._used(at, node, day, same_step=same_step)
            if used is None or (prefixes is not None and used not in prefixes):
                continue
            cost = self._main_cost(at, node, day, used, same_step=same_step)
            if self.near:
                cost += self.grid.nearest(options.any) * self.packing.one("near")
            yield Node(day, used), cost

    def _last_day(self, slot: Slot, node: Node) -> int:
        """Return the last day that the days of gap allowed in all could reach."""
        most = self.limits.most_gap or 0
        if node is START:
            return most
        return FOR_EVER if slot.gap is None else node.base + slot.gap.ideal + most

    def _fits_after(self, at: int, day: int) -> bool:
        """Say whether the slot can follow the slot before it on one day."""
        first, second = self.grid.options(at - 1, day).any, self.grid.options(at, day).any
        earliest = (first & -first).bit_length() - 1
        before = self.slots[at - 1]
        return bool(second >> (earliest + before.length + before.turnover))

    def _used(self, at: int, node: Node, day: int, *, same_step: bool) -> int | None:
        """Return the days used in the week with this one, 0 where nobody asks, None over limit.

        Without pattern days only their number matters: so many low bits.
        """
        slot = self.slots[at]
        if slot.limit is None or slot.step.anchor is Anchor.NONE:
            return 0
        if slot.pattern is None and slot.every == 1 and slot.limit >= len(slot.step.days_allowed):
            return 0
        frames = self.grid.frames[at]
        frame = frames.of(day)
        bit = frame.bit if slot.pattern is not None else 1
        if same_step:
            last = frames.of(node.base).week
            if last == frame.week:
                used = node.used | bit if slot.pattern is not None else node.used << 1 | 1
                return used if used.bit_count() <= frame.cap else None
            if frame.week - last < slot.every:
                return None
        return bit if frame.cap else None

    def _main_cost(self, at: int, node: Node, day: int, used: int, *, same_step: bool) -> int:
        slot, one = self.slots[at], self.packing.one
        cost = 0
        if node is START:
            cost += day * one("gap")
        elif slot.gap is not None and day - node.base > slot.gap.ideal:
            cost += (day - node.base - slot.gap.ideal) * one("gap")
        if slot.pattern is not None:
            frame = self.grid.frames[at].of(day)
            cost += frame.week * one("filled", slot.phase)
            if same_step and self.grid.frames[at].of(node.base).week != frame.week:
                cost += self._off_cost(at, node.base, node.used)
            if slot.is_last_of_step:
                cost += self._off_cost(at, day, used)
        return cost + self._end_cost(at, day)

    def _end_cost(self, at: int, day: int) -> int:
        slot = self.slots[at]
        if not slot.is_last_of_phase:
            return 0
        if self.packing.patterned[slot.phase]:
            return self.grid.frames[at].of(day).week * self.packing.one("week", slot.phase)
        return day * self.packing.one("day", slot.phase)

    def _off_cost(self, at: int, day: int, used: int) -> int:
        slot = self.slots[at]
        off = off_pattern(used, self.grid.frames[at].of(day).mask)
        one = self.packing.one
        if not off.visits:
            return 0
        return (
            off.visits * one("off", slot.phase)
            + off.earlier * one("earlier", slot.phase)
            + off.days * one("moved", slot.phase)
        )

    def _linked_edges(self, at: int, node: Node, last: int) -> Iterator[tuple[Node, int]]:
        slot = self.slots[at]
        window = slot.window
        if window is None:
            return
        main_day, mains = node.base, node.mains if node.main_day >= 0 else -1
        hours = range(window.hard_h - window.soft_h + 1) if self.limits.allow_late else range(1)
        for day in range(node.day + 1, min(last, main_day + window.hard_h // 24 + 2) + 1):
            if not self.grid.options(at, day).any:
                continue
            known = 0
            for late_h in hours:
                left = mains & self.grid.linked(at, main_day, day, late_h)
                if left != known or (left and self.limits.each_late):
                    known = left
                    cost = late_h * self.packing.one("late") + self._end_cost(at, day)
                    yield Node(day, node.used, main_day, left, late_h), cost
