"""The visit page: only clinicians open it, and it says at once what a reading means."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, select

from clinic.models import (
    Account,
    Appointment,
    AuditEntry,
    Course,
    Grant,
    Observation,
    SideEffect,
    Site,
    VisitRecord,
)
from clinic.models.engine import reading, writing
from clinic.rules.appointments import Status
from clinic.rules.courses import CourseStatus
from tests.browsers import Browser
from tests.integration.clinic_rows import Rows

Door = Callable[[str], Browser]
CALM = {"systolic": "128", "diastolic": "78", "pulse": "72", "spo2": "98"}


@pytest.fixture
def visit(rows: Rows, now: datetime) -> int:
    """Pat, in the room for the visit of nine o'clock; the clock says 9:00."""
    course = rows.course(status=CourseStatus.ACTIVE)
    return rows.visit("2026-03-02 09:00", status=Status.CHECKED_IN, course_id=course)


@pytest.fixture
def address(rows: Rows, visit: int) -> str:
    return f"/clinician/visits/{rows.get(visit).public_id}"


def count(rows: Rows, table: type) -> int:
    with reading(rows.engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def send(who: Browser, address: str, part: str, data: dict[str, str], page: str = "") -> int:
    """Send one form of the visit page and return the status."""
    return who.post(f"{address}/{part}", {**who.form(page or address), **data}).status_code


def test_today_lists_the_visit_with_its_number_and_what_is_due(
    rows: Rows, visit: int, browser: Door
) -> None:
    page = browser("cleo").get("/clinician/").text

    assert [word in page for word in ("Price, Pat", "1/1", "take vitals, then start")] == [True] * 3


def test_today_says_why_it_is_empty(rows: Rows, browser: Door) -> None:
    assert "Nobody is booked here today." in browser("cleo").get("/clinician/").text


def test_page_shows_patient_strip_and_forms(address: str, browser: Door) -> None:
    answer = browser("cleo").get(address)

    assert answer.status_code == 200
    assert [word in answer.text for word in ("Pat Price", "Systolic, mmHg", "Headache")] == [
        True
    ] * 3


@pytest.mark.parametrize("name", ["dana", "adan", "pat", "quinn"])
def test_nobody_else_opens_a_clinical_page(address: str, browser: Door, name: str) -> None:
    who = browser(name)

    answers = [who.get(one) for one in ("/clinician/", address)]

    assert {answer.status_code for answer in answers} <= {403, 404}
    assert [word in answers[1].text for word in ("Price", "mmHg")] == [False, False]


@pytest.mark.parametrize("part", ["vitals", "side-effects", "seat", "begin", "finish"])
def test_desk_writes_nothing_clinical(rows: Rows, address: str, browser: Door, part: str) -> None:
    dana = browser("dana")
    token = dana.form("/desk/")

    answer = dana.post(f"{address}/{part}", {**token, **CALM, "tap": "headache", "grade": "1"})

    assert answer.status_code in {403, 404}
    assert [count(rows, one) for one in (Observation, SideEffect, VisitRecord)] == [0, 0, 0]


def test_looking_leaves_a_trace(rows: Rows, address: str, browser: Door) -> None:
    browser("cleo").get(address)

    with reading(rows.engine) as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.verb == "view_visit")).all()
        assert [(one.account_id, one.patient_id) for one in seen] == [
            (rows.cleo_id, rows.patient_id)
        ]


def test_reading_gives_its_verdict_at_once(rows: Rows, address: str, browser: Door) -> None:
    cleo = browser("cleo")

    status = send(cleo, address, "vitals", {**CALM, "systolic": "164"})

    page = cleo.get(address).text
    assert status == 303
    assert "Not today. No dose today unless the prescriber overrides with a reason." in page
    assert "Systolic 164 mmHg (≥ 160 mmHg)" in page
    assert "Clinic rule, version 1." in page


def test_calm_reading_says_go_on(address: str, browser: Door) -> None:
    cleo = browser("cleo")

    send(cleo, address, "vitals", CALM)

    assert "Within limits. Go on." in cleo.get(address).text


