"""When a reminder may go: a day before by wall time, and never outside the clinic's window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.rules.data import JsonValue, Node


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of the patient's day in which a reminder may go, both ends included."""

    first: time
    last: time


def reminder_window(policies: Mapping[str, JsonValue]) -> Window:
    """Return the window of the clinic's policies, or raise DataError."""
    window = Node("$", policies).field("reminders").field("window")
    return Window(
        first=time.fromisoformat(window.field("from").text()),
        last=time.fromisoformat(window.field("to").text()),
    )


def day_before(on: date, minute: int, *, zone: str, window: Window, patient_zone: str) -> datetime:
    """Return when to remind of a visit: the same wall time a day before, or the latest before it.

    The day is counted in the clinic's zone; the window lies in the patient's. A time outside the
    window moves back to its end, on that day or the day before.
    """
    wall = datetime.combine(on - timedelta(days=1), time(minute // 60, minute % 60))
    moment = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo(patient_zone))
    if moment.time() < window.first:
        moment = _at(moment.date() - timedelta(days=1), window.last, patient_zone)
    elif moment.time() > window.last:
        moment = _at(moment.date(), window.last, patient_zone)
    return moment.astimezone(UTC)


def next_decent_time(now: datetime, *, window: Window, zone: str) -> datetime:
    """Return `now` when it lies in the window of a zone, else when the window opens next.

    Seconds do not count: the whole minute of the last hour still belongs to the window.
    """
    here = now.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    if window.first <= here.time() <= window.last:
        return now
    on = here.date() if here.time() < window.first else here.date() + timedelta(days=1)
    return _at(on, window.first, zone).astimezone(UTC)


def _at(on: date, clock: time, zone: str) -> datetime:
    return datetime.combine(on, clock, tzinfo=ZoneInfo(zone))
