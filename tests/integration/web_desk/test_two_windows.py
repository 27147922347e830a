"""Two windows book one start: one wins, the other keeps the form and sees what would work."""

import re
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from werkzeug.test import TestResponse

from clinic.models import Appointment, Message
from clinic.rules.appointments import Status
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.conftest import Desk
from tests.integration.web_desk.test_bookings import PAGE, booking

Browsers = Callable[[str], Browser]
PICK = re.compile(r'name="pick" value="([^"]+)"')
BEST = re.compile(r"<legend>Next best</legend>(.*?)</fieldset>", re.DOTALL)


def both_at_once(
    first: tuple[Browser, dict[str, str]], second: tuple[Browser, dict[str, str]]
) -> list[TestResponse]:
    """Send two forms in the same moment and return both answers."""
    ready, answers = Barrier(2), {}

    def send(number: int, browser: Browser, fields: dict[str, str]) -> None:
        ready.wait()
        answers[number] = browser.post(PAGE, fields)

    threads = [
        Thread(target=send, args=(number, *window)) for number, window in enumerate((first, second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[0], answers[1]]


def test_second_window_sees_the_device_that_is_taken_and_books_the_next_best(
    browser: Browsers, desk: Desk
) -> None:
    dana, other = browser("dana"), browser("dana")
    desk.shut("tms-2", from_hour=8, to_hour=18)
    mine = dana.form(PAGE) | booking(desk)
    other.send(PAGE, booking(desk, patient=desk.cast.quinn.public_id))

    lost = dana.post(PAGE, mine)
    offers = PICK.findall(BEST.findall(lost.text)[0])
    picked = dana.post(PAGE, mine | {"pick": offers[0], "do": ""})
    again = dana.post(PAGE, mine | hidden_fields(picked.text) | {"at": offers[0].partition("T")[2]})

    assert lost.status_code == 409
    assert "TMS 1" in lost.text
    assert 'value="10:00"' in lost.text
    assert desk.cast.pat.public_id in lost.text
    assert len(offers) == 3
    assert "2026-03-03T10:00" not in offers
    assert (picked.status_code, again.status_code) == (200, 303)
    assert desk.count(Appointment) == 2


@pytest.mark.parametrize("round_", range(3))
def test_of_two_forms_sent_in_one_moment_one_wins(
    browser: Browsers, desk: Desk, round_: int
) -> None:
    dana, other = browser("dana"), browser("dana")
    desk.shut("tms-2", from_hour=8, to_hour=18)
    mine = dana.form(PAGE) | booking(desk, at=f"{10 + round_}:00")
    theirs = other.form(PAGE) | booking(
        desk, at=f"{10 + round_}:00", patient=desk.cast.quinn.public_id
    )

    answers = both_at_once((dana, mine), (other, theirs))

    lost = next(answer for answer in answers if answer.status_code != 303)
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert "TMS 1" in lost.text
    assert f'value="{10 + round_}:00"' in lost.text
    assert "Next best" in lost.text
    assert (desk.count(Appointment), desk.count(Message)) == (1, 1)


def test_one_form_sent_twice_in_one_moment_books_once(browser: Browsers, desk: Desk) -> None:
    dana, other = browser("dana"), browser("dana")
    fields = dana.form(PAGE) | booking(desk)
    token = other.form(PAGE)["csrf_token"]

    answers = both_at_once((dana, fields), (other, fields | {"csrf_token": token}))

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert desk.count(Appointment) == 1


def test_two_windows_move_two_visits_to_one_start(browser: Browsers, desk: Desk) -> None:
    dana, other = browser("dana"), browser("dana")
    desk.shut("tms-2", from_hour=8, to_hour=18)
    pats = desk.book(at=600)
    quinns = desk.book(at=780, patient_id=desk.cast.quinn.patient_id or 0)
    to = {"on": "2026-03-03", "at": "15:00", "tell": "no"}
    mine = dana.form(f"/schedule/visits/{pats}/move") | to
    other.send(f"/schedule/visits/{quinns}/move", to)

    lost = dana.post(f"/schedule/visits/{pats}/move", mine)

    assert lost.status_code == 409
    assert "TMS 1" in lost.text
    assert 'value="15:00"' in lost.text
    assert len(PICK.findall(BEST.findall(lost.text)[0])) == 3
    assert (desk.get(pats).local_min, desk.get(quinns).local_min) == (600, 900)
    assert desk.get(pats).status is Status.BOOKED
