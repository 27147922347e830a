"""Blocks: shut time stops new bookings, moves nothing, and lists what lies inside."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.blocks import add_block, instant_of_wall, keep_appointment, remove_block
from clinic.actions.bookings import Claim, Seating, claim_seats
from clinic.errors import Conflict, NotAllowed, NotFound, RuleBroken
from clinic.models import Account, Appointment, Block, BoardVersion, Cell, Staff
from clinic.models.engine import reading, writing
from clinic.queries.availability import SiteFrame
from clinic.queries.blocks import affected, block_rows, by_public_id
from clinic.rules.actors import Actor, system_actor
from clinic.rules.appointments import Status
from clinic.rules.permissions import Permission
from clinic.rules.wall_days import instant_of, wall_day
from tests.places import add_kind_row, add_patient_row, add_resource, add_site

JOB = system_actor("test")
MONDAY = date(2026, 3, 9)
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
TEN = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
VISITS = 12


@dataclass(frozen=True)
class Day:
    """A device with twelve visits of 30 minutes on a Monday, from 10:00 on."""

    site: SiteFrame
    device: int
    definition_id: int
    appointments: tuple[int, ...]
    dana: Actor


def make_day(session: Session) -> Day:
    site = add_site(session)
    device = add_resource(session, key="tms-1", site=site)
    definition_id = add_kind_row(session)
    made = [
        book(session, site, device, definition_id, number=n, cell=120 + 6 * n)
        for n in range(VISITS)
    ]
    return Day(site, device, definition_id, tuple(made), make_dana(session))


def make_dana(session: Session) -> Actor:
    staff = Staff(key="dana", name="Dana Reed", short_name="Dana")
    session.add(staff)
    session.flush()
    account = Account(login="dana", staff_id=staff.id, created_at=NOW)
    session.add(account)
    session.flush()
    return Actor(account_id=account.id, rights=((None, frozenset({Permission.SCHEDULE})),))


def book(
    session: Session,
    site: SiteFrame,
    device: int,
    definition_id: int,
    *,
    number: int,
    cell: int,
) -> int:
    patient = add_patient_row(session, number=number)
    start = instant_of(wall_day(MONDAY, site.zone).span(cell, cell + 6)[0])
    row = Appointment(
        patient_id=patient.id,
        definition_id=definition_id,
        kind_key="check",
        site_id=site.id,
        start_at=start,
        end_at=start + timedelta(minutes=30),
        zone=site.zone,
        local_on=MONDAY,
        local_min=cell * 5,
        length_min=30,
        status=Status.BOOKED,
        created_at=NOW,
    )
    session.add(row)
    session.flush()
    claims = (Claim("device", device, cell, cell + 6, cell + 6),)
    claim_seats(session, seatings={row.id: Seating(site, MONDAY, claims)})
    return row.id


def close_site(session: Session, day: Day, by: Actor = JOB) -> Block:
    return add_block(
        session,
        site_id=day.site.id,
        start_at=TEN,
        end_at=TEN + 6 * HOUR,
        kind="closure",
        reason="water pipe",
        by=by,
        now=NOW,
    )


def shut_device(session: Session, day: Day, start_at: datetime = TEN, hours: float = 1) -> Block:
    return add_block(
        session,
        resource_id=day.device,
        start_at=start_at,
        end_at=start_at + hours * HOUR,
        kind="outage",
        reason="",
        by=JOB,
        now=NOW,
    )


def places(session: Session) -> list[tuple[datetime, int]]:
    """Return where every appointment is, and how many cells it holds."""
    query = (
        select(Appointment.start_at, func.count(Cell.quantum))
        .join(Cell, Cell.appointment_id == Appointment.id)
        .group_by(Appointment.id)
        .order_by(Appointment.start_at)
    )
    return [(start, cells) for start, cells in session.execute(query)]


def test_a_closure_over_twelve_visits_lists_twelve_moves_none_and_reads_the_same_later(
    engine: Engine,
) -> None:
    with writing(engine) as session:
        day = make_day(session)
        before = places(session)
    with writing(engine) as session:
        block = close_site(session, day)
        listed = affected(session, block)
    with reading(engine) as session:
        again = affected(session, by_public_id(session, block.public_id))
        after = places(session)

    assert [row.appointment_id for row in listed] == [*day.appointments]
    assert (again, after) == (listed, before)


def test_a_closure_allows_no_new_visit(engine: Engine) -> None:
    with writing(engine) as session:
        day = make_day(session)
        other = add_resource(session, key="tms-2", site=day.site)
        close_site(session, day)

    for cell in range(120, 192, 6):
        with pytest.raises(Conflict), writing(engine) as session:
            book(session, day.site, other, day.definition_id, number=50 + cell, cell=cell)
    with reading(engine) as session:
        assert session.scalar(select(func.count(Appointment.id))) == VISITS


def test_time_beside_a_closure_can_be_booked(session: Session) -> None:
    day = make_day(session)
    other = add_resource(session, key="tms-2", site=day.site)
    close_site(session, day)

    book(session, day.site, other, day.definition_id, number=60, cell=114)
    book(session, day.site, other, day.definition_id, number=61, cell=192)

    assert len(places(session)) == VISITS + 2


def test_an_outage_lists_only_what_holds_the_device(session: Session) -> None:
    day = make_day(session)
    other = add_resource(session, key="tms-2", site=day.site)
    book(session, day.site, other, day.definition_id, number=60, cell=120)

    block = shut_device(session, day)

    assert [row.appointment_id for row in affected(session, block)] == [*day.appointments[:2]]


def test_a_visit_that_ends_as_the_block_begins_is_not_affected(session: Session) -> None:
    day = make_day(session)

    block = shut_device(session, day, start_at=TEN + HOUR, hours=0.5)

    assert [row.appointment_id for row in affected(session, block)] == [day.appointments[2]]


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.FULFILLED, Status.NOSHOW])
def test_a_visit_that_is_over_is_not_affected(session: Session, status: Status) -> None:
    day = make_day(session)
    visit = session.get_one(Appointment, day.appointments[0])
    visit.status = status
    if status is Status.CANCELLED:
        visit.cancelled_at, visit.cancelled_by = NOW, "patient"
    session.flush()

    block = close_site(session, day)

    assert [row.appointment_id for row in affected(session, block)] == [*day.appointments[1:]]


def test_a_visit_kept_by_name_leaves_the_list_and_stays(session: Session) -> None:
    day = make_day(session)
    block = close_site(session, day)
    visit = session.get_one(Appointment, day.appointments[3])

    for _ in range(2):
        keep_appointment(session, block=block, appointment=visit, by=day.dana, now=NOW)

    left = {*day.appointments} - {visit.id}
    assert {row.appointment_id for row in affected(session, block)} == left
    assert len(places(session)) == VISITS


def test_only_a_visit_inside_can_be_kept(session: Session) -> None:
    day = make_day(session)
    block = shut_device(session, day)
    visit = session.get_one(Appointment, day.appointments[5])

    with pytest.raises(NotFound):
        keep_appointment(session, block=block, appointment=visit, by=day.dana, now=NOW)


def test_a_job_cannot_decide_in_a_persons_name(session: Session) -> None:
    day = make_day(session)
    block = close_site(session, day)
    visit = session.get_one(Appointment, day.appointments[0])

    with pytest.raises(NotAllowed):
        keep_appointment(session, block=block, appointment=visit, by=JOB, now=NOW)
    with pytest.raises(NotAllowed):
        remove_block(session, block=block, by=JOB, now=NOW)


def test_a_removed_block_opens_the_time_and_affects_nothing(session: Session) -> None:
    day = make_day(session)
    other = add_resource(session, key="tms-2", site=day.site)
    block = close_site(session, day)

    remove_block(session, block=block, by=day.dana, now=NOW)

    book(session, day.site, other, day.definition_id, number=60, cell=120)
    assert affected(session, block) == []
    assert (block.removed_at, block.removed_by) == (NOW, day.dana.account_id)
    with pytest.raises(RuleBroken):
        remove_block(session, block=block, by=day.dana, now=NOW)


def test_a_removed_block_is_not_found(session: Session) -> None:
    day = make_day(session)
    block = close_site(session, day)
    remove_block(session, block=block, by=day.dana, now=NOW)

    with pytest.raises(NotFound):
        by_public_id(session, block.public_id)
    assert block_rows(session, after=NOW) == []


def test_the_list_of_blocks_names_what_is_shut(session: Session) -> None:
    day = make_day(session)
    close_site(session, day)
    shut_device(session, day)

    rows = block_rows(session, after=NOW)

    assert [(row.of, row.kind, row.zone) for row in rows] == [
        ("Main Street", "closure", "America/New_York"),
        ("tms-1", "outage", None),
    ]


def test_boards_of_the_days_learn_of_a_block(session: Session) -> None:
    day = make_day(session)
    close_site(session, day)

    row = session.get(BoardVersion, (day.site.id, MONDAY))
    assert row is not None
    assert row.n == 1


def test_a_block_that_ends_before_it_starts_is_refused(session: Session) -> None:
    day = make_day(session)

    with pytest.raises(RuleBroken) as caught:
        shut_device(session, day, hours=-1)

    assert caught.value.code == "end_before_start"


def test_a_block_shuts_exactly_one_thing(session: Session) -> None:
    day = make_day(session)

    for owners in ({}, {"site_id": day.site.id, "resource_id": day.device}):
        with pytest.raises(RuleBroken) as caught:
            add_block(
                session,
                **owners,
                start_at=TEN,
                end_at=TEN + HOUR,
                kind="closure",
                reason="",
                by=JOB,
                now=NOW,
            )
        assert caught.value.code == "block_of_nothing"


def test_a_block_needs_the_permission(session: Session) -> None:
    day = make_day(session)

    with pytest.raises(NotAllowed):
        close_site(session, day, by=Actor(account_id=day.dana.account_id))


def test_a_wall_time_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RuleBroken):
        instant_of_wall(datetime.fromisoformat("2026-03-08T02:30"), "America/New_York")

    late = instant_of_wall(datetime.fromisoformat("2026-11-01T01:30"), "America/New_York")
    assert late == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
