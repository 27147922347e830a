"""Both clock changes of five zones: an hour, half an hour, at midnight, north and south."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from clinic.rules.times import (
    DOUBLED_HOUR,
    MISSING_HOUR,
    WallTimeRefused,
    local_minutes,
    to_instant,
)
from clinic.rules.wall_days import CELL_MIN, CELLS_A_DAY, quantum_of, wall_day

NINE = 540
MISSING = {
    "America/Chicago": (date(2026, 3, 8), 120, 180),
    "Europe/Berlin": (date(2026, 3, 29), 120, 180),
    "Australia/Adelaide": (date(2026, 10, 4), 120, 180),
    "America/Santiago": (date(2026, 9, 6), 0, 60),
    "Australia/Lord_Howe": (date(2026, 10, 4), 120, 150),
}
DOUBLED = {
    "America/Chicago": (date(2026, 11, 1), 60, 120),
    "Europe/Berlin": (date(2026, 10, 25), 120, 180),
    "Australia/Adelaide": (date(2026, 4, 5), 120, 180),
    "America/Santiago": (date(2026, 4, 4), 1380, 1440),
    "Australia/Lord_Howe": (date(2026, 4, 5), 90, 120),
}
CHANGES = [
    pytest.param(zone, *span, code, id=f"{zone} {code}")
    for code, spans in ((MISSING_HOUR, MISSING), (DOUBLED_HOUR, DOUBLED))
    for zone, span in spans.items()
]


def refusal(on: date, minute: int, zone: str) -> str:
    try:
        to_instant(on, minute, zone)
    except WallTimeRefused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(("zone", "on", "first", "last", "code"), CHANGES)
def test_exactly_the_cells_of_the_change_are_refused_with_their_reason(
    zone: str, on: date, first: int, last: int, code: str
) -> None:
    told = {minute: refusal(on, minute, zone) for minute in range(0, 1440, CELL_MIN)}

    assert {minute: why for minute, why in told.items() if why} == dict.fromkeys(
        range(first, last, CELL_MIN), code
    )
    cells = wall_day(on, zone).quanta
    assert [n for n in range(CELLS_A_DAY) if cells[n] is None] == [
        *range(first // CELL_MIN, last // CELL_MIN)
    ]


@pytest.mark.parametrize(("zone", "on", "first", "last", "code"), CHANGES)
def test_nine_stays_nine_for_a_fortnight_around_the_change(
    zone: str, on: date, first: int, last: int, code: str
) -> None:
    days = [on + timedelta(days=n) for n in range(-7, 8)]
    instants = [to_instant(day, NINE, zone) for day in days]

    assert [local_minutes(at, zone) for at in instants] == [(day, NINE) for day in days]
    shift = timedelta(minutes=last - first) * (-1 if code == MISSING_HOUR else 1)
    steps = [later - sooner for sooner, later in pairwise(instants)]
    assert sorted({*steps}, key=abs) == sorted({timedelta(days=1), timedelta(days=1) + shift})


@pytest.mark.parametrize(("zone", "on", "first", "last", "code"), CHANGES)
def test_no_instant_belongs_to_two_cells_around_the_change(
    zone: str, on: date, first: int, last: int, code: str
) -> None:
    around = [wall_day(on + timedelta(days=n), zone) for n in (-1, 0, 1)]

    quanta = [quantum for day in around for quantum in day.quanta if quantum is not None]

    assert len(quanta) == len(set(quanta)) == 3 * CELLS_A_DAY - (last - first) // CELL_MIN
    assert quanta == sorted(quanta)
    midnight = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    assert quanta[0] < quantum_of(midnight) < quanta[-1]
