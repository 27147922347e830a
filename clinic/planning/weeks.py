"""Anchor weeks and weekday patterns: how far the visits of a week are off their weekdays."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

from clinic.rules.steps import Anchor

WEEK = 7


@dataclass(frozen=True, slots=True)
class Off:
    """Visits off their weekday, of these moved earlier, and days moved in all."""

    visits: int = 0
    earlier: int = 0
    days: int = 0


def week_of(day: int, anchor: Anchor, start_weekday: int) -> int:
    """Return the anchor week of a day; days count from the course's first day."""
    return (day + _lead(anchor, start_weekday)) // WEEK


def week_start(week: int, anchor: Anchor, start_weekday: int) -> int:
    """Return the first day of an anchor week."""
    return week * WEEK - _lead(anchor, start_weekday)


def _lead(anchor: Anchor, start_weekday: int) -> int:
    return start_weekday if anchor is Anchor.CALENDAR_WEEK else 0


def pattern_mask(pattern: Iterable[int], week: int, anchor: Anchor, start_weekday: int) -> int:
    """Return the pattern days of a week as a bitset of days in the week, from the start on.

    In a first, partial week only the pattern days from the course's first day on count.
    """
    first = week_start(week, anchor, start_weekday)
    days = frozenset(pattern)
    return sum(
        1 << at
        for at in range(WEEK)
        if first + at >= 0 and (start_weekday + first + at) % WEEK in days
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a day lies in its anchor week: the week, its first day, the day as a bit of it.

    `cap` is how many visits of the step the week may hold, `mask` its pattern days.
    """

    week: int
    first: int
    bit: int
    cap: int
    mask: int


class Frames:
    """The frames of the days of one step, worked out once each."""

    def __init__(
        self,
        anchor: Anchor,
        limit: int | None,
        pattern: frozenset[int] | None,
        start_weekday: int,
    ) -> None:
        """Keep what the frames of the step depend on."""
        self.anchor = anchor
        self.limit = WEEK if limit is None else limit
        self.pattern = pattern
        self.start_weekday = start_weekday
        self._known: dict[int, Frame] = {}

    def of(self, day: int) -> Frame:
        """Return the frame of a day."""
        found = self._known.get(day)
        if found is None:
            found = self._known[day] = self._work_out(day)
        return found

    def _work_out(self, day: int) -> Frame:
        week = week_of(day, self.anchor, self.start_weekday)
        first = week_start(week, self.anchor, self.start_weekday)
        if self.pattern is None:
            return Frame(week, first, 1 << (day - first), self.limit, 0)
        mask = pattern_mask(self.pattern, week, self.anchor, self.start_weekday)
        cap = min(self.limit, mask.bit_count())
        return Frame(week, first, 1 << (day - first), cap, mask)


@lru_cache(maxsize=4096)
def off_pattern(used: int, pattern: int) -> Off:
    """Return the least deviation of the used days of a week from its pattern days."""
    strays = [at for at in range(WEEK) if (used & ~pattern) >> at & 1]
    empty = [at for at in range(WEEK) if (pattern & ~used) >> at & 1]
    if not strays:
        return Off()
    best = min(
        (
            sum(day < wished for day, wished in zip(strays, chosen, strict=True)),
            sum(abs(day - wished) for day, wished in zip(strays, chosen, strict=True)),
        )
        for chosen in permutations(empty, len(strays))
    )
    return Off(len(strays), *best)
