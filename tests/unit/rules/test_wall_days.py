"""Wall days: cells keep their wall time through clock changes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.wall_days import (
    CELLS_A_DAY,
    WHOLE_DAY,
    instant_of,
    quantum_of,
    span_mask,
    wall_day,
)

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "America/Phoenix",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    # these change their clocks at the end of the day
    "America/Santiago",
    "America/Nuuk",
    "Asia/Beirut",
)


@given(
    st.dates(date(2025, 1, 1), date(2031, 12, 31)),
    st.integers(0, CELLS_A_DAY - 1),
    st.sampled_from(ZONES),
)
def test_a_bookable_cell_is_its_own_wall_time(on: date, cell: int, zone: str) -> None:
    day = wall_day(on, zone)
    quantum = day.quanta[cell]
    if quantum is None:
        assert not day.bookable >> cell & 1
        return

    local = instant_of(quantum).astimezone(ZoneInfo(zone))

    assert (local.date(), local.hour * 60 + local.minute) == (on, cell * 5)
    assert quantum_of(local) == quantum


def test_an_ordinary_day_is_bookable_all_through() -> None:
    assert wall_day(date(2026, 6, 1), "America/New_York").bookable == WHOLE_DAY


@pytest.mark.parametrize(
    "on, hour", [(date(2026, 3, 8), 2), (date(2026, 11, 1), 1)], ids=["missing", "doubled"]
)
def test_the_missing_and_the_doubled_hour_cannot_be_booked(on: date, hour: int) -> None:
    day = wall_day(on, "America/New_York")

    shut = [cell for cell in range(CELLS_A_DAY) if day.quanta[cell] is None]

    assert shut == list(range(hour * 12, hour * 12 + 12))
    with pytest.raises(ValueError, match="does not exist or exists twice"):
        day.span(hour * 12, hour * 12 + 6)


def test_nine_stays_nine_across_a_clock_change() -> None:
    before = wall_day(date(2026, 3, 6), "America/New_York").span(108, 114)[0]
    after = wall_day(date(2026, 3, 9), "America/New_York").span(108, 114)[0]

    assert instant_of(before) == datetime(2026, 3, 6, 14, 0, tzinfo=UTC)
    assert instant_of(after) == datetime(2026, 3, 9, 13, 0, tzinfo=UTC)


@given(
    st.integers(-50, 400),
    st.integers(0, 100),
    st.sampled_from([date(2026, 3, 8), date(2026, 11, 1), date(2026, 6, 1)]),
)
def test_cells_of_a_span_are_those_whose_instants_lie_in_it(
    offset: int, length: int, on: date
) -> None:
    day = wall_day(on, "America/New_York")
    base = quantum_of(datetime(on.year, on.month, on.day, tzinfo=ZoneInfo("America/New_York")))

    mask = day.cell_span(base + offset, base + offset + length)

    wanted = range(base + offset, base + offset + length)
    assert mask == sum(1 << c for c, q in enumerate(day.quanta) if q is not None and q in wanted)


@pytest.mark.parametrize(
    "first, last, mask", [(0, 3, 0b111), (2, 4, 0b1100), (5, 5, 0), (7, 3, 0), (-2, 1, 1)]
)
def test_a_mask_has_the_cells_of_its_span(first: int, last: int, mask: int) -> None:
    assert span_mask(first, last) == mask


def test_known_clock_changes_shut_one_hour_each() -> None:
    changes = [
        ("America/New_York", date(2027, 3, 14)),
        ("America/Chicago", date(2027, 11, 7)),
        ("Europe/London", date(2026, 3, 29)),
    ]

    shut = [wall_day(on, zone).quanta.count(None) for zone, on in changes]

    assert shut == [12, 12, 12]


@pytest.mark.parametrize(
    ("zone", "on"),
    [
        ("America/Santiago", date(2026, 4, 4)),
        ("Asia/Beirut", date(2026, 10, 24)),
        ("America/Nuuk", date(2026, 3, 28)),
    ],
    ids=["doubled in Santiago", "doubled in Beirut", "missing in Nuuk"],
)
def test_last_hour_of_a_day_that_ends_with_a_clock_change_cannot_be_booked(
    zone: str, on: date
) -> None:
    day = wall_day(on, zone)

    assert [cell for cell in range(CELLS_A_DAY) if day.quanta[cell] is None] == [*range(276, 288)]
    assert day.bookable == span_mask(0, 276)


@given(
    st.dates(date(2025, 1, 1), date(2031, 12, 31)),
    st.integers(0, CELLS_A_DAY - 1),
    st.integers(1, 60),
    st.sampled_from(ZONES),
)
def test_span_begins_at_its_cell_and_is_as_long_as_asked(
    on: date, cell: int, length: int, zone: str
) -> None:
    day = wall_day(on, zone)
    if day.quanta[cell] is None:
        return

    first, after = day.span(cell, cell + length)

    assert (first, after - first) == (day.quanta[cell], length)


@given(st.dates(date(2025, 1, 1), date(2031, 12, 31)), st.sampled_from(ZONES))
def test_bookable_cells_are_those_with_an_instant_and_a_day_has_all_its_cells(
    on: date, zone: str
) -> None:
    day = wall_day(on, zone)

    assert len(day.quanta) == CELLS_A_DAY
    assert day.bookable == sum(1 << c for c, q in enumerate(day.quanta) if q is not None)


def test_whole_day_is_every_cell() -> None:
    assert span_mask(0, CELLS_A_DAY) == WHOLE_DAY
    assert WHOLE_DAY.bit_count() == CELLS_A_DAY
