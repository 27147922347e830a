"""Pencilled courses: how long their seats are held before somebody has decided (policies.json)."""

from collections.abc import Mapping
from datetime import date, timedelta

from clinic.rules.data import JsonValue, Node


def lapse_day(policies: Mapping[str, JsonValue], today: date, first_on: date) -> date:
    """Return the day from which a course pencilled, or renewed, today gives its seats up.

    The number of days is the clinic's (policies.json, `pencilled.lapse_days`); DataError without.
    It is never later than the day of the first visit, which somebody must have decided by then.
    """
    days = Node("$", policies).field("pencilled").field("lapse_days").whole(least=1)
    return min(today + timedelta(days=days), first_on)
