"""Wall times stand for one instant or are refused; spans touch whole quanta."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.times import EPOCH, WallTimeRefused, local_minutes, quanta, to_instant, week_of
from clinic.rules.wall_days import CELL_MIN, instant_of, quantum_of, wall_day

NEW_YORK = "America/New_York"
zones = st.sampled_from(
    [
        NEW_YORK,
        "Europe/Madrid",
        "UTC",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "America/Santiago",  # changes its clocks at the end of the day
    ]
)
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
minutes = st.integers(0, 1439)
instants = st.integers(946_684_800_000_000, 2_208_988_800_000_000).map(
    lambda n: EPOCH + timedelta(microseconds=n)
)


@pytest.mark.parametrize(
    ("on", "minute", "instant"),
    [
        (date(2026, 3, 6), 480, datetime(2026, 3, 6, 13, 0, tzinfo=UTC)),
        (date(2026, 3, 9), 480, datetime(2026, 3, 9, 12, 0, tzinfo=UTC)),
        (date(2026, 3, 8), 119, datetime(2026, 3, 8, 6, 59, tzinfo=UTC)),
        (date(2026, 3, 8), 180, datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
        (date(2026, 3, 9), 1440, datetime(2026, 3, 10, 4, 0, tzinfo=UTC)),
    ],
)
def test_wall_time_keeps_its_hour_across_a_clock_change(
    on: date, minute: int, instant: datetime
) -> None:
    assert to_instant(on, minute, NEW_YORK) == instant


@pytest.mark.parametrize(
    ("on", "minute", "code"),
    [
        (date(2026, 3, 8), 120, "time_does_not_exist"),
        (date(2026, 3, 8), 179, "time_does_not_exist"),
        (date(2026, 11, 1), 60, "time_exists_twice"),
        (date(2026, 11, 1), 119, "time_exists_twice"),
    ],
)
def test_missing_and_doubled_hours_are_refused(on: date, minute: int, code: str) -> None:
    with pytest.raises(WallTimeRefused) as refused:
        to_instant(on, minute, NEW_YORK)

    assert (refused.value.code, refused.value.zone) == (code, NEW_YORK)
    assert (refused.value.wall.date(), refused.value.wall.hour) == (on, minute // 60)


@given(on=days, minute=minutes, zone=zones)
def test_instant_leads_back_to_its_wall_time(on: date, minute: int, zone: str) -> None:
    try:
        instant = to_instant(on, minute, zone)
    except WallTimeRefused:
        return

    assert local_minutes(instant, zone) == (on, minute)


@given(on=days, cell=st.integers(0, 287), zone=zones)
def test_wall_days_and_instants_refuse_the_same_cells(on: date, cell: int, zone: str) -> None:
    quantum = wall_day(on, zone).quanta[cell]

    if quantum is None:
        with pytest.raises(WallTimeRefused):
            to_instant(on, cell * CELL_MIN, zone)
    else:
        assert to_instant(on, cell * CELL_MIN, zone) == instant_of(quantum)


@given(start=instants, length=st.timedeltas(timedelta(microseconds=1), timedelta(hours=12)))
def test_quanta_cover_a_span_and_nothing_more(start: datetime, length: timedelta) -> None:
    end = start + length
    touched = quanta(start, end)

    assert touched[0] == quantum_of(start)
    assert instant_of(touched[0]) <= start < instant_of(touched[0] + 1)
    assert instant_of(touched[-1]) < end <= instant_of(touched[-1] + 1)


@given(start=instants, first=st.integers(1, 40), second=st.integers(1, 40))
def test_touching_spans_on_the_grid_share_no_quantum(
    start: datetime, first: int, second: int
) -> None:
    begin = instant_of(quantum_of(start))
    middle = begin + timedelta(minutes=5 * first)
    end = middle + timedelta(minutes=5 * second)

    assert set(quanta(begin, middle)) & set(quanta(middle, end)) == set()
    assert len(quanta(begin, end)) == first + second


def test_empty_span_touches_nothing() -> None:
    begin = instant_of(5_900_000)

    assert list(quanta(begin, begin)) == []


@given(on=days)
def test_week_begins_on_the_monday_at_or_before(on: date) -> None:
    monday = week_of(on)

    assert monday.weekday() == 0
    assert timedelta(0) <= on - monday < timedelta(days=7)
