"""Month calendars: days with a word each, as weeks that fit a card, a page or a phone."""

from calendar import Calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask_babel import get_locale

WORKING_DAYS = 5


@dataclass(frozen=True, slots=True)
class MonthDay:
    """One day of a month; `word` is empty where nothing is."""

    number: int
    word: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month with its weeks, Monday first; None stands for a day of another month."""

    label: str
    weekdays: tuple[str, ...]
    weeks: tuple[tuple[MonthDay | None, ...], ...]


def months(words: Mapping[date, str]) -> tuple[Month, ...]:
    """Return the months that have a word, from the first such week to the last.

    Weekends are left out of all when none of them has a word.
    """
    width = 7 if any(on.weekday() >= WORKING_DAYS for on in words) else WORKING_DAYS
    firsts = sorted({on.replace(day=1) for on in words})
    return tuple(_month(first, words, width) for first in firsts)


def _month(first: date, words: Mapping[date, str], width: int) -> Month:
    weeks = [
        _week(week[:width], first, words)
        for week in Calendar().monthdatescalendar(first.year, first.month)
        if week[-1] >= min(words) and week[0] <= max(words)
    ]
    return Month(
        label=_words(first, "LLLL yyyy"),
        weekdays=tuple(_words(date(2024, 1, 1 + ahead), "EEE") for ahead in range(width)),
        weeks=tuple(week for week in weeks if any(week)),
    )


def _week(
    days: Iterable[date], first: date, words: Mapping[date, str]
) -> tuple[MonthDay | None, ...]:
    return tuple(
        MonthDay(on.day, words.get(on, "")) if on.month == first.month else None for on in days
    )


def _words(on: date, pattern: str) -> str:
    return format_date(on, pattern, locale=get_locale())
