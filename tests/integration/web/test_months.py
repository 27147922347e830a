"""Month calendars: only the weeks that matter, weekends only where something is on one."""

from datetime import date

from flask import Flask

from clinic.web.months import MonthDay, months
from tests.integration.web.conftest import app, settings, web_engine

__all__ = ["app", "settings", "web_engine"]


def test_weeks_before_the_first_and_after_the_last_day_are_left_out(app: Flask) -> None:
    with app.test_request_context():
        found = months({date(2026, 12, 30): "9:40", date(2027, 1, 6): "9:50"})

    december, january = found
    assert (december.label, january.label) == ("December 2026", "January 2027")
    assert december.weekdays == ("Mon", "Tue", "Wed", "Thu", "Fri")
    assert december.weeks == (
        (
            MonthDay(28, ""),
            MonthDay(29, ""),
            MonthDay(30, "9:40"),
            MonthDay(31, ""),
            None,
        ),
    )
    assert [week[2] for week in january.weeks] == [None, MonthDay(6, "9:50")]


def test_a_visit_on_a_saturday_shows_the_weekend_of_every_month(app: Flask) -> None:
    with app.test_request_context():
        (march,) = months({date(2027, 3, 6): "8:00 ×10"})

    assert march.weekdays[-2:] == ("Sat", "Sun")
    assert march.weeks[0][5] == MonthDay(6, "8:00 ×10")


def test_a_first_visit_on_a_sunday_keeps_its_week(app: Flask) -> None:
    with app.test_request_context():
        (march,) = months({date(2027, 3, 7): "8:00", date(2027, 3, 8): "8:00"})

    assert [week[6] for week in march.weeks] == [MonthDay(7, "8:00"), MonthDay(14, "")]


def test_no_day_is_no_month(app: Flask) -> None:
    with app.test_request_context():
        assert months({}) == ()
