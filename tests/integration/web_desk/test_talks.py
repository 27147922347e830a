"""Talks of a course that need not be on site: wished, or offered where no room is free."""

from collections.abc import Callable
from html import unescape

from sqlalchemy import Engine, select, update

from clinic.models import Appointment, Resource
from clinic.models.engine import reading, writing
from tests.browsers import Browser, button_value, hidden_fields
from tests.integration.web.conftest import app, browser, cast, settings, web_engine
from tests.integration.web_desk.test_plans import WISHES, page
from tests.integration.web_desk.test_reliefs import buttons, lines

__all__ = ["app", "browser", "cast", "page", "settings", "web_engine"]

Browsers = Callable[[str], Browser]
TALKS = WISHES | {"protocol": "kap_programme", "preferred": "", "place": "room"}


def places(engine: Engine) -> set[tuple[str, str]]:
    with reading(engine) as session:
        rows = session.execute(select(Appointment.kind_key, Appointment.place))
        return {(row.kind_key, row.place) for row in rows}


def test_talks_are_by_video_and_dosing_is_on_site(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana, typed = browser("dana"), TALKS | {"place": "video"}
    shown = dana.send(page, typed | {"do": "plan"}).text

    booked = dana.post(page, hidden_fields(shown) | typed | {"do": button_value(shown, "book")})

    assert "talks by video" in shown
    assert booked.status_code == 303
    held = places(web_engine)
    assert {place for kind, place in held if kind.startswith("dosing")} == {"room"}
    assert {place for kind, place in held if not kind.startswith("dosing")} == {"video"}
    again = dana.get(f"{page}?again={booked.location.rpartition('/')[2]}").text
    assert '<option selected value="video">' in again


def test_without_a_room_the_desk_may_plan_the_talks_by_video(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    with writing(web_engine) as session:
        rooms = update(Resource).where(Resource.kind.in_(("therapy_room", "office")))
        session.execute(rooms.values(is_active=False))
    dana = browser("dana")
    text = dana.send(page, TALKS | {"do": "plan"}).text

    after = dana.post(page, hidden_fields(text) | TALKS | {"allow": buttons(text)[0]}).text

    assert lines(text)[0].startswith("Hold visits by video where the treatment allows it: all ")
    assert buttons(text)[0] == "place=video"
    assert "talks by video" in unescape(after)
    assert button_value(after, "book") != ""


def test_a_treatment_that_is_always_on_site_asks_for_no_place(browser: Browsers, page: str) -> None:
    dana = browser("dana")

    tms = dana.post(page, dana.form(page) | WISHES, X_Fragment="1").text
    kap = dana.post(page, dana.form(page) | TALKS, X_Fragment="1").text

    assert ('name="place"' in tms, 'name="place"' in kap) == (False, True)
