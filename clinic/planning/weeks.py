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