def test_double_tap_logs_one_reading(rows: Rows, address: str, browser: Door) -> None:
    cleo = browser("cleo")
    fields = {**cleo.form(address), **CALM}

    answers = [cleo.post(f"{address}/vitals", fields).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert count(rows, Observation) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"systolic": "1280"}, "Give a number from 60 to 260 mmHg."),
        ({"systolic": "78", "diastolic": "128"}, "must be above the diastolic"),
        ({"systolic": ""}, "Give the systolic pressure."),
        ({"systolic": "abc"}, "Give a whole number."),
        ({"systolic": "9" * 400}, "Give a number from 60 to 260 mmHg."),
        ({"spo2": "9"}, "Give a number from 50 to 100 %."),
        ({"taken_time": "25:99"}, "Give a time such as 13:05."),
        ({"sedation": "9"}, "Not a valid choice"),
    ],
)
def test_refused_reading_comes_back_filled(
    rows: Rows, address: str, browser: Door, wrong: dict[str, str], words: str
) -> None:
    cleo = browser("cleo")

    answer = cleo.post(f"{address}/vitals", {**cleo.form(address), **CALM, **wrong})

    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="72"' in answer.text
    assert count(rows, Observation) == 0


def test_reading_may_be_written_down_later(rows: Rows, address: str, browser: Door) -> None:
    send(browser("cleo"), address, "vitals", {**CALM, "taken_time": "8:50"})

    with reading(rows.engine) as session:
        taken = session.scalar(select(Observation.taken_at))
        assert taken is not None
        assert taken.isoformat() == "2026-03-02T13:50:00+00:00"


def test_reading_is_corrected_and_the_old_one_stays(
    rows: Rows, address: str, browser: Door
) -> None:
    cleo = browser("cleo")
    send(cleo, address, "vitals", {**CALM, "systolic": "210"})
    with reading(rows.engine) as session:
        wrong = session.scalars(select(Observation.public_id)).one()

    page = f"{address}?corrects={wrong}"
    statuses = [send(cleo, address, "vitals", CALM, page) for _ in range(2)]

    assert statuses == [303, 409]
    assert "Within limits. Go on." in cleo.get(address).text
    assert count(rows, Observation) == 2


def test_reading_of_another_patient_is_not_found(rows: Rows, address: str, browser: Door) -> None:
    cleo = browser("cleo")
    other = rows.visit("2026-03-02 10:00", patient_id=rows.patient(), status=Status.CHECKED_IN)
    send(cleo, f"/clinician/visits/{rows.get(other).public_id}", "vitals", CALM)
    with reading(rows.engine) as session:
        foreign = session.scalars(select(Observation.public_id)).one()

    assert send(cleo, address, "vitals", {**CALM, "corrects": foreign}) == 404
    assert send(cleo, address, f"vitals/{foreign}/void", {"reason": "mine"}) == 404


def test_mistake_is_taken_back_with_a_reason(rows: Rows, address: str, browser: Door) -> None:
    cleo = browser("cleo")
    send(cleo, address, "vitals", CALM)
    with reading(rows.engine) as session:
        wrong = session.scalars(select(Observation.public_id)).one()

    statuses = [
        send(cleo, address, f"vitals/{wrong}/void", {"reason": reason})
        for reason in ("", "other patient", "again")
    ]

    assert statuses == [422, 303, 409]
    assert "entered by mistake" in cleo.get(address).text


def test_side_effect_is_one_tap(rows: Rows, address: str, browser: Door) -> None:
    cleo = browser("cleo")

    status = send(
        cleo,
        address,
        "side-effects",
        {"tap": "headache", "grade": "1", **DETAILS},
    )

    assert status == 303
    with reading(rows.engine) as session:
        found = session.scalars(select(SideEffect)).one()
        assert (found.term_key, found.grade, found.level) == ("headache", 1, "none")


DETAILS = {"relatedness": "possible", "action": "none", "outcome": "ongoing"}


def test_seizure_is_no_tap_and_puts_the_course_on_hold(
    rows: Rows, visit: int, address: str, browser: Door
) -> None:
    cleo = browser("cleo")

    status = send(cleo, address, "side-effects", {"term": "seizure", "grade": "3", **DETAILS})

    page = cleo.get(address).text
    assert status == 303
    assert 'value="seizure">Seizure</button>' not in page
    assert "Hold: ask the prescriber." in page
    assert send(cleo, address, "begin", {"version": "1"}) == 422
    with reading(rows.engine) as session:
        assert session.scalars(select(Course.status)).all() == [CourseStatus.ON_HOLD]


