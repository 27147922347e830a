"""The grid: what each visit of one course could do on each day, worked out once when asked."""

from collections.abc import Sequence
from datetime import date, timedelta

from clinic.planning.bitsets import span
from clinic.planning.blocks import Block, block_options, starts_in_block
from clinic.planning.options import DayOptions, Shape, day_options
from clinic.planning.slots import Slot
from clinic.planning.weeks import Frames
from clinic.planning.wishes import Wishes, patient_starts
from clinic.planning.world import World, cells_of
from clinic.rules.steps import Anchor
from clinic.rules.wall_days import CELLS_A_DAY

CELLS_AN_HOUR = cells_of(60)
NOTHING = DayOptions({}, {}, {}, 0)


class Grid:
    """Days count from `first_on`, the first day on which the course may begin."""

    def __init__(
        self, slots: Sequence[Slot], world: World, wishes: Wishes, first_on: date, tolerance: int
    ) -> None:
        """Keep the question; every answer is worked out when first asked for."""
        self.slots = slots
        self.world = world
        self.wishes = wishes
        self.first_on = first_on
        self.start_weekday = first_on.weekday()
        self.tolerance = tolerance
        preferred = wishes.preferred_min
        self.preferred = None if preferred is None else preferred // 5
        self._options: dict[tuple[int, int], DayOptions] = {}
        self._links: dict[tuple[int, int, int, int], int] = {}
        self._nearest: dict[int, int] = {}
        self._bands: dict[int, int] = {}
        shapes: list[tuple[Shape, Block]] = []
        self._shape: list[int] = []
        for slot in slots:
            shape = (slot.shape, slot.block)
            if shape not in shapes:
                shapes.append(shape)
            self._shape.append(shapes.index(shape))
        frames: dict[tuple[Anchor, int | None, frozenset[int] | None], Frames] = {}
        self.frames = [
            frames.setdefault(key, Frames(*key, self.start_weekday))
            for slot in slots
            for key in [(slot.step.anchor, slot.limit, slot.pattern)]
        ]

    def shortened(self, slots: Sequence[Slot]) -> "Grid":
        """Return the grid of the first visits only, knowing what this one has worked out."""
        found = Grid(slots, self.world, self.wishes, self.first_on, self.tolerance)
        found._options, found._nearest = self._options, self._nearest
        return found

    def date_of(self, day: int) -> date:
        """Return the date of a day of the course."""
        return self.first_on + timedelta(days=day)

    def weekday(self, day: int) -> int:
        """Return the weekday of a day of the course."""
        return (self.start_weekday + day) % 7

    def options(self, slot: int, day: int) -> DayOptions:
        """Return the legal starts of a slot on a day."""
        one = self.slots[slot]
        if (self.start_weekday + day) % 7 not in one.step.days_allowed:
            return NOTHING
        key = (self._shape[slot], day)
        found = self._options.get(key)
        if found is None:
            found = self._work_out(one.shape, day)
            if one.block.visits > 1:
                found = block_options(found, one.block)
            self._options[key] = found
        return found

    def starts(self, slot: int, day: int, first: int, member: int | None) -> list[int]:
        """Return the starts of all visits of a slot, given its first one and its member."""
        one = self.slots[slot]
        if one.block.visits == 1:
            return [first]
        single = self._work_out(one.shape, day).starts[member]
        return list(starts_in_block(single, first, one.block))

    def _work_out(self, shape: Shape, day: int) -> DayOptions:
        on = self.date_of(day)
        resources = self.world.days.get(on)
        if resources is None or not self.wishes.can_come(on):
            return NOTHING
        allowed = patient_starts(self.world, self.wishes, on, shape.length)
        return day_options(shape, self.world, resources, allowed) if allowed else NOTHING

    def linked(self, slot: int, main_day: int, day: int, late_h: int) -> int:
        """Return the starts of the main visit after which this slot fits on `day`.

        The slot may end up to `late_h` hours after its soft limit.
        """
        key = (slot, main_day, day, late_h)
        found = self._links.get(key)
        if found is None:
            found = self._links[key] = self._link(slot, main_day, day, late_h)
        return found

    def _link(self, slot: int, main_day: int, day: int, late_h: int) -> int:
        one = self.slots[slot]
        main = one.main
        if main is None:
            return 0
        mains, own = self.options(main, main_day).any, self.options(slot, day).any
        low, high = self.distance(slot, main_day, day, late_h)
        if not mains or not own or high < low:
            return 0
        wide, have = own, 1
        while have < high - low + 1:
            step = min(have, high - low + 1 - have)
            wide |= wide << step
            have += step
        return mains & (wide >> high if high >= 0 else wide << -high)

    def distance(self, slot: int, main_day: int, day: int, late_h: int) -> tuple[int, int]:
        """Return least and most cells from the main visit's start cell to this slot's start cell.

        Both are cells of their own day.
        """
        one = self.slots[slot]
        if one.window is None or one.main is None:
            return -CELLS_A_DAY, CELLS_A_DAY
        shift = (day - main_day) * CELLS_A_DAY
        length = self.slots[one.main].length
        low = length + one.window.min_h * CELLS_AN_HOUR - shift
        soft = (one.window.soft_h + late_h) * CELLS_AN_HOUR
        return low, length + soft - one.length - shift

    def deviation(self, start: int) -> int:
        """Return how many cells a start lies beyond the tolerance round the wished hour."""
        if self.preferred is None:
            return 0
        return max(0, abs(start - self.preferred) - self.tolerance)

    def nearest(self, mask: int) -> int:
        """Return the least deviation among these starts."""
        if self.preferred is None or mask & self.band(0):
            return 0
        found = self._nearest.get(mask)
        if found is None:
            found = self._nearest[mask] = self._least(mask, self.preferred)
        return found

    def _least(self, mask: int, preferred: int) -> int:
        """Return the least deviation: that of the last start before or the first one after."""
        before, after = mask & ((1 << preferred) - 1), mask >> preferred
        ends = []
        if before:
            ends.append(preferred - before.bit_length() + 1)
        if after:
            ends.append((after & -after).bit_length() - 1)
        return max(0, min(ends) - self.tolerance)

    def band(self, deviation: int) -> int:
        """Return all starts whose deviation is at most this."""
        found = self._bands.get(deviation)
        if found is None:
            found = self._bands[deviation] = self._band(deviation)
        return found

    def _band(self, deviation: int) -> int:
        if self.preferred is None:
            return span(0, CELLS_A_DAY)
        reach = self.tolerance + deviation
        return span(max(0, self.preferred - reach), min(CELLS_A_DAY, self.preferred + reach + 1))
