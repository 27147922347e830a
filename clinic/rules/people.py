"""People: their names in order, their age, and dates and hours as people type them."""

import re
from collections.abc import Mapping
from datetime import date

YEARS = range(1900, 2200)
"""The years of any date in a clinic: beyond them is a slip of the hand, and the calendar ends."""
LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""The languages the clinic writes to people in, by code, each in its own word."""
FIRST_LANGUAGE = "en"
"""The language of whoever speaks none of the others."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
DOTTED = re.compile(r"(?P<day>\d{1,2})\.\s*(?P<month>\d{1,2})\.\s*(?P<year>\d{4})")
SLASHED = re.compile(r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4})")
DAY_FIRST = re.compile(r"(?P<day>\d{1,2})\.?\s+(?P<name>[a-z]{3,9})\.?,?\s+(?P<year>\d{4})")
NAME_FIRST = re.compile(r"(?P<name>[a-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})")
SHORT_YEAR = re.compile(r"(?P<rest>.*[/. ,-])(?P<year>\d{2})")
CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:.h ]?(?P<minute>\d{2}))?\s*(?P<half>am|pm)?")


class BadDate(ValueError):
    """What was typed cannot be read as a date of the calendar."""


class BadTime(ValueError):
    """What was typed cannot be read as a time of day."""


def age_on(birth_on: date, on: date) -> int:
    """Return the full years of age on a day."""
    had_birthday = (on.month, on.day) >= (birth_on.month, birth_on.day)
    return on.year - birth_on.year - (not had_birthday)


def parse_date(text: str, *, region: str = "US") -> date:
    """Return the date in 2026-05-14, 14.5.2026, 5/14/2026 (US; 14/5/2026 elsewhere), 14 May 2026.

    BadDate for anything else, for dates the calendar does not have and years no clinic lives in.
    """
    year, month, day = _parts(text.strip().lower(), region)
    if year not in YEARS:
        raise BadDate("date_too_far")
    try:
        return date(year, month, day)
    except ValueError:
        raise BadDate("date_impossible") from None


def parse_birth(text: str, *, today: date, region: str = "US") -> date:
    """Return a birth date as `parse_date` reads it, also with two digits of the year (3/4/85).

    Two digits mean the last such year in which the day is not to come. BadDate otherwise.
    """
    found = SHORT_YEAR.fullmatch(text.strip())
    if found is None or ISO.fullmatch(text.strip()):
        return parse_date(text, region=region)
    century = today.year // 100
    this = _in_century(found, century, region)
    if this is not None and this <= today:
        return this
    before = _in_century(found, century - 1, region)
    if before is None:
        raise BadDate("date_impossible")
    return before


def _in_century(found: re.Match[str], century: int, region: str) -> date | None:
    """Return the date in a century; None where it has no such day (29 February)."""
    try:
        return parse_date(f"{found['rest']}{century}{found['year']}", region=region)
    except BadDate as problem:
        if problem.args == ("date_impossible",):
            return None
        raise


def _parts(text: str, region: str) -> tuple[int, int, int]:
    for pattern in (ISO, DOTTED):
        if found := pattern.fullmatch(text):
            return int(found["year"]), int(found["month"]), int(found["day"])
    if found := SLASHED.fullmatch(text):
        first, second = int(found["first"]), int(found["second"])
        month, day = (first, second) if region == "US" else (second, first)
        return int(found["year"]), month, day
    for pattern in (DAY_FIRST, NAME_FIRST):
        if found := pattern.fullmatch(text):
            return int(found["year"]), _month(found["name"]), int(found["day"])
    raise BadDate("date_unreadable")


def _month(name: str) -> int:
    if name[:3] not in MONTHS:
        raise BadDate("date_unreadable")
    return MONTHS.index(name[:3]) + 1


def parse_time(text: str) -> int:
    """Return the minute of the day in 9, 9:30, 930, 0930, 2pm or 14:05; BadTime otherwise."""
    found = CLOCK.fullmatch(text.strip().lower().replace("a.m.", "am").replace("p.m.", "pm"))
    if found is None:
        raise BadTime("time_unreadable")
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise BadTime("time_unreadable")
        hour = hour % 12 + (12 if found["half"] == "pm" else 0)
    if hour > 23 or minute > 59:
        raise BadTime("time_unreadable")
    return hour * 60 + minute
