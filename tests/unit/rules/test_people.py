"""Names, ages, and dates and hours as people type them."""

from datetime import date

import pytest

from clinic.rules.people import (
    BadDate,
    BadTime,
    age_on,
    family_given,
    given_family,
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
    ],
)
def test_an_hour_is_read_as_people_type_it(text: str, minute: int) -> None:
    assert parse_time(text) == minute


@pytest.mark.parametrize("text", ["", "25", "9:75", "13pm", "noon"])
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(BadTime):
        parse_time(text)


def test_names_in_both_orders() -> None:
    assert family_given("López", "Ana") == "López, Ana"
    assert given_family("López", "Ana") == "Ana López"
    assert family_given("Prince", "") == "Prince"


@pytest.mark.parametrize("on, age", [(date(2026, 5, 13), 38), (date(2026, 5, 14), 39)])
def test_age_counts_full_years(on: date, age: int) -> None:
    assert age_on(date(1987, 5, 14), on) == age
