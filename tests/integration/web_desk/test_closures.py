"""A closure over twelve bookings: twelve affected, none moved, none new, the same on reload."""

import re
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select

from clinic.models import Appointment, Cell, Message
from clinic.models.engine import reading, writing
from tests.browsers import Browser
from tests.factories import make_patient
from tests.integration.web_desk.conftest import TOMORROW, Desk
from tests.integration.web_desk.test_blocks import CLOSED, NEW
from tests.integration.web_desk.test_bookings import PAGE, booking

Browsers = Callable[[str], Browser]
TWELVE = 12
ROW = re.compile(r"<tr><td><a[^>]*>(.*?)</a></td><td>(.*?)</td>")


def book_through_the_page(desk: Desk, dana: Browser, number: int) -> str:
    """Book a visit of tomorrow for a patient of its own, as the desk does."""
    with writing(desk.engine) as session:
        patient = make_patient(
            session, number=f"8{number:02d}", family=f"Dozen {number:02d}", given="Di"
        ).public_id
    at = f"{9 + number // 2}:{30 * (number % 2):02d}"
    answer = dana.send(PAGE, booking(desk, patient=patient, at=at))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def visits(desk: Desk) -> tuple[int, list[tuple[int, datetime, int, str]]]:
    """How many cells there are, and every visit with its time, version and status."""
    with reading(desk.engine) as session:
        rows = session.scalars(select(Appointment).order_by(Appointment.id))
        found = [(row.id, row.start_at, row.version, row.status.value) for row in rows]
        cells = session.scalar(select(func.count()).select_from(Cell)) or 0
    return cells, found


def test_closure_over_twelve_bookings_lists_all_moves_none_and_lets_none_in(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    for number in range(TWELVE):
        book_through_the_page(desk, dana, number)
    before, told = visits(desk), desk.count(Message)

    answer = dana.send(NEW, CLOSED)
    first = dana.get(answer.location).text
    tries = [
        dana.send(PAGE, booking(desk, at=f"{hour}:{minute}"))
        for hour, minute in ((8, "00"), (9, "45"), (12, "30"), (15, "30"), (17, "15"))
    ]
    again = browser("dana").get(answer.location).text

    assert "12 visits lie inside" in first
    assert [name for _, name in ROW.findall(first)] == [
        f"Dozen {number:02d}, Di" for number in range(TWELVE)
    ]
    assert ROW.findall(again) == ROW.findall(first)
    assert "12 visits lie inside" in again
    assert {one.status_code for one in tries} == {409}
    assert all('value="2026-03-03"' in one.text for one in tries)
    assert (visits(desk), desk.count(Message)) == (before, told)
    assert 'class="gap' not in dana.get(f"/schedule/?on={TOMORROW}").text


def test_visits_inside_are_settled_one_by_one_until_none_is_left(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    moved, cancelled, kept = (
        book_through_the_page(desk, dana, number).rpartition("=")[2] for number in range(3)
    )
    block = dana.send(NEW, CLOSED).location

    dana.send(f"/schedule/visits/{moved}/move", {"on": "2026-03-04", "at": "9:00", "tell": "no"})
    two = dana.get(block).text
    dana.send(
        f"/schedule/visits/{cancelled}/cancel",
        {"cancelled_by": "clinic", "reason": "clinic", "tell": "no"},
    )
    one = dana.get(block).text
    dana.send(f"{block}/keep/{kept}", {}, page=block)

    assert "2 visits lie inside" in two
    assert "1 visit lies inside" in one
    assert "No visit is left inside" in dana.get(block).text
