"""The end of a visit: complete, stopped early, or came and not treated, with a coded reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from clinic.models import Course, Definition, VisitRecord
from clinic.models.definitions import DefinitionStatus
from clinic.models.engine import reading, writing
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from tests.browsers import Browser
from tests.integration.clinic_rows import Rows

Door = Callable[[str], Browser]


@pytest.fixture
def visit(rows: Rows, now: datetime) -> int:
    course = rows.course(status=CourseStatus.ACTIVE)
    return rows.visit("2026-03-02 09:00", status=Status.CHECKED_IN, course_id=course)


@pytest.fixture
def address(rows: Rows, visit: int) -> str:
    return f"/clinician/visits/{rows.get(visit).public_id}"


def begin(who: Browser, address: str) -> None:
    who.post(f"{address}/begin", {**who.form("/account"), "version": "1"})


def finish(who: Browser, address: str, **fields: str) -> int:
    page = f"{address}/finish"
    return who.post(page, {**who.form(page), **fields}).status_code


def end(rows: Rows, visit: int) -> tuple[Status, Outcome | None, str | None]:
    row = rows.get(visit)
    return row.status, row.outcome, row.outcome_reason


@pytest.mark.parametrize(
    ("ending", "outcome", "reason"),
    [
        ("complete", Outcome.COMPLETE, None),
        ("partial.tolerability", Outcome.PARTIAL, "tolerability"),
        ("not_treated.pressure", Outcome.NOT_TREATED, "pressure"),
    ],
)
def test_session_ends_in_three_ways(
    rows: Rows,
    visit: int,
    address: str,
    browser: Door,
    ending: str,
    outcome: Outcome,
    reason: str | None,
) -> None:
    cleo = browser("cleo")
    begin(cleo, address)

    assert finish(cleo, address, ending=ending, is_nothing_given="y") == 303
    assert end(rows, visit) == (Status.FULFILLED, outcome, reason)
    with reading(rows.engine) as session:
        assert session.scalars(select(VisitRecord.ended_at)).one() is not None


@pytest.mark.parametrize(
    "ending", ["", "partial", "not_treated", "partial.pressure", "not_treated.time", "x.y", "."]
)
def test_ending_without_a_reason_of_its_own_is_refused(
    rows: Rows, visit: int, address: str, browser: Door, ending: str
) -> None:
    cleo = browser("cleo")
    begin(cleo, address)

    assert finish(cleo, address, ending=ending) == 422
    assert end(rows, visit) == (Status.CHECKED_IN, None, None)


def test_nobody_who_was_not_begun_with_is_complete(
    rows: Rows, visit: int, address: str, browser: Door
) -> None:
    assert finish(browser("cleo"), address, ending="complete") == 422
    assert end(rows, visit) == (Status.CHECKED_IN, None, None)


def test_not_treated_needs_no_session(rows: Rows, visit: int, address: str, browser: Door) -> None:
    cleo = browser("cleo")

    assert "Not treated today" in cleo.get(address).text
    assert finish(cleo, address, ending="not_treated.ride") == 303
    assert end(rows, visit) == (Status.FULFILLED, Outcome.NOT_TREATED, "ride")
    assert "came, not treated" in cleo.get(address).text


def test_reasons_are_those_of_the_policies_in_force(
    rows: Rows, address: str, browser: Door
) -> None:
    with writing(rows.engine) as session:
        old = session.scalars(select(Definition).where(Definition.kind == "policies")).one()
        reasons = {"not_treated": ["weather"], "partial": ["other"]}
        beside = {**old.body["status"]["beside"], "reason_codes": reasons}
        session.add(
            Definition(
                kind="policies",
                key="policies",
                version=2,
                status=DefinitionStatus.APPROVED,
                body={**old.body, "status": {**old.body["status"], "beside": beside}},
                in_force_on=date(2026, 1, 1),
                approved_at=datetime(2026, 1, 1, tzinfo=UTC),
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
    cleo = browser("cleo")

    page = cleo.get(f"{address}/finish").text

    assert ("not_treated.weather" in page, "not_treated.ride" in page) == (True, False)
    assert finish(cleo, address, ending="not_treated.ride") == 422


def test_visit_goes_from_here_to_done(rows: Rows, browser: Door) -> None:
    visit = rows.visit("2026-03-02 09:00", status=Status.ARRIVED)
    address = f"/clinician/visits/{rows.get(visit).public_id}"
    cleo = browser("cleo")

    statuses = []
    for part in ("seat", "begin"):
        fields = {**cleo.form("/account"), "version": str(rows.get(visit).version)}
        statuses.append(cleo.post(f"{address}/{part}", fields).status_code)
    statuses += [finish(cleo, address, ending="complete") for _ in range(2)]

    assert statuses == [303, 303, 303, 422]
    assert rows.get(visit).status is Status.FULFILLED


def test_double_tap_ends_once(rows: Rows, visit: int, address: str, browser: Door) -> None:
    cleo = browser("cleo")
    begin(cleo, address)
    page = f"{address}/finish"
    fields = {**cleo.form(page), "ending": "complete"}

    assert [cleo.post(page, fields).status_code for _ in range(2)] == [303, 303]


@pytest.mark.parametrize("version", ["7", "", "x", "9" * 40])
def test_end_on_an_old_page_is_refused_with_the_form_still_filled(
    rows: Rows, visit: int, address: str, browser: Door, version: str
) -> None:
    cleo = browser("cleo")
    begin(cleo, address)
    page = f"{address}/finish"

    sent = {**cleo.form(page), "ending": "partial.time", "version": version}
    answer = cleo.post(page, sent)

    assert answer.status_code == 409
    assert 'checked id="ending-' in answer.text
    assert 'value="partial.time"' in answer.text
    assert end(rows, visit) == (Status.CHECKED_IN, None, None)


def test_booked_visit_of_today_is_taken_to_the_room(rows: Rows, browser: Door) -> None:
    today, later = rows.visit("2026-03-02 10:00"), rows.visit("2026-03-03 10:00")
    cleo = browser("cleo")

    pages = [
        cleo.get(f"/clinician/visits/{rows.get(one).public_id}").text for one in (today, later)
    ]

    assert ["/seat" in page for page in pages] == [True, False]


def test_held_course_can_still_be_sent_home(
    rows: Rows, visit: int, address: str, browser: Door
) -> None:
    with writing(rows.engine) as session:
        from_course = rows.get(visit).course_id
        session.execute(
            update(Course).where(Course.id == from_course).values(status=CourseStatus.ON_HOLD)
        )
    cleo = browser("cleo")

    page = cleo.get(address).text

    assert ("/begin" in page, "Not treated today" in page) == (False, True)
    assert finish(cleo, address, ending="not_treated.screener") == 303
