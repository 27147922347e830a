"""Pencilling a course on the page, and deciding on it: once, by who saw it as it is."""

import re
from collections import Counter
from html import unescape

import pytest
from sqlalchemy import Engine, select, update
from werkzeug.test import TestResponse

from clinic.models import Appointment, Message, Patient
from clinic.models.engine import reading, writing
from clinic.rules.appointments import Status
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.locks import held
from tests.integration.web_desk.test_plans import (
    WISHES,
    Browsers,
    app,
    booking,
    browser,
    cast,
    count,
    page,
    settings,
    web_engine,
)

__all__ = ["app", "browser", "cast", "page", "settings", "web_engine"]


def pencil(dana: Browser, page: str) -> str:
    """Pencil the course and return the address of its page."""
    plans = dana.send(page, WISHES | {"do": "plan"}).text
    return dana.post(page, booking(plans, "pencil")).location


def decide(dana: Browser, course: str, verb: str, **other: str) -> TestResponse:
    fields = hidden_fields(dana.get(course).text) | other
    return dana.post(f"{course}/pencil/{verb}", fields)


def states(engine: Engine) -> dict[Status, int]:
    with reading(engine) as session:
        return dict(Counter(session.scalars(select(Appointment.status))))


def test_pencilled_course_says_until_when_it_is_held(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    assert "Pencil until Mon 16 Mar" in dana.send(page, WISHES | {"do": "plan"}).text

    course = pencil(dana, page)

    assert "Pencilled until Mon 16 Mar 2026: nothing is promised yet." in dana.get(course).text
    assert (states(web_engine), count(web_engine, Message)) == ({Status.PENDING: 36}, 0)
    assert "held until Mon 16 Mar" in dana.get("/desk/").text


def test_approved_course_is_booked_and_told(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    course = pencil(dana, page)

    answer = decide(dana, course, "approve")

    assert (answer.status_code, answer.location) == (303, course)
    assert (states(web_engine), count(web_engine, Message)) == ({Status.BOOKED: 36}, 1)
    assert "Pencilled, to be decided" not in dana.get("/desk/").text


@pytest.mark.parametrize("verb", ["approve", "give-up"])
def test_decision_on_a_pencilled_course_is_undone(
    browser: Browsers, page: str, web_engine: Engine, verb: str
) -> None:
    dana = browser("dana")
    course = pencil(dana, page)
    decided = dana.get(decide(dana, course, verb).location).text
    address = unescape(re.findall(r'action="(/schedule/undo/[^"]+)"', decided)[0])

    answer = dana.post(address, hidden_fields(decided))

    assert (answer.status_code, answer.location) == (303, course)
    again = dana.get(course).text
    assert "Pencilled until Mon 16 Mar 2026: nothing is promised yet." in again
    assert states(web_engine) == {Status.PENDING: 36}
    assert decide(dana, course, "approve", request_key="once-more").status_code == 303
    assert states(web_engine) == {Status.BOOKED: 36}


@pytest.mark.parametrize(
    ("email", "wants", "words"),
    [
        ("pat@home.test", True, "The patient gets a message in a few minutes."),
        ("pat@home.test", False, "The patient wants no e-mail: tell them by phone."),
        ("", True, "No e-mail on file: tell the patient by phone."),
    ],
)
def test_message_is_promised_only_to_whom_one_reaches(
    browser: Browsers, page: str, web_engine: Engine, email: str, wants: bool, words: str
) -> None:
    dana = browser("dana")
    with writing(web_engine) as session:
        session.execute(update(Patient).values(email=email, wants_email=wants))

    answer = decide(dana, pencil(dana, page), "approve")

    assert f"All visits are booked. {words}" in dana.get(answer.location).text


def test_course_given_up_frees_all_times(browser: Browsers, page: str, web_engine: Engine) -> None:
    dana = browser("dana")

    answer = decide(dana, pencil(dana, page), "give-up")

    assert "all times are free again" in dana.get(answer.location).text
    assert states(web_engine) == {Status.CANCELLED: 36}


def test_second_window_learns_that_it_was_decided(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    course = pencil(dana, page)
    old = hidden_fields(dana.get(course).text) | {"request_key": "of-the-other-window"}
    decide(dana, course, "renew")

    answer = dana.post(f"{course}/pencil/approve", old)

    assert answer.status_code == 409
    assert "Somebody has changed this course meanwhile." in answer.text
    assert states(web_engine) == {Status.PENDING: 36}


def test_decision_on_a_locked_database_changes_nothing(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    course = pencil(dana, page)
    fields = hidden_fields(dana.get(course).text)

    with held(web_engine, "course"):
        answer = dana.post(f"{course}/pencil/approve", fields)

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert states(web_engine) == {Status.PENDING: 36}


def test_clinician_decides_nothing(browser: Browsers, page: str, web_engine: Engine) -> None:
    course = pencil(browser("dana"), page)

    answer = decide(browser("cleo"), course, "approve")

    assert answer.status_code == 403
    assert states(web_engine) == {Status.PENDING: 36}
