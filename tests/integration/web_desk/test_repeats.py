"""The course that maintenance repeats is chosen on the planning page and kept with the course."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from clinic.actions.courses import book_course
from clinic.models import Course, Site
from clinic.models.engine import reading, writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import propose_course
from tests.browsers import Browser, button_value, hidden_fields
from tests.cast import Cast
from tests.integration.web.conftest import app, browser, cast, settings, web_engine
from tests.integration.web_desk.test_plans import BY, MADE_AT, WISHES, page

__all__ = ["app", "browser", "cast", "page", "settings", "web_engine"]

Browsers = Callable[[str], Browser]
FEW = {"visits_weekly": "2", "visits_two_weekly": "0", "visits_monthly": "0"}
AGAIN = WISHES | FEW | {"protocol": "tms_maintenance"}
MAY = date(2026, 5, 4)


@pytest.fixture
def earlier(web_engine: Engine, cast: Cast, page: str) -> str:
    """The public id of a short course that Pat had in May."""
    assert page
    with writing(web_engine) as session:
        found = propose_course(
            session,
            patient_id=cast.pat.patient_id or 0,
            protocol_key="tms_10hz_ldlpfc_37",
            site=frame_of(session.scalars(select(Site).where(Site.key == "main")).one()),
            wishes=Wishes(MAY, counts={"acute": 3, "taper_1": 0, "taper_2": 0, "taper_3": 0}),
        )
        return book_course(
            session,
            order=found.order,
            plan=found.plan,
            kinds=found.kinds,
            by=BY,
            now=MADE_AT - timedelta(days=1),
        ).public_id


def offered(text: str) -> list[str]:
    found = re.search(r'<select[^>]*name="repeats".*?</select>', text, re.DOTALL)
    return re.findall(r'<option[^>]* value="([^"]*)"', found[0]) if found else []


def test_the_courses_of_the_patient_are_offered_first(
    browser: Browsers, page: str, earlier: str
) -> None:
    dana = browser("dana")

    piece = dana.post(page, dana.form(page) | AGAIN, X_Fragment="1").text
    other = dana.post(page, dana.form(page) | WISHES, X_Fragment="1").text

    assert offered(piece)[0] == earlier
    assert "tms_itbs_ldlpfc" in offered(piece)
    assert not {"tms_maintenance", "esk_trd"} & {*offered(piece)}
    assert offered(other) == []


def test_what_is_repeated_is_kept_said_and_wished_again(
    browser: Browsers, page: str, web_engine: Engine, earlier: str
) -> None:
    dana, typed = browser("dana"), AGAIN | {"repeats": earlier}
    shown = dana.send(page, typed | {"do": "plan"}).text

    booked = dana.post(page, hidden_fields(shown) | typed | {"do": button_value(shown, "book")})

    name = "10 Hz left DLPFC, 26 s inter-train (37.5 min)"
    assert f"repeats {name}" in shown
    course = dana.get(booked.location).text
    assert re.search(rf"<dt>Repeats</dt>\s*<dd>{re.escape(name)}</dd>", course)
    again = dana.get(f"{page}?again={booked.location.rpartition('/')[2]}").text
    assert f'<option selected value="{earlier}">' in again
    with reading(web_engine) as session:
        rows = session.scalars(select(Course).order_by(Course.id)).all()
        assert rows[1].index_course_id == rows[0].id


def test_without_an_earlier_course_the_treatment_has_to_be_named(
    browser: Browsers, page: str
) -> None:
    dana = browser("dana")

    refused = dana.send(page, AGAIN | {"do": "plan"})
    planned = dana.send(page, AGAIN | {"do": "plan", "repeats": "tms_itbs_ldlpfc"})

    assert refused.status_code == 422
    assert "Choose the course that this one repeats." in refused.text
    assert "Book these 2" in planned.text


@pytest.mark.parametrize("typed", ["esk_trd", "nothing"])
def test_what_is_not_offered_is_refused_at_its_field(
    browser: Browsers, page: str, typed: str
) -> None:
    answer = browser("dana").send(page, AGAIN | {"do": "plan", "repeats": typed})

    assert answer.status_code == 422
    assert "Not a valid choice" in answer.text
