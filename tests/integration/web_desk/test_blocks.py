"""Closed times: saved at once, what lies inside is listed until it is settled."""

from collections.abc import Callable
from datetime import date

import pytest

from clinic.models import Block, BlockKeep, Holiday
from clinic.rules.appointments import Status
from clinic.web.schedule.blocks import natural
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.conftest import Desk

Browsers = Callable[[str], Browser]
NEW = "/schedule/blocks/new"
CLOSED = {
    "owner": "site:main",
    "kind": "closure",
    "reason": "Water damage",
    "from_on": "2026-03-03",
    "from_at": "8:00",
    "to_on": "2026-03-03",
    "to_at": "18:00",
}


def test_closure_lists_what_lies_inside_and_moves_nothing(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book()

    answer = dana.send(NEW, CLOSED)
    page = dana.get(answer.location).text

    assert answer.status_code == 303
    assert "1 visit lies inside" in page
    assert "Price, Pat" in page
    assert desk.get(public_id).status is Status.BOOKED
    assert "Water damage" in dana.get("/schedule/?on=2026-03-03").text
    assert 'class="gap' not in dana.get("/schedule/?on=2026-03-03").text


def test_visit_is_kept_by_name(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book()
    block = dana.send(NEW, CLOSED).location

    answer = dana.send(f"{block}/keep/{public_id}", {}, page=block)

    assert answer.status_code == 303
    assert desk.count(BlockKeep) == 1
    assert "No visit is left inside" in dana.get(block).text


def test_closed_time_is_opened_again(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    block = dana.send(NEW, CLOSED | {"owner": "tms-1"}).location
    assert "TMS 1" in dana.get("/schedule/blocks").text

    answer = dana.send(f"{block}/remove", {}, page=block)

    assert answer.status_code == 303
    assert "Nothing is closed" in dana.get("/schedule/blocks").text


def test_end_before_start_is_refused_with_the_form(browser: Browsers, desk: Desk) -> None:
    answer = browser("dana").send(NEW, CLOSED | {"to_at": "7:00"})

    assert answer.status_code == 422
    assert "The end must come after the start." in answer.text
    assert 'value="Water damage"' in answer.text
    assert desk.count(Block) == 0


@pytest.mark.parametrize("field, day", [("from_on", "0001-01-01"), ("to_on", "9999-12-31")])
def test_day_too_far_away_is_refused_with_the_form(
    browser: Browsers, desk: Desk, field: str, day: str
) -> None:
    for button in ({}, {"check": "1"}):
        answer = browser("dana").send(NEW, CLOSED | {field: day} | button)

        assert answer.status_code == 422
        assert "the years are 1900 to 2199" in answer.text
        assert f'value="{day}"' in answer.text
        assert 'value="Water damage"' in answer.text


def test_settled_by_somebody_else_meanwhile(browser: Browsers, desk: Desk) -> None:
    dana, other = browser("dana"), browser("dana")
    public_id = desk.book()
    block = dana.send(NEW, CLOSED).location
    mine = dana.form(block)
    other.send(f"{block}/remove", {}, page=block)

    answer = dana.post(f"{block}/keep/{public_id}", mine)

    assert answer.status_code == 404


def test_form_says_what_lies_inside_before_anything_is_closed(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    desk.book()

    checked = dana.send(NEW, CLOSED | {"check": "1"})
    shown = hidden_fields(checked.text)
    other = dana.post(NEW, shown | CLOSED | {"owner": "tms-2"})
    count = desk.count(Block)
    saved = dana.post(NEW, shown | CLOSED)

    assert checked.status_code == other.status_code == 200
    assert "1 visit lies in it." in checked.text
    assert "Price, Pat" in checked.text
    assert "No visit lies in it." in other.text
    assert count == 0
    assert saved.status_code == 303
    assert "Closed from tomorrow." in dana.get(saved.location).text


def test_check_refuses_an_end_before_its_start(browser: Browsers, desk: Desk) -> None:
    answer = browser("dana").send(NEW, CLOSED | {"to_on": "2026-03-02", "check": "1"})

    assert answer.status_code == 422
    assert 'value="Water damage"' in answer.text


def test_form_begins_now_and_lists_by_site(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    today, later = dana.get(NEW).text, dana.get(f"{NEW}?on=2026-03-05").text

    assert 'name="from_at" required type="time" value="8:00"' not in today
    assert 'name="from_at" required type="time" value="08:00"' in later
    assert '<optgroup label="Main' in today
    assert today.index("TMS 1<") < today.index("TMS 2<")


def test_names_with_numbers_are_sorted_as_people_count() -> None:
    names = ["TMS 10", "Office", "TMS 2"]

    assert sorted(names, key=natural) == ["Office", "TMS 2", "TMS 10"]


def test_holidays_ahead_are_listed(browser: Browsers, desk: Desk) -> None:
    site_id = desk.cast.site_id
    desk.change(
        lambda session: session.add_all(
            Holiday(site_id=site_id, on=on, name=name)
            for on, name in ((date(2026, 3, 1), "Over"), (date(2026, 5, 25), "Memorial Day"))
        )
    )

    page = browser("dana").get("/schedule/blocks").text

    assert "Nothing is closed besides the holidays." in page
    assert "<td>Memorial Day</td>" in page
    assert "Over" not in page
