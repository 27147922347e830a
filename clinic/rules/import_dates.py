"""Birth dates as other systems write them; which number is the month is told by the whole column.

3/4/1987 alone says neither 3 April nor 4 March. A column with 25/4/1987 in it writes the day first,
one with 4/25/1987 the month. A column that shows neither, or both, leaves such a date unread.
"""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from clinic.rules.people import BadDate, parse_date

CLOCK = re.compile(r"[T ]\s*\d{1,2}:\d{2}.*$", re.IGNORECASE)
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
NUMBERS = re.compile(r"(\d{1,2})([-/.])\s*(\d{1,2})[-/.]\s*(\d{4}|\d{2})")
WORDS = re.compile(r"(\d{1,2}\.?[- ]+[a-z]+|[a-z]+\.?[- ]+\d{1,2}),?[-. ,]+(\d{4}|\d{2})")
MONTHS = 12


class DateOrder(StrEnum):
    """Which number of 3/4/1987 is the day; AUTO when the column is to tell."""

    AUTO = "auto"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


def column_order(texts: Iterable[str]) -> DateOrder:
    """Return the order that a column of dates shows; AUTO when it shows none, or both."""
    shown: set[DateOrder] = set()
    for text in texts:
        found = NUMBERS.fullmatch(_plain(text))
        if found is None:
            continue
        first, second = int(found[1]), int(found[3])
        if first > MONTHS >= second:
            shown.add(DateOrder.DAY_FIRST)
        if second > MONTHS >= first:
            shown.add(DateOrder.MONTH_FIRST)
    return shown.pop() if len(shown) == 1 else DateOrder.AUTO


def read_birth(text: str, order: DateOrder, *, today: date) -> date | None:
    """Return a birth date, None for a blank; BadDate with a code for what cannot be read."""
    plain = _plain(text)
    if not plain:
        return None
    for pattern in (ISO, PACKED):
        if found := pattern.fullmatch(plain):
            return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := NUMBERS.fullmatch(plain):
        first, second = int(found[1]), int(found[3])
        day, month = _day_month(first, second, order, is_dotted=found[2] == ".")
        return _date(_year(found[4], today), month, day)
    if found := WORDS.fullmatch(plain):
        return parse_date(f"{re.sub('[- ]+', ' ', found[1])} {_year(found[2], today)}")
    raise BadDate("date_unreadable")


def _plain(text: str) -> str:
    """Return a date without the time of day that some systems add."""
    return CLOCK.sub("", text.strip()).strip().casefold()


def _day_month(first: int, second: int, order: DateOrder, *, is_dotted: bool) -> tuple[int, int]:
    if order is DateOrder.DAY_FIRST:
        return first, second
    if order is DateOrder.MONTH_FIRST:
        return second, first
    if first == second or first > MONTHS or is_dotted:  # with dots the day comes first everywhere
        return first, second
    if second > MONTHS:
        return second, first
    raise BadDate("date_ambiguous")


def _year(text: str, today: date) -> int:
    """Return the year of four digits, or of two when only one century is possible at birth."""
    if len(text) > 2:
        return int(text)
    if today.year // 100 * 100 + int(text) <= today.year:
        raise BadDate("date_century")
    return today.year // 100 * 100 - 100 + int(text)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise BadDate("date_impossible") from None
