"""The shared presenters: the course strip, status words, dates and names."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from clinic.rules.appointments import CancelledBy, Outcome, Status
from clinic.web import present
from clinic.web.strips import LinkedVisit, Reader, strip

TODAY = date(2026, 3, 4)


@pytest.fixture(autouse=True)
def _page(app: Flask) -> Iterator[None]:
    with app.test_request_context("/", base_url="http://127.0.0.1:8000"):
        yield


def visits() -> list[LinkedVisit]:
    return [
        LinkedVisit(date(2026, 3, 10), is_covered=False),
        LinkedVisit(date(2026, 3, 2), Status.FULFILLED),
        LinkedVisit(date(2026, 3, 3), Status.NOSHOW),
        LinkedVisit(date(2026, 3, 3), Status.CANCELLED),
        LinkedVisit(date(2026, 3, 4), Status.ARRIVED),
        LinkedVisit(date(2026, 3, 9), Status.PENDING),
        LinkedVisit(date(2026, 3, 11), is_make_up=True),
        LinkedVisit(date(2026, 3, 5)),
        LinkedVisit(None),
    ]


def test_strip_has_a_row_for_each_week_and_leaves_cancelled_visits_out() -> None:
    rows = [[mark.state for mark in week] for week in strip(visits(), today=TODAY).weeks]

    assert rows == [
        ["done", "missed", "today", "booked"],
        ["pencilled", "uncovered", "makeup"],
        ["unplanned"],
    ]


def test_strip_says_everything_in_one_sentence() -> None:
    assert strip(visits(), today=TODAY).label == (
        "Course, 8 visits: 1 done, 1 today, 1 booked, 1 pencilled, 1 did not come, 1 extra date, "
        "1 not approved by insurer, 1 not yet booked"
    )


def test_short_end_of_a_strip_is_never_alone_on_a_line() -> None:
    weeks = ((2, 3, 4, 5, 6), (9, 10, 11, 12, 13), (16, 18, 20), (24,))
    course = [LinkedVisit(date(2026, 3, day)) for week in weeks for day in week]

    blocks = [
        [len(week) for week in block] for block in strip(course, today=date(2026, 3, 1)).blocks
    ]

    assert blocks == [[5], [5, 3, 1]]
    assert strip([], today=TODAY).blocks == ()


def test_strip_of_a_plan_calls_nothing_booked() -> None:
    view = strip([LinkedVisit(date(2026, 3, 9))], today=TODAY, reader=Reader.PLANNER)

    assert view.label == "Course, 1 visit: 1 planned"
    assert [mark.label for mark in view.legend] == ["planned"]


def test_patient_never_reads_of_a_miss() -> None:
    untreated = LinkedVisit(date(2026, 3, 2), Status.FULFILLED, Outcome.NOT_TREATED)
    view = strip([*visits(), untreated], today=TODAY, reader=Reader.PATIENT)

    assert "miss" not in view.label
    assert "did not come" not in view.label
    assert "not treated" not in view.label
    assert "we are asking your insurer" in view.label


def test_status_words_are_those_of_the_clinic() -> None:
    assert {status: present.status_tag(status).word for status in Status} == {
        Status.PROPOSED: "requested",
        Status.PENDING: "pencilled",
        Status.BOOKED: "booked",
        Status.ARRIVED: "here",
        Status.CHECKED_IN: "in room",
        Status.FULFILLED: "done",
        Status.CANCELLED: "cancelled by us",
        Status.NOSHOW: "did not come",
        Status.ENTERED_IN_ERROR: "entered by mistake",
        Status.WAITLIST: "waiting for a place",
    }


def test_attributes_change_the_word() -> None:
    tag = present.status_tag

    assert [
        tag(Status.BOOKED, is_confirmed=True).word,
        tag(Status.FULFILLED, outcome=Outcome.NOT_TREATED).word,
        tag(Status.FULFILLED, outcome=Outcome.PARTIAL).word,
        tag(Status.CANCELLED, cancelled_by=CancelledBy.PATIENT).word,
    ] == ["confirmed", "came, not treated", "stopped early", "cancelled by patient"]


def test_dates_times_and_names_read_naturally() -> None:
    noon = datetime(2026, 3, 9, 17, 5, tzinfo=UTC)

    assert [
        present.day(TODAY),
        present.day_with_year(TODAY),
        present.long_day(TODAY),
        present.time_at(noon, "America/New_York"),
        present.moment_at(noon, "America/New_York"),
        present.patient_time(600),
        present.minutes_long(195),
        present.minutes_long(40),
        present.sorted_name("Price", "Pat"),
        present.full_name("Price", "Patricia", "Pat"),
    ] == [
        "Wed 4 Mar",
        "Wed 4 Mar 2026",
        "Wednesday 4 March",
        "13:05",
        "Mon 9 Mar 13:05",
        "10:00 in the morning",
        "3 h 15 min",
        "40 min",
        "Price, Pat",
        "Patricia “Pat” Price",
    ]
