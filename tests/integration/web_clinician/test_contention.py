"""The chair's forms lose nothing: a locked database, and a race that was lost."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, select

from clinic.models import Observation, SideEffect
from clinic.models.engine import reading
from clinic.rules.appointments import Status
from clinic.rules.courses import CourseStatus
from tests.browsers import Browser
from tests.integration.clinic_rows import Rows

Door = Callable[[str], Browser]
VITALS = {"systolic": "131", "diastolic": "84", "pulse": "72", "spo2": "98"}
EFFECT = {
    "term": "headache",
    "grade": "2",
    "free_text": "since noon",
    "relatedness": "possible",
    "action": "none",
    "outcome": "ongoing",
}


@pytest.fixture
def visit(rows: Rows, now: datetime) -> int:
    course = rows.course(status=CourseStatus.ACTIVE)
    return rows.visit("2026-03-02 09:00", status=Status.CHECKED_IN, course_id=course)


@pytest.fixture
def address(rows: Rows, visit: int) -> str:
    return f"/clinician/visits/{rows.get(visit).public_id}"


def logged(rows: Rows) -> int:
    with reading(rows.engine) as session:
        return sum(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Observation, SideEffect)
        )


def test_correction_that_came_second_keeps_what_was_typed(
    rows: Rows, address: str, browser: Door
) -> None:
    cleo, other = browser("cleo"), browser("cleo")
    cleo.post(f"{address}/vitals", {**cleo.form(address), **VITALS, "systolic": "210"})
    with reading(rows.engine) as session:
        wrong = session.scalars(select(Observation.public_id)).one()
    page = f"{address}?corrects={wrong}"
    first, second = ({**who.form(page), **VITALS, "corrects": wrong} for who in (cleo, other))

    answers = [
        cleo.post(f"{address}/vitals", first),
        other.post(f"{address}/vitals", {**second, "systolic": "133"}),
    ]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert 'value="133"' in answers[1].text
    assert "already been corrected" in answers[1].text
    assert "131/84" in answers[1].text


def test_side_effect_taken_back_second_says_so(rows: Rows, address: str, browser: Door) -> None:
    cleo, other = browser("cleo"), browser("cleo")
    cleo.post(f"{address}/side-effects", {**cleo.form(address), **EFFECT})
    with reading(rows.engine) as session:
        wrong = session.scalars(select(SideEffect.public_id)).one()
    page = f"{address}/side-effects/{wrong}/void"
    first, second = ({**who.form(page), "reason": "twice"} for who in (cleo, other))

    answers = [cleo.post(page, first), other.post(page, second)]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert 'value="twice"' in answers[1].text


def test_same_key_with_another_side_effect_is_refused_with_the_form_filled(
    rows: Rows, address: str, browser: Door
) -> None:
    cleo = browser("cleo")
    fields = {**cleo.form(address), **EFFECT}

    answers = [
        cleo.post(f"{address}/side-effects", fields),
        cleo.post(f"{address}/side-effects", {**fields, "free_text": "since one"}),
    ]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert 'value="since one"' in answers[1].text
    assert logged(rows) == 1
