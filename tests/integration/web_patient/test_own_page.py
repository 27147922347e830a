"""Patients see what is next, when, and only their own; no page says what it is for."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from clinic.models import Appointment, Course, Definition, DefinitionStatus, Patient, Site
from clinic.models.engine import reading, writing
from clinic.rules.appointments import CancelledBy, Outcome, Status
from clinic.rules.courses import CourseStatus
from tests.browsers import Browser
from tests.cast import Cast
from tests.integration.clinic_rows import Rows

Door = Callable[[str], Browser]
CLINICAL = ("missed", "did not come", "tms", "ketamin", "depress", "dosing", "at risk", "magnet")


@pytest.fixture
def course(rows: Rows) -> int:
    """Pat's course: one done, one missed, one cancelled, today's and two to come."""
    course = rows.course(status=CourseStatus.ACTIVE)
    done = rows.visit("2026-02-24 09:00", status=Status.FULFILLED, course_id=course)
    rows.visit("2026-02-25 09:00", status=Status.NOSHOW, course_id=course)
    cancelled = rows.visit("2026-02-26 09:00", course_id=course)
    for day in (2, 3, 4):
        rows.visit(f"2026-03-{day:02d} 10:30", course_id=course)
    with writing(rows.engine) as session:
        session.get_one(Appointment, done).outcome = Outcome.COMPLETE
        row = session.get_one(Appointment, cancelled)
        row.status, row.cancelled_by = Status.CANCELLED, CancelledBy.CLINIC
        row.cancelled_at = row.start_at
    return course


def test_page_says_what_is_next_and_how_far_it_is(course: int, browser: Door) -> None:
    page = browser("pat").get("/my/").text

    said = ("Monday 2 March", "10:30 in the morning", "1 of 4 done", "Tue 3 Mar")
    assert [one in page for one in (*said, "Last visit planned for Wednesday 4 March.")] == [
        True
    ] * 5


@pytest.mark.parametrize("language", ["en", "es"])
def test_page_has_no_clinical_word(course: int, browser: Door, language: str) -> None:
    page = browser("pat").get(f"/my/?lang={language}").text.casefold()

    assert [word for word in CLINICAL if word in page] == []


def test_page_is_in_the_language_of_the_patient(rows: Rows, course: int, browser: Door) -> None:
    with writing(rows.engine) as session:
        session.get_one(Patient, rows.patient_id).language = "es"

    page = browser("pat").get("/my/").text

    assert ('lang="es"' in page, "lunes 2 de marzo" in page) == (True, True)


def test_another_patient_sees_nothing_of_it(course: int, browser: Door) -> None:
    page = browser("quinn").get("/my/").text

    assert "No visit is booked" in page
    assert [word in page for word in ("March", "of 4 done", "Price")] == [False, False, False]


def test_patient_whose_visits_are_over_is_told_to_call(
    rows: Rows, cast: Cast, browser: Door
) -> None:
    rows.visit("2026-02-24 09:00", status=Status.FULFILLED)

    assert "Call us and we will find a date together." in browser("pat").get("/my/").text


def test_visit_that_goes_on_now_is_the_next_one(rows: Rows, browser: Door, now: datetime) -> None:
    rows.visit("2026-03-02 08:45", status=Status.CHECKED_IN)

    assert "8:45 in the morning" in browser("pat").get("/my/").text


def test_pencilled_visit_is_said_to_be_not_fixed(rows: Rows, browser: Door) -> None:
    rows.visit("2026-03-03 09:00", status=Status.PENDING)

    assert "Not yet fixed: we will tell you." in browser("pat").get("/my/").text


@pytest.mark.parametrize("name", ["dana", "cleo", "adan"])
def test_staff_do_not_enter_the_patients_door(course: int, browser: Door, name: str) -> None:
    assert browser(name).get("/my/").status_code == 403


def test_course_counts_what_is_prescribed_and_asks_to_call(
    rows: Rows, course: int, browser: Door
) -> None:
    with writing(rows.engine) as session:
        session.get_one(Course, course).counts = {"acute": 6}
        session.scalars(select(Site)).one().phone = "+15185550144"

    page = browser("pat").get("/my/").text

    assert "1 of 6 done" in page
    assert "2 visits still to be booked: call us, " in page
    assert page.count('href="tel:+15185550144"') == 2
    assert "2 not yet booked" in page


def test_page_offers_to_log_out_and_to_call_for_help(course: int, browser: Door) -> None:
    pat = browser("pat")
    page = pat.get("/my/").text

    assert page.partition("<main")[2].count('action="/log-out"') == 1
    assert '<a class="call" href="tel:988">988</a>' in page


def test_calendar_holds_what_is_to_come_and_not_what_it_is_for(
    rows: Rows, course: int, browser: Door
) -> None:
    answer = browser("pat").get("/my/visits.ics")

    found = Calendar.from_ical(answer.text)
    with reading(rows.engine) as session:
        uids = session.scalars(
            select(Appointment.uid).where(Appointment.status == Status.BOOKED).order_by("start_at")
        ).all()
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert [str(one["uid"]) for one in found.walk("VEVENT")] == [
        f"{uid}@coursekeeper" for uid in uids
    ]
    assert [(str(one["summary"]), one["dtstart"].dt) for one in found.walk("VEVENT")] == [
        ("Appointment at Main Street Clinic", datetime(2026, 3, day, 15, 30, tzinfo=UTC))
        for day in (2, 3, 4)
    ]
    assert [word for word in CLINICAL if word in answer.text.casefold()] == []


def test_patients_door_only_shows(app: Flask) -> None:
    methods = {
        method
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("patient.")
        for method in rule.methods or ()
    }

    assert methods == {"GET", "HEAD", "OPTIONS"}


def test_two_patients_matrix(app: Flask, rows: Rows, course: int, browser: Door) -> None:
    """Every page that Pat opens in the patients' door shows Quinn not one of Pat's facts."""
    rules = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("patient.") and not rule.arguments
    ]

    pages = [browser("quinn").get(rule).text for rule in rules]

    assert sorted(rules) == ["/my/", "/my/visits.ics"]
    assert [fact in page for page in pages for fact in ("2 March", "10:30", "1 of 4")] == [
        False
    ] * 3 * len(rules)


def test_what_to_do_before_is_the_directors_and_in_the_patients_language(
    rows: Rows, course: int, browser: Door, now: datetime
) -> None:
    english = browser("pat").get("/my/").text
    with writing(rows.engine) as session:
        session.get_one(Patient, rows.patient_id).language = "es"
        words = {"en": "Bring a snack.", "es": "Traiga algo de comer."}
        body = {"before_visit": {"lines": [{"words": words}]}, "forbidden_stems": {}}
        session.add(
            Definition(
                kind="texts",
                key="texts",
                version=2,
                status=DefinitionStatus.APPROVED,
                body=body,
                in_force_on=now.date(),
                created_at=now,
                approved_at=now,
            )
        )
    spanish = browser("pat").get("/my/").text

    assert "Sleep as usual. Tell us if you slept under 5 hours." in english
    assert "<li>Traiga algo de comer.</li></ul>" in spanish
