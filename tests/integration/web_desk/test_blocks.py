"""Closed times: saved at once, what lies inside is listed until it is settled."""

from collections.abc import Callable

from clinic.models import Block, BlockKeep
from clinic.rules.appointments import Status
from tests.browsers import Browser
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


def test_settled_by_somebody_else_meanwhile(browser: Browsers, desk: Desk) -> None:
    dana, other = browser("dana"), browser("dana")
    public_id = desk.book()
    block = dana.send(NEW, CLOSED).location
    mine = dana.form(block)
    other.send(f"{block}/remove", {}, page=block)

    answer = dana.post(f"{block}/keep/{public_id}", mine)

    assert answer.status_code == 404
