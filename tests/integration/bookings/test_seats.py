"""Seats: what may be taken, and why not."""

from dataclasses import dataclass
from datetime import date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.actions.bookings import Claim, Seating, claim_seats, move_seats, release_seats
from clinic.errors import Conflict
from clinic.models import Assignment, Block, Cell, Holiday
from clinic.queries.availability import SiteFrame, read_world
from clinic.rules.wall_days import instant_of, wall_day
from tests.places import (
    add_appointment_row,
    add_kind_row,
    add_patient_row,
    add_resource,
    add_shifts,
    add_site,
)

MONDAY = date(2026, 3, 9)
NINE = 108


@dataclass(frozen=True)
class Place:
    """A site with rows enough to book."""

    session: Session
    site: SiteFrame
    definition_id: int

    def appointment(self, number: int) -> int:
        patient = add_patient_row(self.session, number=number)
        return add_appointment_row(
            self.session, patient=patient, site=self.site, definition_id=self.definition_id
        )

    def book(self, number: int, resource_id: int, from_cell: int, to_cell: int, **more: int) -> int:
        appointment_id = self.appointment(number)
        seating = seating_at(self.site, resource_id, from_cell, to_cell, **more)
        claim_seats(self.session, seatings={appointment_id: seating})
        return appointment_id


def seating_at(
    site: SiteFrame, resource_id: int, from_cell: int, to_cell: int, seats: int = 1
) -> Seating:
    return Seating(site, MONDAY, (Claim("room", resource_id, from_cell, to_cell, to_cell, seats),))


@pytest.fixture
def place(session: Session) -> Place:
    return Place(session, add_site(session), add_kind_row(session))


def cells(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Cell)) or 0


def test_a_fragment_fits_where_two_seats_are_free_in_turn(place: Place) -> None:
    room = add_resource(
        place.session, key="recovery", kind="recovery_seat", site=place.site, seats=2
    )
    place.book(1, room, NINE, NINE + 12)
    place.book(2, room, NINE + 12, NINE + 24)
    place.book(3, room, NINE + 6, NINE + 18)

    with pytest.raises(Conflict) as refused:
        place.book(4, room, NINE + 6, NINE + 18)

    assert refused.value.code == "resource_taken"
    assert refused.value.values["resource"] == "recovery"
    assert cells(place.session) == 36


@pytest.mark.parametrize("first", [NINE - 3, NINE, NINE + 3])
def test_a_partial_overlap_is_refused(place: Place, first: int) -> None:
    device = add_resource(place.session, key="tms-1", site=place.site)
    place.book(1, device, NINE, NINE + 6)

    with pytest.raises(Conflict):
        place.book(2, device, first, first + 6)


def test_touching_spans_both_fit(place: Place) -> None:
    device = add_resource(place.session, key="tms-1", site=place.site)

    place.book(1, device, NINE, NINE + 6)
    place.book(2, device, NINE + 6, NINE + 12)

    assert cells(place.session) == 12


def test_a_patient_is_never_in_two_places(place: Place) -> None:
    one = add_resource(place.session, key="tms-1", site=place.site)
    two = add_resource(place.session, key="tms-2", site=place.site)
    patient = add_patient_row(place.session, number=1)
    rows = [
        add_appointment_row(
            place.session, patient=patient, site=place.site, definition_id=place.definition_id
        )
        for _ in range(2)
    ]
    claims = [
        (
            Claim("device", device, NINE, NINE + 6, NINE + 6),
            Claim("patient", patient.resource_id, NINE, NINE + 6, NINE),
        )
        for device in (one, two)
    ]
    claim_seats(place.session, seatings={rows[0]: Seating(place.site, MONDAY, claims[0])})

    with pytest.raises(Conflict) as refused:
        claim_seats(place.session, seatings={rows[1]: Seating(place.site, MONDAY, claims[1])})

    assert refused.value.code == "patient_busy"


