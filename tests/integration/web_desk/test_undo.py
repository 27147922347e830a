"""The Undo button of the note on the next page, after each kind of change at the desk."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from werkzeug.test import TestResponse

from clinic.models import Cell, Message
from clinic.models.engine import reading
from clinic.rules.appointments import Status
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.conftest import TODAY, Desk
from tests.integration.web_desk.test_bookings import PAGE, booking
from tests.integration.web_desk.test_moves import TO_ELEVEN

Browsers = Callable[[str], Browser]
BUTTON = re.compile(r'<form method="post" action="(/schedule/undo/[^"]+)">(.*?)</form>', re.DOTALL)
CANCEL = {"cancelled_by": "patient", "reason": "illness", "tell": "yes"}


def offered(page: TestResponse) -> tuple[str, dict[str, str]]:
    """The address and fields of the Undo button on a page."""
    found = BUTTON.search(page.text)
    assert found is not None, "no undo is offered"
    assert 'data-key="u"' in found[2]
    return unescape(found[1]), hidden_fields(found[2])


def follow(browser: Browser, answer: TestResponse) -> TestResponse:
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location)


def cells(desk: Desk) -> list[tuple[int, int, int]]:
    with reading(desk.engine) as session:
        rows = session.query(Cell.resource_id, Cell.quantum, Cell.appointment_id)
        return sorted((row[0], row[1], row[2]) for row in rows)


def test_a_move_is_undone_and_the_page_says_so(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book()
    before = cells(desk)
    page = follow(dana, dana.send(f"/schedule/visits/{visit}/move", TO_ELEVEN))
    address, fields = offered(page)

    answer = dana.post(address, fields)

    assert answer.location == f"/schedule/?open={visit}"
    page = follow(dana, answer)
    assert "Undone. No message is sent." in page.text
    assert "moved: undone from Tue 3 Mar 11:00 to Tue 3 Mar 10:00" in page.text
    assert (desk.get(visit).local_min, desk.get(visit).version) == (600, 3)
    assert cells(desk) == before


def test_a_cancelled_visit_comes_back(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book()
    page = follow(dana, dana.send(f"/schedule/visits/{visit}/cancel", CANCEL))

    follow(dana, dana.post(*offered(page)))

    assert desk.get(visit).status is Status.BOOKED
    with reading(desk.engine) as session:
        states = [row.state.value for row in session.query(Message).order_by(Message.id)]
    assert states == ["due", "cancelled"]


def test_a_booking_is_taken_back(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    page = follow(dana, dana.send(PAGE, booking(desk)))

    back = follow(dana, dana.post(*offered(page)))

    assert "entered by mistake" in back.text
    assert desk.count(Cell) == 0


@pytest.mark.parametrize("verb", ["arrive", "check-in", "no-show"])
def test_a_step_is_taken_back(browser: Browsers, desk: Desk, verb: str) -> None:
    dana, visit = browser("dana"), desk.book(on=TODAY, at=540)
    form = dana.form(f"/schedule/?open={visit}") | {"version": "1"}
    page = follow(dana, dana.post(f"/schedule/visits/{visit}/{verb}", form))

    follow(dana, dana.post(*offered(page)))

    row = desk.get(visit)
    assert (row.status, row.arrived_at, row.version) == (Status.BOOKED, None, 3)
    assert row.flag_at == datetime(2026, 3, 2, 14, 20, tzinfo=UTC)


def test_the_button_sent_twice_undoes_once(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book()
    address, fields = offered(follow(dana, dana.send(f"/schedule/visits/{visit}/move", TO_ELEVEN)))

    answers = [dana.post(address, fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert desk.get(visit).version == 3


def test_a_form_sent_twice_offers_the_same_undo(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book()
    address = f"/schedule/visits/{visit}/move"
    fields = dana.form(address) | TO_ELEVEN
    first = offered(follow(dana, dana.post(address, fields)))[0]

    second = offered(follow(dana, dana.post(address, fields)))[0]

    assert first == second


def test_what_is_taken_since_is_named_on_a_page(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book()
    page = follow(dana, dana.send(f"/schedule/visits/{visit}/cancel", CANCEL))
    desk.book(patient_id=desk.cast.quinn.patient_id)

    answer = dana.post(*offered(page))

    assert answer.status_code == 409
    assert "TMS 1 has been taken since: Tue 3 Mar 10:00." in answer.text
    assert f'href="/schedule/?open={visit}"' in answer.text
    assert desk.get(visit).status is Status.CANCELLED


def test_a_patient_booked_elsewhere_since_is_said(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book()
    page = follow(dana, dana.send(f"/schedule/visits/{visit}/move", TO_ELEVEN))
    desk.book(at=615)

    answer = dana.post(*offered(page))

    assert answer.status_code == 409
    assert "has been taken since" in answer.text or "another visit by now" in answer.text
    assert desk.get(visit).local_min == 660


def test_a_device_closed_since_is_named(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book()
    page = follow(dana, dana.send(f"/schedule/visits/{visit}/cancel", CANCEL))
    desk.shut("tms-1")

    answer = dana.post(*offered(page))

    assert (answer.status_code, "TMS 1 has been closed since." in answer.text) == (409, True)


def test_another_persons_change_is_not_there(browser: Browsers, desk: Desk) -> None:
    dana, cleo, visit = browser("dana"), browser("cleo"), desk.book()
    address, _ = offered(follow(dana, dana.send(f"/schedule/visits/{visit}/move", TO_ELEVEN)))
    keys = cleo.form("/schedule/") | {"request_key": "cleos-own-key"}

    foreign = cleo.post(address, keys)
    absent = cleo.post("/schedule/undo/nothing", keys | {"request_key": "cleos-other-key"})

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert desk.get(visit).local_min == 660


def test_undo_returns_to_pages_of_ours_only(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book()
    address, fields = offered(follow(dana, dana.send(f"/schedule/visits/{visit}/move", TO_ELEVEN)))

    answer = dana.post(f"{address.partition('?')[0]}?back=//evil.test/", fields)

    assert answer.location == "/schedule/"


def test_a_visit_noted_as_done_is_open_again(browser: Browsers, desk: Desk) -> None:
    dana, visit = browser("dana"), desk.book(on=TODAY)
    dana.send(f"/schedule/visits/{visit}/arrive", {}, page=f"/schedule/?open={visit}")
    done = dana.send(f"/schedule/visits/{visit}/done", {"outcome": "partial", "reason": "time"})

    follow(dana, dana.post(*offered(follow(dana, done))))

    row = desk.get(visit)
    assert (row.status, row.outcome, row.outcome_reason) == (Status.ARRIVED, None, None)
