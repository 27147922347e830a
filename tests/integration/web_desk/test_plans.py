"""Planning and booking a course on the page: shown first, booked whole, nothing lost."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, book_appointment
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models import Appointment, AuditEntry, Cell, Course, Message, Patient, Site
from clinic.models.engine import reading, writing
from clinic.planning.courses import PlannedVisit
from clinic.queries.availability import frame_of
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import propose_visit
from clinic.rules.actors import system_actor
from clinic.rules.appointments import Status
from tests.browsers import Browser, hidden_fields
from tests.cast import Cast
from tests.integration.cli.conftest import document
from tests.integration.web.conftest import app, browser, cast, settings, web_engine

__all__ = ["app", "browser", "cast", "settings", "web_engine"]

Browsers = Callable[[str], Browser]
MADE_AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
BY = system_actor("test")
WISHES = {
    "site": "main",
    "protocol": "tms_itbs_ldlpfc",
    "start_on": "1 June 2026",
    "preferred": "10:00",
    "tolerance": "",
    "per_week": "",
}


@pytest.fixture
def page(web_engine: Engine, cast: Cast) -> str:
    """The address of the planning page of Pat, in a clinic that can hold the course."""
    with writing(web_engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
    return f"/schedule/plan/{cast.pat.public_id}"


def shown(dana: Browser, page: str, **more: str) -> dict[str, str]:
    """Ask for the plan and return the whole form as it stands then."""
    answer = dana.send(page, WISHES | {"do": "plan"} | more)
    assert answer.status_code == 200, answer.text
    return hidden_fields(answer.text) | WISHES | {"do": "book"} | more


def count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_plan_is_shown_and_nothing_is_written(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    answer = browser("dana").send(page, WISHES | {"do": "plan"})

    assert "finishes Wed 29 Jul 2026" in answer.text
    assert "Book these 36" in answer.text
    assert (count(web_engine, Course), count(web_engine, Appointment)) == (0, 0)


def test_the_plan_shown_is_booked_whole(browser: Browsers, page: str, web_engine: Engine) -> None:
    dana = browser("dana")

    answer = dana.post(page, shown(dana, page))

    assert answer.status_code == 303
    assert (count(web_engine, Course), count(web_engine, Appointment)) == (1, 36)
    assert count(web_engine, Message) == 1
    with reading(web_engine) as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_kind == "course"))
        assert list(verbs) == ["book_course"]


def test_a_course_just_booked_is_taken_back_by_one_button(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    course = dana.get(dana.post(page, shown(dana, page)).location)
    address = unescape(re.findall(r'action="(/schedule/undo/[^"]+)"', course.text)[0])

    answer = dana.post(address, hidden_fields(course.text))

    assert answer.status_code == 303
    assert "entered by mistake" in dana.get(answer.location).text
    assert (count(web_engine, Cell), count(web_engine, Appointment)) == (0, 36)


def test_a_form_sent_twice_books_once(browser: Browsers, page: str, web_engine: Engine) -> None:
    dana = browser("dana")
    form = shown(dana, page)

    first = dana.post(page, form)
    second = dana.post(page, form)

    assert (second.status_code, second.headers["Location"]) == (303, first.headers["Location"])
    assert count(web_engine, Course) == 1


def test_a_course_that_lost_its_place_shows_what_changed_and_keeps_the_form(
    browser: Browsers, page: str, web_engine: Engine, cast: Cast
) -> None:
    dana = browser("dana")
    form = shown(dana, page)
    with writing(web_engine) as session:
        take(session, cast.quinn.patient_id or 0)

    answer = dana.post(page, form)

    assert answer.status_code == 409
    assert 'value="1 June 2026"' in answer.text
    assert "Book these 36" in answer.text
    assert count(web_engine, Course) == 0
    again = dana.post(page, hidden_fields(answer.text) | WISHES | {"do": "book"})
    assert again.status_code == 303


def take(session: Session, patient_id: int) -> None:
    """Book another patient on the only device at the first visit's time."""
    site = frame_of(session.scalars(select(Site).where(Site.key == "main")).one())
    from_day = datetime(2026, 6, 2, tzinfo=UTC).date()
    visit = propose_visit(
        session,
        patient_id=patient_id,
        kind_key="tms",
        site=site,
        on=from_day,
        start_min=600,
        place="room",
        device_tags=frozenset({"figure-8"}),
    )
    assert isinstance(visit, PlannedVisit)
    patient = session.get_one(Patient, patient_id)
    draft = VisitDraft(
        visit=visit,
        site=site,
        patient_id=patient.id,
        patient_resource_id=patient.resource_id,
        kind=kind_frames(session)["tms"],
        course_id=None,
        status=Status.BOOKED,
    )
    book_appointment(session, draft=draft, by=BY, now=MADE_AT)


@pytest.mark.parametrize(
    "field, value, words",
    [
        ("start_on", "31 Foo 2026", "Give a date"),
        ("start_on", "2026-02-30", "Give a date"),
        ("preferred", "25:00", "Give an hour"),
        ("away", "soon", "Give a date"),
        ("protocol", "nothing", "Not a valid choice"),
        ("count", "99", "between 1 and 60"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(
    browser: Browsers, page: str, field: str, value: str, words: str
) -> None:
    answer = browser("dana").send(page, WISHES | {"do": "plan", field: value})

    assert answer.status_code == 422
    assert words in answer.text
    assert value in answer.text or field == "protocol"


def test_a_course_that_cannot_be_had_says_why_and_offers_no_booking(
    browser: Browsers, page: str
) -> None:
    answer = browser("dana").send(page, WISHES | {"do": "plan", "protocol": "dtms_h1_mdd"})

    assert "Nothing can be booked yet." in answer.text
    assert "no device or room of the kind needed" in answer.text
    assert "Book these" not in answer.text


def test_only_who_schedules_may_plan(browser: Browsers, page: str) -> None:
    assert browser("pat").get(page).status_code == 403
    assert browser("adan").get(page).status_code == 403
    assert browser("dana").get("/schedule/plan/nobody").status_code == 404
