"""Hours and holidays changed on a page: checked, shown what they affect, saved, never moved."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from clinic.models import Holiday, OpeningHours, Site
from clinic.models.engine import reading
from tests.browsers import Browser, hidden_fields, named_button
from tests.integration.web_desk.conftest import Desk

Open = Callable[[str], Browser]
HOURS = "/admin/sites/main/hours"
HOLIDAYS = "/admin/sites/main/holidays"
PROPOSALS = f"{HOLIDAYS}/proposals"
SITE = {
    "name": "New Street",
    "patient_name": "New Street Clinic",
    "zone": "America/New_York",
    "region": "US",
}
WEEK = dict.fromkeys(("mon", "wed", "thu", "fri"), "8:00 to 18:00")


def hours(desk: Desk) -> list[tuple[int, int, int]]:
    """The hours of the site in order of the week."""
    with reading(desk.engine) as session:
        rows = session.scalars(select(OpeningHours)).all()
    return sorted((row.weekday, row.from_min, row.to_min) for row in rows)


def holidays(desk: Desk) -> list[tuple[str, str]]:
    """The holidays of the site in order."""
    with reading(desk.engine) as session:
        rows = session.scalars(select(Holiday).order_by(Holiday.on)).all()
    return [(row.on.isoformat(), row.name) for row in rows]


def test_hours_that_bother_nobody_are_saved_at_once(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send(HOURS, {**WEEK, "tue": "7-12:30, 1pm to 24:00"})

    assert (answer.status_code, answer.location) == (303, "/admin/")
    assert [one for one in hours(desk) if one[0] == 1] == [(1, 420, 750), (1, 780, 1440)]


def test_a_visit_that_no_longer_fits_is_shown_before_anything_is_saved(
    desk: Desk, browser: Open, visit: str
) -> None:
    adan, before, booked = browser("adan"), hours(desk), desk.get(visit)

    asked = adan.send(HOURS, {**WEEK, "tue": "12:00 to 18:00"})

    assert asked.status_code == 200
    assert "1 booked visit would no longer fit" in asked.text
    assert "the site is closed then" in asked.text
    assert 'value="12:00 to 18:00"' in asked.text
    assert "Price" not in asked.text
    assert hours(desk) == before

    filled = hidden_fields(asked.text) | WEEK | {"tue": "12:00 to 18:00"}
    saved = adan.post(HOURS, filled | named_button(asked.text, "seen"))

    assert saved.status_code == 303
    assert [one for one in hours(desk) if one[0] == 1] == [(1, 720, 1080)]
    assert desk.get(visit).start_at == booked.start_at
    assert desk.get(visit).status == booked.status
    assert "1 booked visit does not fit any more" in adan.get("/admin/closed-times").text
    left = browser("dana").get("/schedule/blocks").text
    assert "1 booked visit does not fit any more" in left
    assert f"/schedule/visits/{visit}/move" in left


def test_another_change_than_the_one_looked_at_is_shown_again(
    desk: Desk, browser: Open, visit: str
) -> None:
    adan = browser("adan")
    asked = adan.send(HOLIDAYS, {"row-0-on": "2026-03-04", "row-0-name_": "Snow"})
    assert asked.status_code == 303

    answer = adan.send(HOLIDAYS, {"row-0-on": "2026-03-03", "row-0-name_": "Snow", "seen": "x"})

    assert "1 booked visit would no longer fit" in answer.text
    assert holidays(desk) == [("2026-03-04", "Snow")]


def test_what_cannot_be_read_is_said_at_its_day_and_kept(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send(HOURS, {**WEEK, "tue": "ten to six", "sat": "9-12, 11-13"})

    assert answer.status_code == 422
    assert 'href="#tue"' in answer.text
    assert 'value="ten to six"' in answer.text


def test_overlapping_hours_are_said_at_their_day(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send(HOURS, {**WEEK, "sat": "9-12, 11-13"})

    assert answer.status_code == 422
    assert '<a href="#sat">Saturday</a>: Two spans of this day overlap.' in answer.text


def test_nobody_overwrites_what_a_colleague_has_saved_meanwhile(desk: Desk, browser: Open) -> None:
    adan = browser("adan")
    shown = adan.form(HOURS)
    adan.send(HOURS, {**WEEK, "sat": "9:00 to 12:00"})
    after = hours(desk)

    late = adan.post(HOURS, {**shown, **WEEK})

    assert late.status_code == 409
    assert "Somebody has changed this meanwhile" in late.text
    assert hours(desk) == after


def test_holidays_are_added_changed_and_removed(desk: Desk, browser: Open) -> None:
    adan = browser("adan")
    first = {"row-0-on": "3 July 2026", "row-0-name_": "Independence Day"}
    adan.send(HOLIDAYS, {**first, "row-2-on": "2026-12-25", "row-2-name_": "Christmas"})

    assert holidays(desk) == [("2026-07-03", "Independence Day"), ("2026-12-25", "Christmas")]

    adan.send(HOLIDAYS, {**first, "row-0-gone": "y", "row-1-on": "2026-12-24", "row-1-name_": "X"})

    assert holidays(desk) == [("2026-12-24", "X")]


def test_half_a_holiday_is_sent_back(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send(HOLIDAYS, {"row-0-on": "2026-07-03"})

    assert answer.status_code == 422
    assert '<a href="#row-0-name_">Holiday</a>: Please fill this in.' in answer.text
    assert holidays(desk) == []


def test_a_day_given_twice_is_sent_back(desk: Desk, browser: Open) -> None:
    twice = {"row-0-on": "2026-07-03", "row-0-name_": "A", "row-1-on": "2026-07-03"}

    answer = browser("adan").send(HOLIDAYS, {**twice, "row-1-name_": "B"})

    assert answer.status_code == 422
    assert "This is given twice: 2026-07-03." in answer.text


def test_the_same_form_sent_twice_changes_once(desk: Desk, browser: Open) -> None:
    adan = browser("adan")
    sent = adan.form(HOURS) | WEEK

    answers = [adan.post(HOURS, sent).status_code for _ in range(2)]

    assert answers == [303, 303]


def test_a_site_that_is_not_there_is_not_found(desk: Desk, browser: Open) -> None:
    assert browser("adan").get("/admin/sites/nowhere/hours").status_code == 404


def test_holidays_of_a_state_are_proposed_and_only_the_ticked_ones_are_kept(
    desk: Desk, browser: Open
) -> None:
    adan = browser("adan")
    adan.send(HOLIDAYS, {"row-0-on": "2026-12-25", "row-0-name_": "Ours"})
    page = f"{PROPOSALS}?country=US&state=MA&year=2026"

    shown = adan.get(page).text

    assert "Mon 20 Apr 2026 Patriots&#39; Day" in shown
    assert "25 Dec 2026" not in shown
    assert "1 Jan 2026" not in shown
    assert '<option value="MA" selected>Massachusetts</option>' in shown
    assert holidays(desk) == [("2026-12-25", "Ours")]

    saved = adan.send(page, {"days": "2026-07-04"})

    assert saved.status_code == 303
    assert holidays(desk) == [("2026-07-04", "Independence Day"), ("2026-12-25", "Ours")]


def test_a_proposed_holiday_says_which_visits_it_shuts_out(
    desk: Desk, browser: Open, visit: str
) -> None:
    page = f"{PROPOSALS}?country=US&state=VT&year=2026"

    asked = browser("adan").send(page, {"days": "2026-03-03"})

    assert "1 booked visit would no longer fit" in asked.text
    assert holidays(desk) == []


@pytest.mark.parametrize(
    "query", ["country=XX", "country=US&state=ZZ&year=1", "country=", "year=x"]
)
def test_an_unknown_country_state_or_year_proposes_nothing_wrong(
    desk: Desk, browser: Open, query: str
) -> None:
    assert browser("adan").get(f"{PROPOSALS}?{query}").status_code == 200


def site(desk: Desk, key: str) -> tuple[str, str, str]:
    """Name, zone and phone of a site."""
    with reading(desk.engine) as session:
        row = session.scalars(select(Site).where(Site.key == key)).one()
        return row.name, row.zone, row.phone


def test_a_site_gets_another_name_and_phone(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send("/admin/sites/main", {**SITE, "phone": "+15185550100"})

    assert answer.status_code == 303
    assert site(desk, "main") == ("New Street", "America/New_York", "+15185550100")


def test_another_zone_is_refused_while_visits_lie_ahead(
    desk: Desk, browser: Open, visit: str
) -> None:
    adan = browser("adan")

    answer = adan.send("/admin/sites/main", {**SITE, "zone": "America/Chicago"})

    assert answer.status_code == 422
    assert '<a href="#zone">Zone</a>: The site has bookings to come' in answer.text
    assert site(desk, "main")[1] == "America/New_York"


def test_another_zone_is_taken_while_nothing_is_booked(desk: Desk, browser: Open) -> None:
    browser("adan").send("/admin/sites/main", {**SITE, "zone": "America/Chicago"})

    assert site(desk, "main")[1] == "America/Chicago"


def test_a_site_is_added(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send("/admin/sites/new", SITE)

    assert answer.status_code == 303
    assert site(desk, "new_street") == ("New Street", "America/New_York", "")


def test_a_country_is_two_capital_letters(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send("/admin/sites/new", {**SITE, "region": "usa"})

    assert answer.status_code == 422
    assert "Two capital letters, such as US." in answer.text
