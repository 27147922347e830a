"""The week of a device or a patient: its visits by day, free times to book, nothing of others."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from clinic.models import AuditEntry, Patient, Staff
from clinic.models.engine import reading
from tests.browsers import Browser
from tests.integration.web_desk.conftest import TODAY, TOMORROW, Desk

Browsers = Callable[[str], Browser]
NEXT_MONDAY = TODAY + timedelta(days=7)


def test_week_of_a_device_shows_each_visit_under_its_day(desk: Desk, browser: Browsers) -> None:
    first, second = desk.book(on=TODAY, at=600), desk.book(on=TOMORROW, at=660)
    elsewhere = desk.book(on=NEXT_MONDAY, at=600)

    page = browser("dana").get("/schedule/week?with=tms-1").text

    assert "Mon 2 Mar" in page
    assert "Tue 3 Mar" in page
    assert f"?open={first}" in page
    assert f"?open={second}" in page
    assert f"?open={elsewhere}" not in page
    assert "2 visits" in page


def test_visit_of_a_week_opens_on_its_board(desk: Desk, browser: Browsers) -> None:
    visit = desk.book(on=TOMORROW)

    answer = browser("dana").get(f"/schedule/week?open={visit}")

    assert (answer.status_code, answer.location) == (303, f"/schedule/?open={visit}")


def test_free_time_of_a_week_leads_to_its_day(desk: Desk, browser: Browsers) -> None:
    page = browser("dana").get(f"/schedule/week?with=tms-1&on={NEXT_MONDAY}").text

    assert f"new?site=main&amp;on={NEXT_MONDAY}" in page
    assert "with=tms-1" in page


def test_week_of_a_patient_shows_that_patient_alone(desk: Desk, browser: Browsers) -> None:
    mine = desk.book(on=TODAY, at=600)
    other = desk.book(on=TODAY, at=660, patient_id=desk.cast.quinn.patient_id or 0)
    pat = public_id(desk, desk.cast.pat.patient_id)

    page = browser("dana").get(f"/schedule/week?patient={pat}").text

    assert f"?open={mine}" in page
    assert f"?open={other}" not in page
    with reading(desk.engine) as session:
        look = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert look is not None
    assert (look.verb, look.patient_id) == ("see_week", desk.cast.pat.patient_id)


def test_nobody_sees_the_own_week_as_a_patient(desk: Desk, browser: Browsers) -> None:
    pat = desk.cast.pat.patient_id
    desk.change(
        lambda session: setattr(
            session.scalars(select(Staff).where(Staff.key == "dana")).one(), "patient_id", pat
        )
    )

    answer = browser("dana").get(f"/schedule/week?patient={public_id(desk, pat)}")

    assert answer.status_code == 403


def test_what_is_not_there_gives_the_first_and_this_week(desk: Desk, browser: Browsers) -> None:
    page = browser("dana").get("/schedule/week?with=nothing&on=not-a-day")

    assert page.status_code == 200
    assert f"week of {NEXT_MONDAY - timedelta(days=7):Mon %-d Mar}" in page.text


def public_id(desk: Desk, patient_id: int | None) -> str:
    with reading(desk.engine) as session:
        return session.get_one(Patient, patient_id).public_id