@pytest.mark.parametrize(
    "wrong",
    [
        {"grade": "1"},
        {"tap": "hiccups", "grade": "1"},
        {"tap": "headache", "grade": "9"},
        {"term": "other", "grade": "1"},
        {"tap": "headache", "grade": "1", "free_text": "x" * 201},
        {"tap": "headache", "grade": "1", "relatedness": "surely"},
    ],
)
def test_refused_side_effect_is_not_stored(
    rows: Rows, address: str, browser: Door, wrong: dict[str, str]
) -> None:
    status = send(browser("cleo"), address, "side-effects", {**DETAILS, **wrong})

    assert (status, count(rows, SideEffect)) == (422, 0)


def test_side_effect_entered_by_mistake_goes_from_the_page(
    rows: Rows, address: str, browser: Door
) -> None:
    cleo = browser("cleo")
    send(cleo, address, "side-effects", {"tap": "headache", "grade": "2", **DETAILS})
    with reading(rows.engine) as session:
        wrong = session.scalars(select(SideEffect.public_id)).one()

    statuses = [
        send(cleo, address, f"side-effects/{wrong}/void", {"reason": reason})
        for reason in ("", "other patient", "again")
    ]

    assert statuses == [422, 303, 409]
    with reading(rows.engine) as session:
        kept = session.scalars(
            select(AuditEntry.values).where(AuditEntry.verb == "void_side_effect")
        ).all()
        assert [values["reason"] for values in kept] == ["other patient"]


@pytest.mark.parametrize("part", ["vitals", "side-effects"])
def test_page_leads_to_taking_back(address: str, browser: Door, part: str) -> None:
    cleo = browser("cleo")
    entry = CALM if part == "vitals" else {"tap": "headache", "grade": "2", **DETAILS}
    send(cleo, address, part, entry)

    links = re.findall(rf'href="({address}/{part}/[^"]+/void)"', cleo.get(address).text)
    page = cleo.get(links[0]).text

    assert len(links) == 1
    assert ("128/78 mmHg" in page, "Headache" in page) == (
        (True, False) if part == "vitals" else (False, True)
    )


@pytest.mark.parametrize("part", ["vitals", "side-effects"])
def test_what_is_not_there_cannot_be_taken_back(address: str, browser: Door, part: str) -> None:
    assert browser("cleo").get(f"{address}/{part}/nothing/void").status_code == 404


def test_visit_at_a_site_one_does_not_work_at_is_not_found(
    rows: Rows, address: str, browser: Door, visit: int
) -> None:
    with writing(rows.engine) as session:
        other = Site(key="west", name="West", patient_name="West", zone="America/New_York")
        session.add(other)
        session.flush()
        session.get_one(Appointment, visit).site_id = other.id
    cleo = browser("cleo")
    token = cleo.form("/account")

    answers = [
        cleo.get(address).status_code,
        cleo.post(f"{address}/vitals", {**token, **CALM, "request_key": "k"}).status_code,
    ]

    assert answers == [404, 404]


def test_today_takes_the_same_number_of_queries_for_one_and_three_visits(
    rows: Rows, visit: int, browser: Door, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    cleo = browser("cleo")
    cleo.get("/clinician/")
    one = count_queries(lambda: cleo.get("/clinician/"))
    for hour in (10, 11):
        rows.visit(f"2026-03-02 {hour}:00", patient_id=rows.patient())

    assert count_queries(lambda: cleo.get("/clinician/")) == one


@pytest.mark.parametrize(
    ("name", "entries"),
    [("cleo", ["Chairs"]), ("dana", ["Today"]), ("folake", ["Today", "Chairs"])],
)
def test_menu_has_one_list_of_the_day_for_each_kind_of_work(
    rows: Rows, browser: Door, name: str, entries: list[str]
) -> None:
    if name == "folake":
        name = "cleo"
        with writing(rows.engine) as session:
            cleo = session.scalars(select(Grant).where(Grant.staff_id == staff_of(rows))).all()
            cleo[0].role = "prescriber"

    menu = re.findall(r"<a [^>]*>\s*(Today|Chairs)\b", browser(name).get("/account").text)

    assert menu == entries


def staff_of(rows: Rows) -> int | None:
    with reading(rows.engine) as session:
        return session.get_one(Account, rows.cleo_id).staff_id
