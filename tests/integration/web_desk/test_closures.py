"""A closure over twelve bookings: twelve affected, none moved, none new, the same on reload."""

import re
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from clinic.models import Appointment, Assignment, Cell, Message, Patient, Resource
from clinic.models.engine import reading, writing
from tests.browsers import Browser
from tests.conftest import NOW
from tests.factories import make_patient
from tests.integration.web_desk.conftest import TOMORROW, Desk
from tests.integration.web_desk.test_blocks import CLOSED, NEW
from tests.integration.web_desk.test_bookings import PAGE, booking

Browsers = Callable[[str], Browser]
TWELVE = 12
ROW = re.compile(r'<tr><td class="nowrap"><a[^>]*>(.*?)</a></td><td><a[^>]*>(.*?)</a>')


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


def _give_pat_a_phone(session: Session) -> None:
    session.scalars(select(Patient).where(Patient.family == "Price")).one().phone = "+14155552671"


def test_row_says_who_to_call_for_what_and_which_session(browser: Browsers, desk: Desk) -> None:
    course, _visits = desk.course(TOMORROW, prescribed=36)
    desk.change(_give_pat_a_phone)
    dana = browser("dana")

    page = dana.get(dana.send(NEW, CLOSED).location).text

    assert f'href="/schedule/courses/{course}">Price, Pat</a>' in page
    assert 'href="tel:+14155552671">(415) 555-2671</a>' in page
    assert "1/36" in page


def test_move_and_cancel_lead_back_to_the_list(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    moved, cancelled = (
        book_through_the_page(desk, dana, number).rpartition("=")[2] for number in range(2)
    )
    block = dana.send(NEW, CLOSED).location
    move = f"/schedule/visits/{moved}/move?back={block}"
    cancel = f"/schedule/visits/{cancelled}/cancel?back={block}"

    ways = [
        dana.send(move, {"on": "2026-03-04", "at": "9:00", "tell": "no"}).location,
        dana.send(cancel, {"cancelled_by": "clinic", "reason": "clinic", "tell": "no"}).location,
    ]

    assert ways == [block, block]


def test_move_leads_to_no_strange_site(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    visit = book_through_the_page(desk, dana, 0).rpartition("=")[2]
    move = f"/schedule/visits/{visit}/move?back=//evil.example/"

    answer = dana.send(move, {"on": "2026-03-04", "at": "9:00", "tell": "no"})

    assert answer.location == f"/schedule/?open={visit}"


def test_kept_visit_is_listed_again_by_undo(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    visit = desk.book()
    block = dana.send(NEW, CLOSED).location
    kept = dana.send(f"{block}/keep/{visit}", {}, page=block)
    page = dana.get(kept.location).text

    dana.send(f"{block}/release/{visit}", {}, page=block)

    assert "Kept." in page
    assert f'action="{block}/release/{visit}"' in page
    assert "1 visit lies inside" in dana.get(block).text


def held(desk: Desk, public_id: str) -> list[str]:
    """What a visit holds beside the patient, by name."""
    with reading(desk.engine) as session:
        query = (
            select(Resource.name)
            .join(Assignment, Assignment.resource_id == Resource.id)
            .join(Appointment, Appointment.id == Assignment.appointment_id)
            .where(
                Appointment.public_id == public_id,
                Assignment.is_held,
                Resource.kind != "patient",
            )
        )
        return sorted(session.scalars(query))


def test_same_hour_on_a_like_device_in_one_press(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    visit = desk.book()
    desk.change(lambda session: session.execute(update(Appointment).values(confirmed_at=NOW)))
    first = held(desk, visit)
    block = dana.send(NEW, CLOSED | {"owner": "tms-1"}).location
    page = dana.get(block).text

    answer = dana.send(
        f"{block}/same-hour/{visit}", {"version": str(desk.get(visit).version)}, page=block
    )
    after = dana.get(answer.location).text

    assert "Same hour on TMS 2" in page
    assert answer.location == block
    assert held(desk, visit) == [name.replace("TMS 1", "TMS 2") for name in first]
    assert (desk.get(visit).local_min, desk.get(visit).confirmed_at) == (600, NOW)
    assert "Moved to TMS 2 at the same hour." in after
    assert 'action="/schedule/undo/' in after


def test_same_hour_is_not_offered_on_what_is_taken(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    desk.book()
    desk.shut("tms-2")

    page = dana.get(dana.send(NEW, CLOSED | {"owner": "tms-1"}).location).text

    assert "Same hour" not in page
