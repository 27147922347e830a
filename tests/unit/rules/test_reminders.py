"""Reminders keep wall-clock days, stay in decent hours, and the cap drops the later one."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.data import DataError, JsonValue, Node
from clinic.rules.decent_hours import Window, day_before, reminder_window
from clinic.rules.reminders import (
    Cap,
    Offset,
    ReminderItem,
    ReminderKind,
    Text,
    WeeklyTime,
    apply_cap,
    dedupe_key,
    due_at,
    into_window,
    may_send,
    parse_offset,
    reminder_policies,
)
from tests.unit.rules.examples import clinic_data, example

EX30 = example("EX30")
RULES = clinic_data("policies")
WINDOW = reminder_window(RULES)
CAPPED_KINDS = {"weekly_summary", "same_day"}
NEW_YORK, MADRID, LOS_ANGELES = "America/New_York", "Europe/Madrid", "America/Los_Angeles"
zones = st.sampled_from([NEW_YORK, MADRID, LOS_ANGELES, "Asia/Kolkata", "Australia/Lord_Howe"])


@pytest.mark.parametrize(
    ("case", "policy"),
    [("case_1", "daily_course"), ("case_2", "daily_course_every_session")],
)
def test_example_30_what_the_cap_drops(case: str, policy: str) -> None:
    texts = [
        Text(datetime.fromisoformat(one["at"]).date(), is_capped=one["kind"] in CAPPED_KINDS)
        for one in EX30["input"][case]
    ]

    sent = apply_cap(texts, reminder_policies(RULES)[policy].cap)

    assert ["sent" if goes else "dropped" for goes in sent] == EX30["expected"][case]


instants = st.integers(28_400_000, 31_500_000).map(lambda n: datetime.fromtimestamp(n * 60, UTC))
days = st.lists(st.integers(0, 40), max_size=60).map(sorted)


@given(days=days, per_day=st.integers(1, 2), most=st.integers(1, 6))
def test_capped_texts_never_exceed_the_cap(days: list[int], per_day: int, most: int) -> None:
    cap = Cap(per_day=per_day, days=7, most=most)
    on = [date(2026, 6, 1) + timedelta(days=n) for n in days]

    verdicts = apply_cap([Text(day, is_capped=True) for day in on], cap)

    sent = [day for day, goes in zip(on, verdicts, strict=True) if goes]
    for day in sent:
        last_week = [one for one in sent if timedelta(0) <= day - one < timedelta(days=7)]
        assert sent.count(day) <= per_day
        assert len(last_week) <= most


def test_change_counts_but_is_never_dropped() -> None:
    monday = date(2026, 6, 1)
    cap = Cap(per_day=1, days=7, most=3)

    verdicts = apply_cap(
        [
            Text(monday, is_capped=False),
            Text(monday, is_capped=False),
            Text(monday, is_capped=True),
        ],
        cap,
    )

    assert verdicts == (True, True, False)
    assert may_send(monday + timedelta(days=7), [monday] * 3, cap)
    assert not may_send(monday + timedelta(days=6), [monday] * 3, cap)


@pytest.mark.parametrize(
    ("offset", "on", "minute", "patient_zone", "expected"),
    [
        # a day before by wall time, across the change of 8 March
        (Offset(days=1), date(2026, 3, 9), 600, NEW_YORK, "2026-03-08T10:00-04:00"),
        (Offset(days=2), date(2026, 3, 9), 600, NEW_YORK, "2026-03-07T10:00-05:00"),
        (Offset(hours=2), date(2026, 3, 9), 600, NEW_YORK, "2026-03-09T08:00-04:00"),
        # 07:59 is too early: the evening before
        (Offset(hours=2), date(2026, 3, 9), 599, NEW_YORK, "2026-03-08T20:00-04:00"),
        # 20:01 is too late: the end of the window that day
        (Offset(days=1), date(2026, 3, 12), 1201, NEW_YORK, "2026-03-11T20:00-04:00"),
        (Offset(days=1), date(2026, 3, 12), 1200, NEW_YORK, "2026-03-11T20:00-04:00"),
        # 09:00 in New York is 06:00 for a patient in Los Angeles
        (Offset(days=1), date(2026, 3, 12), 540, LOS_ANGELES, "2026-03-10T20:00-07:00"),
    ],
)
def test_reminder_goes_at_a_decent_hour_before(
    offset: Offset, on: date, minute: int, patient_zone: str, expected: str
) -> None:
    due = due_at(offset, on, minute, zone=NEW_YORK, window=WINDOW, patient_zone=patient_zone)

    assert due == datetime.fromisoformat(expected)
    assert due.tzinfo is UTC


@pytest.mark.slow
@given(instant=instants, zone=zones)
def test_window_moves_back_never_forward_and_never_by_more_than_the_night(
    instant: datetime, zone: str
) -> None:
    moved = into_window(instant, window=WINDOW, zone=zone)

    local = moved.astimezone(ZoneInfo(zone))
    assert WINDOW.first <= local.time() <= WINDOW.last
    assert timedelta(0) <= instant - moved <= timedelta(hours=13)
    assert moved == instant or local.time() == WINDOW.last
    assert into_window(moved, window=WINDOW, zone=zone) == moved


@given(
    on=st.dates(date(2024, 1, 2), date(2030, 1, 1)),
    minute=st.integers(0, 1439),
    zone=zones,
    patient_zone=zones,
)
def test_the_day_before_is_the_offset_of_one_day(
    on: date, minute: int, zone: str, patient_zone: str
) -> None:
    due = due_at(Offset(days=1), on, minute, zone=zone, window=WINDOW, patient_zone=patient_zone)

    assert due == day_before(on, minute, zone=zone, window=WINDOW, patient_zone=patient_zone)


def test_policies_are_read_whole() -> None:
    policies = reminder_policies(RULES)

    daily = policies["daily_course"]
    assert set(policies) == {
        "none",
        "first_visit",
        "standard",
        "dosing",
        "daily_course",
        "daily_course_every_session",
    }  # fmt: skip -- one set is read at once
    assert daily.items == (
        ReminderItem(ReminderKind.WEEKLY_SUMMARY, WeeklyTime(6, time(17)), ()),
        ReminderItem(
            ReminderKind.SAME_DAY,
            Offset(hours=2),
            ("session 1", "first session after a miss", "first session after a change of hour"),
        ),
    )
    assert (daily.cap, daily.needs_consent) == (Cap(1, 7, 3), False)
    assert policies["daily_course_every_session"].needs_consent
    assert [item.when for item in policies["standard"].items] == [Offset(days=2), Offset(hours=2)]
    assert Window(time(8), time(20)) == WINDOW


@pytest.mark.parametrize("text", ["2d", "-0d", "-2w", "-d", "--2d", "-1.5h", "tomorrow"])
def test_offset_that_cannot_be_read_is_refused_with_its_path(text: str) -> None:
    with pytest.raises(DataError) as fault:
        parse_offset(Node("$.offset", text))

    assert (fault.value.path, fault.value.value) == ("$.offset", text)


@pytest.mark.parametrize(
    ("weekday", "at", "path"), [("someday", "17:00", "weekday"), ("sun", "25:00", "at")]
)
def test_weekly_time_that_does_not_exist_is_refused_with_its_path(
    weekday: str, at: str, path: str
) -> None:
    item: JsonValue = {"kind": "weekly_summary", "weekday": weekday, "at": at}
    cap: JsonValue = {"per_day": 1, "per_rolling_days": {"days": 7, "max": 3}}
    body: JsonValue = {"policies": {"mine": {"items": [item], "cap": cap}}}

    with pytest.raises(DataError) as fault:
        reminder_policies({"reminders": body})

    assert fault.value.path == f"$.reminders.policies.mine.items[0].{path}"


def test_key_names_the_appointment_the_offset_and_the_version() -> None:
    assert dedupe_key(appointment_id=7, offset=Offset(days=1), schedule_version=3) == (
        "reminder:7:-1d:3"
    )
    assert dedupe_key(appointment_id=7, offset=Offset(hours=2), schedule_version=3) == (
        "reminder:7:-2h:3"
    )


@given(st.integers(1, 999), st.sampled_from("dh"))
def test_offset_is_written_as_it_was_read(number: int, unit: str) -> None:
    assert parse_offset(Node("$", f"-{number}{unit}")).text == f"-{number}{unit}"
