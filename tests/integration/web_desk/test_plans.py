"""Planning and booking a course on the page: shown first, booked whole, nothing lost."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models import Appointment, AuditEntry, Cell, Course, Message, Patient, Resource, Site
from clinic.models.engine import reading, writing
from clinic.planning.courses import PlannedVisit
from clinic.queries.availability import frame_of
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import propose_visit
from clinic.rules.actors import system_actor
from clinic.rules.appointments import Status
from tests.browsers import Browser, button_value, hidden_fields
from tests.cast import Cast
from tests.integration.cli.conftest import document
from tests.integration.web.conftest import app, browser, cast, settings, web_engine
from tests.loose import book_loose
from tests.pictures import Pictures

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
def page(web_engine: Engine, cast: Cast, pictures: Pictures) -> str:
    """The address of the planning page of Pat, in a clinic that can hold the course."""
    pictures.of("page", web_engine, lambda: _furnish(web_engine))
    return f"/schedule/plan/{cast.pat.public_id}"


def _furnish(engine: Engine) -> None:
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)


def shown(dana: Browser, page: str, **more: str) -> dict[str, str]:
    """Ask for the plans and return the whole form as it stands then, to book the first."""
    answer = dana.send(page, WISHES | {"do": "plan"} | more)
    assert answer.status_code == 200, answer.text
    return booking(answer.text) | more


def booking(html: str, verb: str = "book") -> dict[str, str]:
    """The form of a page that shows plans, with the button of the first one pressed."""
    return hidden_fields(html) | WISHES | {"do": button_value(html, verb)}


def count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_plan_is_shown_and_nothing_is_written(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    answer = browser("dana").send(page, WISHES | {"do": "plan"})

    assert "Finishes Wed 29 Jul 2026" in answer.text
    assert ("36 planned" in answer.text, " ms." in answer.text) == (True, False)
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
    assert (count(web_engine, Cell), count(web_engine, Appointment)) == (0, 36)


def test_undo_of_a_booking_leads_back_to_the_same_wishes(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    more = {"window_from": "9:00", "window_to": "17:00", "away": "5 June 2026 to 8 June 2026"}
    fields = shown(dana, page, weekdays="0", per_week="3", **more)
    booked = dana.get(dana.post(page, fields).location)
    address = unescape(re.findall(r'action="(/schedule/undo/[^"]+)"', booked.text)[0])

    back = dana.post(address, hidden_fields(booked.text)).location
    again = dana.get(back).text

    with reading(web_engine) as session:
        course = session.scalars(select(Course)).one()
    assert back == f"{page}?again={course.public_id}"
    wishes = ('value="1 Jun 2026"', 'value="10:00"', 'value="9:00"', 'value="17:00"')
    assert [one in again for one in wishes] == [True] * 4
    assert "5 Jun 2026 to 8 Jun 2026" in again
    assert ticked(again) == ["0"]
    assert '<option selected value="tms_itbs_ldlpfc">' in again
    assert '<option selected value="3">3</option>' in again


def test_page_of_an_undone_course_says_so_and_offers_to_plan_again(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    course = dana.post(page, shown(dana, page)).location
    booked = dana.get(course)
    address = unescape(re.findall(r'action="(/schedule/undo/[^"]+)"', booked.text)[0])
    again = dana.post(address, hidden_fields(booked.text)).location

    void = dana.get(course).text
    patient = dana.get(page.replace("/schedule/plan/", "/desk/patients/")).text

    assert "Undone: nothing of this course is booked." in void
    assert f'href="{again}"' in void
    unsaid = ("Extra visit", "not yet booked", "First visit", "entered by mistake", "strip-week")
    assert [one in void for one in unsaid] == [False] * 5
    assert ("No course yet" in patient, "Earlier: undone courses" in patient) == (True, True)


def test_wishes_of_another_patient_are_not_shown(
    browser: Browsers, page: str, cast: Cast, web_engine: Engine
) -> None:
    dana = browser("dana")
    course = dana.post(page, shown(dana, page)).location.rpartition("/")[2]

    other = dana.get(f"/schedule/plan/{cast.quinn.public_id}?again={course}").text

    assert ("tms_itbs_ldlpfc" in other, 'value="10:00"' in other) == (True, False)
    assert "Choose the treatment" in other


def ticked(html: str) -> list[str]:
    """The weekdays that are ticked on the planning page."""
    boxes = re.findall(r'<input[^>]*name="weekdays"[^>]*>', html)
    return [re.findall(r'value="(\d)"', one)[0] for one in boxes if "checked" in one]


def test_every_day_is_ticked_until_one_is_unticked(browser: Browsers, page: str) -> None:
    dana = browser("dana")

    assert ticked(dana.get(page).text) == ["0", "1", "2", "3", "4"]
    planned = dana.send(page, WISHES | {"do": "plan"}).text
    assert ticked(planned) == ["0", "1", "2", "3", "4"]


def test_visit_far_from_the_wished_hour_is_marked_and_counted(browser: Browsers, page: str) -> None:
    text = (
        browser("dana")
        .send(page, WISHES | {"preferred": "6:30", "tolerance": "15", "do": "plan"})
        .text
    )

    assert "0 of 36 within 15 min · farthest " in text
    assert text.count("<tr data-off>") == 36
    assert re.search(r'<span class="plan-off">[^<]+ later</span>', text)


def test_booking_for_a_patient_without_e_mail_says_to_call(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")

    untold = dana.get(dana.post(page, shown(dana, page)).location).text

    assert "36 visits booked. No e-mail on file: tell the patient by phone." in untold


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
    again = dana.post(page, booking(answer.text))
    assert again.status_code == 303


def take(session: Session, patient_id: int, day: int = 2) -> None:
    """Book another patient on the only device at the wished hour of a day of June."""
    site = frame_of(session.scalars(select(Site).where(Site.key == "main")).one())
    from_day = datetime(2026, 6, day, tzinfo=UTC).date()
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
    book_loose(session, draft=draft, by=BY, now=MADE_AT)


@pytest.mark.parametrize(
    "field, value, words",
    [
        ("start_on", "31 Foo 2026", "Give a date"),
        ("start_on", "2026-02-30", "Give a date"),
        ("start_on", "31 Dec 9999", "the years are 1900 to 2199"),
        ("start_on", "1 Mar 2026", "This day is over. Give today or a later day."),
        ("preferred", "25:00", "Give an hour"),
        ("away", "soon", "Give a date"),
        ("protocol", "nothing", "Not a valid choice"),
        ("visits_acute", "99", "Give 1–50 visits, this is 99."),
        ("visits_acute", "11 weeks", "Give 1–50 visits, this is 55."),
        ("visits_taper_1", "some", "Give a number of visits or of weeks"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(
    browser: Browsers, page: str, field: str, value: str, words: str
) -> None:
    answer = browser("dana").send(page, WISHES | {"do": "plan", field: value})

    assert answer.status_code == 422
    assert words in answer.text
    assert value in answer.text or field == "protocol"


def test_a_course_that_begins_today_begins_after_now(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    asked = {"start_on": "2 March 2026", "preferred": "8:00"}  # it is 9:00 in New York

    booked = dana.post(page, shown(dana, page, **asked))

    assert booked.status_code == 303
    with reading(web_engine) as session:
        first = session.scalars(select(Appointment).order_by(Appointment.start_at)).first()
    assert first is not None
    assert first.start_at == datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def test_a_course_that_cannot_be_had_says_why_and_offers_no_booking(
    browser: Browsers, page: str
) -> None:
    answer = browser("dana").send(page, WISHES | {"do": "plan", "protocol": "dtms_h1_mdd"})

    assert "Nothing can be booked yet." in answer.text
    assert "none of the kind needed" in answer.text
    assert "Book these" not in answer.text


def test_only_who_schedules_may_plan(browser: Browsers, page: str) -> None:
    assert browser("pat").get(page).status_code == 403
    assert browser("adan").get(page).status_code == 403
    assert browser("dana").get("/schedule/plan/nobody").status_code == 404


def test_a_steadier_plan_stands_beside_the_earliest_and_is_the_one_booked(
    browser: Browsers, page: str, web_engine: Engine, cast: Cast
) -> None:
    with writing(web_engine) as session:
        for day in (2, 4, 9, 11):
            take(session, cast.quinn.patient_id or 0, day)
    dana = browser("dana")
    text = dana.send(page, WISHES | {"do": "plan", "tolerance": "0"}).text
    steady = booking(text[text.index('id="plan-steadiest"') :])

    answer = dana.post(page, booking(text) | {"tolerance": "0", "do": steady["do"]})

    assert re.findall(r'id="plan-(\w+)"', text) == ["earliest", "steadiest"]
    assert "32 of 36 · the rest within" in text
    assert answer.status_code == 303
    with reading(web_engine) as session:
        booked = select(Appointment.local_min).where(Appointment.course_id.is_not(None))
        hours = session.scalars(booked).all()
    assert (len(hours), len(set(hours))) == (36, 1)


def test_routes_and_variants_stand_among_the_treatments_and_come_back_with_the_wishes(
    browser: Browsers, page: str
) -> None:
    dana = browser("dana")
    chosen = {"protocol": "kap_programme:sl"}

    planned = dana.send(page, WISHES | {"do": "plan"} | chosen).text

    assert "complete course, into the muscle" in planned
    assert '<option selected value="kap_programme:sl">' in planned
    assert "under the tongue" in planned
    assert 'value="dtms_h1_mdd:payer_36"' in planned


def test_a_wished_device_is_said_counted_and_kept_with_the_course(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    with reading(web_engine) as session:
        device = session.scalars(select(Resource.id).where(Resource.key == "tms-1")).one()

    text = dana.send(page, WISHES | {"do": "plan", "prefers": str(device)}).text
    course = dana.post(page, booking(text) | {"prefers": str(device)}).location

    assert "with TMS 1 if it can be" in text
    assert "<dt>With TMS 1</dt><dd>36 of 36</dd>" in text
    again = dana.get(f"{page}?again={course.rpartition('/')[2]}").text
    assert f'<option selected value="{device}">TMS 1</option>' in again
