"""The visits of each phase on the planning page: asked for by number, by weeks, how often."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.browsers import Browser
from tests.integration.web_desk.test_plans import (
    WISHES,
    app,
    booking,
    browser,
    cast,
    page,
    settings,
    web_engine,
)

__all__ = ["app", "browser", "cast", "page", "settings", "web_engine"]

Browsers = Callable[[str], Browser]


def test_visits_of_a_phase_are_asked_for_by_number_or_by_weeks(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    typed = WISHES | {"visits_acute": "2 weeks", "visits_taper_1": "1", "visits_taper_3": "0"}
    shown = dana.send(page, typed | {"do": "plan"})

    booked = dana.post(page, booking(shown.text) | typed)

    assert "Acute: 2 weeks" in shown.text
    assert "Book these 13" in shown.text
    assert booked.status_code == 303
    again = dana.get(f"{page}?again={booked.location.rpartition('/')[2]}").text
    assert 'name="visits_acute" type="text" value="2 weeks"' in again
    assert 'name="visits_taper_1" type="text" value="1"' in again
    assert 'name="visits_taper_2" type="text" value=""' in again


@pytest.mark.parametrize("field", ["per_week", "tolerance", "prefers"])
def test_a_choice_that_is_not_offered_is_refused_beside_weeks(
    browser: Browsers, page: str, field: str
) -> None:
    typed = WISHES | {"visits_acute": "2 weeks", field: "x", "do": "plan"}

    answer = browser("dana").send(page, typed)

    assert answer.status_code == 422


def test_another_treatment_brings_its_own_phases(browser: Browsers, page: str) -> None:
    dana = browser("dana")
    typed = WISHES | {"protocol": "tms_maintenance", "start_on": ""}

    piece = dana.post(page, dana.form(page) | typed, X_Fragment="1")

    assert piece.status_code == 200
    names = re.findall(r'name="(visits_\w+|every_\w+|weekly_\w+)"', piece.text)
    counts = ["visits_weekly", "visits_two_weekly", "every_two_weekly", "visits_monthly"]
    assert names == [*counts, "every_monthly"]
    assert "usually 6, allowed 0–24" in piece.text
    assert "visits_acute" not in piece.text
    deep = dana.post(page, dana.form(page) | {"protocol": "dtms_h1_mdd"}, X_Fragment="1").text
    assert 'name="weekly_continuation"' in deep
    assert 'name="weekly_acute"' not in deep
    unknown = dana.form(page) | {"protocol": "nothing"}
    assert dana.post(page, unknown, X_Fragment="1").text.strip() == ""
