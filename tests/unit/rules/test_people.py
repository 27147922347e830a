"""Names, ages, and dates and hours as people type them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.people import (
    BadDate,
    BadTime,
    age_on,
    parse_birth,
    parse_date,
    parse_time,
)


@pytest.mark.parametrize(
    "text",
    ["1987-05-14", "5/14/1987", "14.5.1987", "14 May 1987", "May 14, 1987", " 14 may. 1987 "],
)
def test_a_date_is_read_as_people_type_it(text: str) -> None:
    assert parse_date(text) == date(1987, 5, 14)


def test_slashes_mean_day_first_outside_the_us() -> None:
    assert parse_date("3/4/2026", region="GB") == date(2026, 4, 3)


@pytest.mark.parametrize("text", ["", "2026-02-30", "31/31/2026", "14 Foo 1987", "today", "1987"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadDate):
        parse_date(text)


@pytest.mark.parametrize(
    "text, minute",
    [
        ("9", 540),
        ("9:30", 570),
        ("930", 570),
        ("0930", 570),
        ("2pm", 840),
        ("14:05", 845),
        ("12am", 0),
        ("12 p.m.", 720),
        ("1am", 60),
        ("12:59pm", 779),
        ("0", 0),
        ("23:59", 1439),
    ],
)
def test_an_hour_is_read_as_people_type_it(text: str, minute: int) -> None:
    assert parse_time(text) == minute


@pytest.mark.parametrize("text", ["", "24", "24:00", "9:60", "0am", "13pm", "noon"])
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(BadTime):
        parse_time(text)


@pytest.mark.parametrize("on, age", [(date(2026, 5, 13), 38), (date(2026, 5, 14), 39)])
def test_age_counts_full_years(on: date, age: int) -> None:
    assert age_on(date(1987, 5, 14), on) == age


MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
births = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@given(births)
def test_every_way_of_writing_a_date_gives_the_same_day(on: date) -> None:
    name = MONTH_NAMES[on.month - 1]
    written = [
        on.isoformat(),
        f"{on.month}/{on.day}/{on.year}",
        f"{on.day}.{on.month}.{on.year}",
        f"{on.day} {name} {on.year}",
        f"{on.day} {name[:3]} {on.year}",
        f"{name} {on.day}, {on.year}",
        f"{name[:3].upper()}. {on.day} {on.year}",
    ]

    assert {parse_date(text) for text in written} == {on}
    assert parse_date(f"{on.day}/{on.month}/{on.year}", region="GB") == on


@pytest.mark.slow
@given(st.integers(0, 1439))
def test_every_minute_of_the_day_is_read_back(minute: int) -> None:
    hour, rest = divmod(minute, 60)
    half = "am" if hour < 12 else "pm"
    written = [
        f"{hour}:{rest:02d}",
        f"{hour:02d}{rest:02d}",
        f"{(hour + 11) % 12 + 1}:{rest:02d} {half}",
    ]

    assert {parse_time(text) for text in written} == {minute}


@given(births, st.integers(0, 40_000))
def test_age_rises_by_one_on_the_birthday_and_only_then(birth_on: date, days: int) -> None:
    today = date.fromordinal(min(birth_on.toordinal() + days, date.max.toordinal() - 1))
    tomorrow = date.fromordinal(today.toordinal() + 1)
    grows = age_on(birth_on, tomorrow) - age_on(birth_on, today)
    # who is born on 29 February is a year older on 1 March where there is no such day
    leapling = (birth_on.month, birth_on.day) == (2, 29) and (today.month, today.day) == (2, 28)

    is_birthday = (tomorrow.month, tomorrow.day) == (birth_on.month, birth_on.day)
    assert grows == (is_birthday or leapling)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3/4/85", date(1985, 3, 4)),
        ("3/4/26", date(2026, 3, 4)),
        ("11/24/26", date(1926, 11, 24)),
        ("2/29/00", date(2000, 2, 29)),
        ("14 May 87", date(1987, 5, 14)),
        ("14.5.87", date(1987, 5, 14)),
        ("1987-05-14", date(1987, 5, 14)),
        ("5/14/1987", date(1987, 5, 14)),
    ],
)
def test_birth_date_of_two_digits_lies_in_the_past(text: str, expected: date) -> None:
    assert parse_birth(text, today=date(2026, 11, 23)) == expected


@pytest.mark.parametrize("text", ["2/30/85", "May 14", "85", "3-4-85", "12/1900/85"])
def test_birth_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadDate):
        parse_birth(text, today=date(2026, 11, 23))
