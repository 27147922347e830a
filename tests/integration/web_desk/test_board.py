"""The day board: what it shows, how it is polled, what its panel does."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import event

from clinic.models import AuditEntry, BoardVersion
from clinic.models.engine import reading
from clinic.rules.appointments import Outcome, Status
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.conftest import TODAY, TOMORROW, Desk

Browsers = Callable[[str], Browser]


def test_board_shows_the_visit_in_its_columns(browser: Browsers, desk: Desk) -> None:
    public_id = desk.book(on=TODAY)

    page = browser("dana").get("/schedule/").text

    card = f'href="?open={public_id}" data-status="booked"><b>Price, Pat</b>'
    assert page.count(card) == 2  # the device and the operator
    assert "○ TMS session · 10:00 · booked" in page
    assert "1 visit" in page


def test_free_times_are_links_that_book_there(browser: Browsers, desk: Desk) -> None:
    page = browser("dana").get(f"/schedule/?on={TOMORROW}").text

    assert 'href="new?site=main&amp;on=2026-03-03&amp;at=8:00&amp;with=tms-1"' in page


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12-27", "0001-01-01", "2026-02-30"])
@pytest.mark.parametrize(
    "address",
    ["/schedule/?", "/schedule/grid?", "/schedule/week?with=tms-1&", "/schedule/free?kind=tms&"],
)
def test_day_at_the_end_of_the_calendar_shows_today(
    browser: Browsers, desk: Desk, address: str, day: str
) -> None:
    dana = browser("dana")

    answer, today = dana.get(f"{address}on={day}"), dana.get(f"{address}on={TODAY}")

    assert (answer.status_code, days(answer.text)) == (200, days(today.text))


def days(page: str) -> set[str]:
    """Every day that a page names in its addresses."""
    return set(re.findall(r"on=(\d{4}-\d{2}-\d{2})", page))


def test_empty_day_says_what_to_do(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    assert "No visits on this day yet" in dana.get("/schedule/").text
    assert "The clinic is closed on this day" in dana.get("/schedule/?on=2026-03-07").text


def test_poll_answers_204_until_something_changes(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    stamp = dana.get("/schedule/").text.partition('data-stamp="')[2].partition('"')[0]
    address = f"/schedule/grid?site=main&on={TODAY}&v={stamp}"

    quiet = dana.get(address, X_Poll="1")
    desk.book(on=TODAY)
    loud = dana.get(address, X_Poll="1")

    assert (quiet.status_code, quiet.text) == (204, "")
    assert loud.status_code == 200
    assert "Price, Pat" in loud.text


def test_poll_leaves_no_trace_and_a_look_leaves_one(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book(on=TODAY)
    before = desk.count(AuditEntry)

    dana.get(f"/schedule/grid?site=main&on={TODAY}&v=0", X_Poll="1")
    after_poll = desk.count(AuditEntry)
    dana.get(f"/schedule/visits/{public_id}", X_Fragment="1")

    assert (after_poll - before, desk.count(AuditEntry) - after_poll) == (0, 1)


def test_panel_opens_beside_the_board_without_script(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book(on=TOMORROW)

    page = dana.get(f"/schedule/?open={public_id}").text

    assert "Tuesday 3 March" in page
    assert "Pat Price" in page
    assert "TMS 1 · Operator · Main Street" in page or "TMS 1 · Clinician · Main Street" in page
    assert dana.get(f"/schedule/visits/{public_id}").location == f"/schedule/?open={public_id}"


def test_here_in_room_done(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book(on=TODAY)
    page = f"/schedule/?open={public_id}"

    here = dana.send(f"/schedule/visits/{public_id}/arrive", {}, page=page)
    room = dana.send(f"/schedule/visits/{public_id}/check-in", {}, page=page)
    done = dana.send(f"/schedule/visits/{public_id}/done", {"outcome": "complete"})

    assert [here.status_code, room.status_code, done.status_code] == [303, 303, 303]
    row = desk.get(public_id)
    assert (row.status, row.outcome) == (Status.FULFILLED, Outcome.COMPLETE)


def test_visit_that_was_not_complete_needs_a_reason(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book(on=TODAY)
    dana.send(f"/schedule/visits/{public_id}/arrive", {}, page=f"/schedule/?open={public_id}")
    address = f"/schedule/visits/{public_id}/done"

    refused = dana.send(address, {"outcome": "not_treated", "reason": ""})
    taken = dana.send(address, {"outcome": "not_treated", "reason": "ride"})

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert "Say why the visit was not complete." in refused.text
    assert desk.get(public_id).outcome_reason == "ride"


def test_nobody_is_missed_before_the_visit_begins(browser: Browsers, desk: Desk) -> None:
    public_id = desk.book(on=TODAY)

    answer = browser("dana").send(
        f"/schedule/visits/{public_id}/no-show", {}, page=f"/schedule/?open={public_id}"
    )

    assert answer.status_code == 422
    assert "has not begun yet" in answer.text


def test_second_click_of_the_same_button_changes_nothing_more(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    public_id = desk.book(on=TODAY)
    fields = dana.form(f"/schedule/?open={public_id}")

    first = dana.post(f"/schedule/visits/{public_id}/arrive", fields)
    second = dana.post(f"/schedule/visits/{public_id}/arrive", fields)

    assert (first.location, first.status_code) == (second.location, second.status_code)
    assert desk.get(public_id).version == 2


def test_click_on_an_old_page_shows_what_changed(browser: Browsers, desk: Desk) -> None:
    dana, other = browser("dana"), browser("dana")
    public_id = desk.book(on=TODAY)
    page = f"/schedule/?open={public_id}"
    old = dana.form(page)
    other.send(f"/schedule/visits/{public_id}/arrive", {}, page=page)

    answer = dana.post(f"/schedule/visits/{public_id}/arrive", old)

    assert answer.status_code == 409
    assert "Somebody has changed this visit meanwhile" in answer.text
    assert hidden_fields(answer.text)["version"] == "2"


def test_clinicians_see_the_board_and_book_nothing(browser: Browsers, desk: Desk) -> None:
    desk.book(on=TODAY)

    page = browser("cleo").get("/schedule/").text

    assert "Price, Pat" in page
    assert "New visit" not in page
    assert 'class="gap' not in page


def test_page_takes_at_most_eight_queries(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    for at in (600, 660, 720):
        desk.book(on=TODAY, at=at)
    dana.get("/schedule/")
    asked: list[str] = []
    event.listen(
        desk.engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement)
    )

    dana.get("/schedule/")

    assert len([one for one in asked if one.startswith("SELECT")]) <= 8


def test_unknown_visit_is_not_found(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    assert dana.get("/schedule/?open=nothing").status_code == 404
    assert dana.get("/schedule/visits/nothing/move").status_code == 404


def test_board_version_rises_with_each_step(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book(on=TODAY)
    dana.send(f"/schedule/visits/{public_id}/arrive", {}, page=f"/schedule/?open={public_id}")

    with reading(desk.engine) as session:
        assert session.get_one(BoardVersion, (desk.cast.site_id, TODAY)).n == 2


def test_columns_with_nothing_in_them_can_be_folded(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    empty = dana.get("/schedule/?on=2026-03-03").text
    desk.book(on=TOMORROW)

    page = dana.get("/schedule/?on=2026-03-03").text
    folded = re.findall(r'<div class="board-head idle">([^<]+)<', page)

    assert "idle" not in empty
    assert "TMS 2" in folded
    assert "TMS 1" not in folded
    assert 'with=tms-2"' in page  # the free times are there for those who unfold it
