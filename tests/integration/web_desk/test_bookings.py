"""Booking a single visit: find the patient, see free times, book; a lost race loses nothing."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from clinic.models import Appointment, WorkItem
from clinic.models.engine import reading
from clinic.rules.appointments import Status
from tests.browsers import Browser
from tests.integration.web_desk.conftest import TODAY, Desk

Browsers = Callable[[str], Browser]
PAGE = "/schedule/new"
FIELDS = {
    "site": "main",
    "kind": "device_check",
    "place": "room",
    "on": "2026-03-03",
    "at": "10:00",
}


def booking(desk: Desk, **more: str) -> dict[str, str]:
    """The form of a visit for Pat, all filled in."""
    return FIELDS | {"patient": desk.cast.pat.public_id, "do": "book"} | more


def test_gap_of_the_board_fills_day_and_time(browser: Browsers, desk: Desk) -> None:
    page = browser("dana").get(f"{PAGE}?site=main&on=2026-03-03&at=8:30&with=tms-2").text

    assert 'value="2026-03-03"' in page
    assert 'value="08:30"' in page
    assert "TMS 2 is taken if it is free then" in page


def test_patient_is_found_without_a_name_in_the_address(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    found = dana.send(PAGE, FIELDS | {"q": "price", "do": "find"})
    nobody = dana.send(PAGE, FIELDS | {"q": "zzz", "do": "find"})
    chosen = dana.send(PAGE, FIELDS | {"choose": desk.cast.pat.public_id})

    assert "Price, Pat" in found.text
    assert "Nobody is found by these words" in nobody.text
    assert "Free on Tue 3 Mar" in chosen.text
    assert 'value="10:00"' in chosen.text


def test_visit_is_booked_in_the_column_that_was_clicked(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    answer = dana.send(PAGE, booking(desk, beside="tms-2"))

    assert answer.status_code == 303
    page = dana.get(answer.location).text
    assert "<dd>TMS 2 · " in page


def test_day_that_is_over_is_refused_and_nothing_typed_is_lost(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")

    answer = dana.send(PAGE, booking(desk, on="2026-02-27", at="10:05"))
    today = dana.send(PAGE, booking(desk, on="2026-03-02", at="8:00"))  # it is 9:00

    assert answer.status_code == 422
    assert "is over. Choose today or a later day." in answer.text
    assert 'value="10:05"' in answer.text
    assert today.status_code == 303
    assert desk.count(Appointment) == 1


def test_form_sent_twice_books_once(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    fields = dana.form(PAGE) | booking(desk)

    first, second = dana.post(PAGE, fields), dana.post(PAGE, fields)

    assert first.location == second.location
    assert desk.count(Appointment) == 1


def test_time_that_cannot_be_had_says_why_and_offers_three(browser: Browsers, desk: Desk) -> None:
    desk.book(at=600)

    answer = browser("dana").send(PAGE, booking(desk))

    assert answer.status_code == 409
    assert "The patient has another visit then. Choose another hour." in answer.text
    assert "Next best" in answer.text
    assert 'value="10:00"' in answer.text
    assert desk.count(Appointment) == 1


def test_second_of_two_windows_sees_what_is_taken(browser: Browsers, desk: Desk) -> None:
    dana, other = browser("dana"), browser("dana")
    mine = dana.form(PAGE) | booking(desk)
    quinn = desk.cast.quinn.public_id
    for one in ("person-cleo",):
        desk.shut(one)
    taken = other.post(PAGE, other.form(PAGE) | booking(desk, patient=quinn))

    answer = dana.post(PAGE, mine)

    assert (taken.status_code, answer.status_code) == (303, 409)
    assert "All who are qualified are busy then" in answer.text
    assert 'value="10:00"' in answer.text
    assert desk.count(Appointment) == 1


def test_impossible_day_is_refused_at_its_field(browser: Browsers, desk: Desk) -> None:
    answer = browser("dana").send(PAGE, booking(desk, on="2026-02-30", at="25:00"))

    assert answer.status_code == 422
    assert "This is not a date." in answer.text
    assert "This is not a time." in answer.text
    assert 'value="2026-02-30"' in answer.text


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_day_too_far_away_is_refused_at_its_field(browser: Browsers, desk: Desk, day: str) -> None:
    answer = browser("dana").send(PAGE, booking(desk, on=day))

    assert answer.status_code == 422
    assert "the years are 1900 to 2199" in answer.text
    assert f'value="{day}"' in answer.text


@pytest.mark.parametrize("picked", ["xTy", "9999-12-31T10:00", "2026-03-03T99:99"])
def test_time_that_was_never_offered_is_not_taken(
    browser: Browsers, desk: Desk, picked: str
) -> None:
    dana, move = browser("dana"), f"/schedule/visits/{desk.book()}/move"

    new = dana.send(PAGE, booking(desk) | {"do": "", "pick": picked})
    moved = dana.send(move, {"on": "2026-03-03", "at": "11:00", "pick": picked})

    assert (new.status_code, moved.status_code) == (200, 200)
    assert desk.count(Appointment) == 1


def test_nobody_is_booked_without_a_patient(browser: Browsers, desk: Desk) -> None:
    answer = browser("dana").send(PAGE, FIELDS | {"do": "book"})

    assert answer.status_code == 422
    assert "Choose the patient first." in answer.text


def test_missed_visit_gets_a_new_date_and_leaves_the_list(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book(on=TODAY)
    desk.miss(public_id)
    assert "Find a new date" in dana.get("/desk/").text
    page = f"{PAGE}?makes_up={public_id}"

    answer = dana.post(PAGE, dana.form(page) | booking(desk, kind="tms"))

    assert answer.status_code == 303
    with reading(desk.engine) as session:
        item = session.scalars(select(WorkItem)).one()
        made = session.scalars(select(Appointment).where(Appointment.status == Status.BOOKED)).one()
    assert (item.outcome, made.make_up_for_id) == ("made_up", desk.get(public_id).id)
    assert "Every session has a date" in dana.get("/desk/").text


def test_clinician_without_the_right_books_nothing(browser: Browsers, desk: Desk) -> None:
    assert browser("cleo").get(PAGE).status_code == 403
