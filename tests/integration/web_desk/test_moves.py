"""Moving and cancelling one visit."""

from collections.abc import Callable

from clinic.models import Cell, Message
from clinic.models.engine import reading
from clinic.rules.appointments import CancelledBy, Status
from tests.browsers import Browser
from tests.integration.web_desk.conftest import TOMORROW, Desk

Browsers = Callable[[str], Browser]
TO_ELEVEN = {"on": "2026-03-03", "at": "11:00", "tell": "no"}


def test_move_shows_the_free_times_of_the_day(browser: Browsers, desk: Desk) -> None:
    page = browser("dana").get(f"/schedule/visits/{desk.book()}/move").text

    assert "Free on Tue 3 Mar" in page
    assert 'value="2026-03-03T11:00"' in page


def test_visit_is_moved_and_its_history_kept(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book()

    answer = dana.send(f"/schedule/visits/{public_id}/move", TO_ELEVEN)

    row = desk.get(public_id)
    assert answer.status_code == 303
    assert (row.local_on, row.local_min, row.version) == (TOMORROW, 660, 2)
    page = dana.get(f"/schedule/?open={public_id}").text
    assert "moved from Tue 3 Mar 10:00 to Tue 3 Mar 11:00" in page


def test_visit_is_not_moved_into_the_past(browser: Browsers, desk: Desk) -> None:
    public_id = desk.book()

    answer = browser("dana").send(
        f"/schedule/visits/{public_id}/move", TO_ELEVEN | {"on": "2026-02-27"}
    )

    assert answer.status_code == 422
    assert "Fri 27 Feb is over. Choose today or a later day." in answer.text
    assert desk.get(public_id).local_on == TOMORROW


def test_patient_is_told_only_when_asked(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book()
    before = desk.count(Message)

    dana.send(f"/schedule/visits/{public_id}/move", TO_ELEVEN)
    silent = desk.count(Message) - before
    dana.send(f"/schedule/visits/{public_id}/move", TO_ELEVEN | {"at": "9:00", "tell": "yes"})

    assert (silent, desk.count(Message) - before) == (0, 1)


def test_move_without_the_choice_to_tell_is_asked_again(browser: Browsers, desk: Desk) -> None:
    public_id = desk.book()

    answer = browser("dana").send(
        f"/schedule/visits/{public_id}/move", {"on": "2026-03-03", "at": "11:00"}
    )

    assert answer.status_code == 422
    assert "never silent" in answer.text
    assert desk.get(public_id).local_min == 600


def test_offered_time_is_put_into_the_form(browser: Browsers, desk: Desk) -> None:
    public_id = desk.book()

    answer = browser("dana").send(
        f"/schedule/visits/{public_id}/move", TO_ELEVEN | {"pick": "2026-03-03T14:15"}
    )

    assert answer.status_code == 200
    assert 'value="14:15"' in answer.text
    assert desk.get(public_id).local_min == 600


def test_time_just_taken_keeps_the_form_and_offers_three(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book()
    address = f"/schedule/visits/{public_id}/move"
    fields = dana.form(address) | TO_ELEVEN
    desk.shut("person-cleo")
    desk.shut("person-omar")

    answer = dana.post(address, fields)

    assert answer.status_code == 409
    assert 'value="11:00"' in answer.text
    assert "Nobody qualified is on shift then." in answer.text
    assert answer.text.count('class="tap" name="pick"') >= 3


def test_old_page_does_not_move_a_visit(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book()
    address = f"/schedule/visits/{public_id}/move"
    old = dana.form(address)
    dana.send(address, TO_ELEVEN)

    answer = dana.post(address, old | TO_ELEVEN | {"at": "14:00"})

    assert answer.status_code == 409
    assert 'value="14:00"' in answer.text
    assert desk.get(public_id).local_min == 660


def test_cancelled_visit_frees_its_time(browser: Browsers, desk: Desk) -> None:
    public_id = desk.book()

    answer = browser("dana").send(
        f"/schedule/visits/{public_id}/cancel",
        {"cancelled_by": "patient", "reason": "illness", "tell": "no"},
    )

    row = desk.get(public_id)
    assert answer.status_code == 303
    assert (row.status, row.cancelled_by) == (Status.CANCELLED, CancelledBy.PATIENT)
    with reading(desk.engine) as session:
        assert session.query(Cell).count() == 0


def test_cancel_asks_who_why_and_whether_to_tell(browser: Browsers, desk: Desk) -> None:
    public_id = desk.book()

    answer = browser("dana").send(f"/schedule/visits/{public_id}/cancel", {"reason": ""})

    assert answer.status_code == 422
    assert "Say who cancels." in answer.text
    assert "Say why." in answer.text
    assert desk.get(public_id).status is Status.BOOKED


def test_cancel_lost_to_somebody_else_keeps_the_reason(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    public_id = desk.book()
    address = f"/schedule/visits/{public_id}/cancel"
    fields = dana.form(address) | {
        "cancelled_by": "clinic",
        "reason": "clinic",
        "words": "device",
        "tell": "yes",
    }
    dana.send(f"/schedule/visits/{public_id}/move", TO_ELEVEN)

    answer = dana.post(address, fields)

    assert answer.status_code == 409
    assert 'value="device"' in answer.text
    assert desk.get(public_id).status is Status.BOOKED
