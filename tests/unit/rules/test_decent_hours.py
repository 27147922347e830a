"""Reminders go at decent hours of the patient's day."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from clinic.rules.decent_hours import Window, day_before, next_decent_time, reminder_window

WINDOW = Window(first=time(8), last=time(20))
NEW_YORK = "America/New_York"


def at(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_window_is_read_from_the_policies() -> None:
    body = {"reminders": {"window": {"from": "08:00", "to": "20:00"}}}

    assert reminder_window(body) == WINDOW


@pytest.mark.parametrize(
    ("minute", "zone", "goes"),
    [
        (8 * 60, NEW_YORK, "2026-03-08 08:00"),
        (7 * 60 + 59, NEW_YORK, "2026-03-07 20:00"),
        (20 * 60, NEW_YORK, "2026-03-08 20:00"),
        (20 * 60 + 5, NEW_YORK, "2026-03-08 20:00"),
        (10 * 60, "America/Los_Angeles", "2026-03-07 23:00"),
    ],
)
def test_reminder_goes_a_day_before_or_at_the_end_of_the_window_before_that(
    minute: int, zone: str, goes: str
) -> None:
    found = day_before(date(2026, 3, 9), minute, zone=NEW_YORK, window=WINDOW, patient_zone=zone)

    assert found == at(goes)


@pytest.mark.parametrize(
    ("now", "goes"),
    [
        ("2026-03-09 03:03", "2026-03-09 08:00"),
        ("2026-03-09 08:00", "2026-03-09 08:00"),
        ("2026-03-09 20:00:59", "2026-03-09 20:00:59"),
        ("2026-03-09 20:01", "2026-03-10 08:00"),
        ("2026-03-07 21:00", "2026-03-08 08:00"),
    ],
)
def test_what_comes_at_night_waits_for_the_morning(now: str, goes: str) -> None:
    assert next_decent_time(at(now), window=WINDOW, zone=NEW_YORK) == at(goes)