def test_a_closed_hour_is_refused_but_turnover_may_pass_it(place: Place) -> None:
    device = add_resource(place.session, key="tms-1", site=place.site)
    closing = 18 * 12
    appointment = place.appointment(1)
    seating = Seating(
        place.site, MONDAY, (Claim("device", device, closing - 6, closing + 1, closing),)
    )
    claim_seats(place.session, seatings={appointment: seating})

    with pytest.raises(Conflict) as refused:
        place.book(2, device, closing + 1, closing + 7)

    assert refused.value.code == "resource_shut"


def test_a_holiday_closes_the_site(place: Place) -> None:
    device = add_resource(place.session, key="tms-1", site=place.site)
    place.session.add(Holiday(site_id=place.site.id, on=MONDAY, name="Founders' Day"))

    with pytest.raises(Conflict) as refused:
        place.book(1, device, NINE, NINE + 6)

    assert refused.value.code == "site_closed"


def test_a_person_is_there_on_shift_only_and_not_on_leave(place: Place, now: datetime) -> None:
    nurse = add_resource(place.session, key="nurse", kind="person")
    add_shifts(place.session, resource_id=nurse, site=place.site)
    day = wall_day(MONDAY, place.site.zone)
    first, last = day.span(NINE + 12, NINE + 24)
    place.session.add(
        Block(
            resource_id=nurse,
            kind="leave",
            start_at=instant_of(first),
            end_at=instant_of(last),
            created_at=now,
        )
    )
    place.book(1, nurse, NINE, NINE + 12)

    codes = []
    for number, start in [(2, NINE - 6), (3, NINE + 18)]:
        with pytest.raises(Conflict) as refused:
            place.book(number, nurse, start, start + 6)
        codes.append(refused.value.code)

    assert codes == ["resource_shut", "resource_shut"]


def test_all_seats_can_be_taken_at_once(place: Place) -> None:
    nurse = add_resource(place.session, key="room", kind="recovery_seat", site=place.site, seats=2)
    place.book(1, nurse, NINE, NINE + 6, seats=2)

    with pytest.raises(Conflict):
        place.book(2, nurse, NINE, NINE + 6)


def test_a_released_seat_is_free_and_stays_on_record(place: Place) -> None:
    device = add_resource(place.session, key="tms-1", site=place.site)
    first = place.book(1, device, NINE, NINE + 6)

    release_seats(place.session, appointment_ids=[first])
    place.book(2, device, NINE, NINE + 6)

    held = place.session.scalars(select(Assignment.is_held).order_by(Assignment.id)).all()
    assert held == [False, True]


def test_a_move_gives_back_and_takes_in_one_step(place: Place) -> None:
    device = add_resource(place.session, key="tms-1", site=place.site)
    moved = place.book(1, device, NINE, NINE + 6)

    move_seats(place.session, seatings={moved: seating_at(place.site, device, NINE + 3, NINE + 9)})

    quanta = place.session.scalars(select(Cell.quantum).order_by(Cell.quantum)).all()
    first = wall_day(MONDAY, place.site.zone).span(NINE + 3, NINE + 9)[0]
    assert list(quanta) == list(range(first, first + 6))


def test_the_planner_sees_exactly_what_booking_refuses(place: Place) -> None:
    room = add_resource(
        place.session, key="recovery", kind="recovery_seat", site=place.site, seats=2
    )
    place.book(1, room, NINE, NINE + 12)
    place.book(2, room, NINE + 6, NINE + 18)

    world = read_world(
        place.session, site=place.site, from_on=MONDAY, until_on=MONDAY, patient_resource_id=None
    )

    free = world.days[MONDAY][room].free
    one = [cell for cell in range(NINE - 1, NINE + 20) if not free[0] >> cell & 1]
    two = [cell for cell in range(NINE - 1, NINE + 20) if not free[1] >> cell & 1]
    assert one == list(range(NINE + 6, NINE + 12))
    assert two == list(range(NINE, NINE + 18))
