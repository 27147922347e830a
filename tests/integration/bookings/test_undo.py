"""Undo puts back exactly what a change set altered, sends nothing, and never takes a seat twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from clinic.actions.blocks import add_block
from clinic.errors import Conflict, NotAllowed, NotFound
from clinic.jobs import TickReport, Works, new_owner, send_due
from clinic.models import Message, VisitRecord, WorkItem
from clinic.models.engine import reading, writing
from clinic.rules.actors import rights_of
from clinic.rules.appointments import Status
from clinic.rules.permissions import Role
from tests.integration.bookings.diary import Diary, make_diary
from tests.integration.messages.conftest import Kept

Change = Callable[[Diary, int], object]


@pytest.fixture
def diary(engine: Engine) -> Diary:
    return make_diary(engine)


def sent(diary: Diary) -> int:
    """How many mails go when the scheduler runs an hour later."""
    works = Works(
        engine=diary.engine,
        sender=Kept(),
        now=lambda: diary.now + timedelta(hours=1),
        owner=new_owner(),
    )
    report = TickReport()
    send_due(works, report)
    return report.sent


def told(diary: Diary) -> Diary:
    """The clinic after everything waiting has been sent."""
    sent(diary)
    diary.wait(hours=1)
    return diary


def to_the_visit(diary: Diary) -> None:
    """Let the time come at which the visit at nine has begun."""
    diary.now = diary.now.replace(day=9, hour=14, minute=30)


def move(diary: Diary, visit: int) -> None:
    diary.move(visit, 24, 1)


def move_a_little(diary: Diary, visit: int) -> None:
    diary.move(visit, 3, 0)


def arrive_early(diary: Diary, visit: int) -> None:
    to_the_visit(diary)
    diary.arrive(visit)


def miss(diary: Diary, visit: int) -> None:
    to_the_visit(diary)
    diary.miss(visit)


CHANGES = [move, move_a_little, Diary.cancel, arrive_early, miss]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_undone_leaves_everything_as_it_was(diary: Diary, change: Change) -> None:
    visit = diary.book(0)
    told(diary)
    before = (diary.standing(), diary.cells())

    change(diary, visit)
    diary.wait(seconds=179)
    diary.undo()

    assert (diary.standing(), diary.cells()) == before
    assert diary.cells() == diary.held()
    assert (sent(diary), diary.get(visit).version) == (0, 3)


def test_a_booking_undone_was_entered_in_error_and_holds_nothing(diary: Diary) -> None:
    visit = diary.book(0)
    diary.undo()

    row = diary.get(visit)
    assert (row.status, row.version, row.flag_at) == (Status.ENTERED_IN_ERROR, 2, None)
    assert (sent(diary), diary.cells(), diary.verbs(visit)) == (0, {}, ["book", "undo_book"])
    assert diary.messages() == [("appointment_booked", "cancelled", "undone")]


def test_a_make_up_undone_is_asked_for_again(diary: Diary) -> None:
    missed = diary.book(0)
    miss(diary, missed)
    diary.now -= timedelta(days=1)
    diary.book(24, make_up_for_id=missed)
    diary.undo()

    with reading(diary.engine) as session:
        items = session.execute(select(WorkItem.outcome, WorkItem.done_at)).all()
    assert [tuple(item) for item in items] == [(None, None)]


def test_a_miss_undone_is_asked_for_no_more(diary: Diary) -> None:
    visit = diary.book(0)
    miss(diary, visit)
    diary.undo()

    with reading(diary.engine) as session:
        assert session.scalars(select(WorkItem.outcome)).all() == ["withdrawn"]


def test_coming_after_all_undone_is_a_miss_again(diary: Diary) -> None:
    visit = diary.book(0)
    miss(diary, visit)
    diary.arrive(visit)
    diary.undo()

    with reading(diary.engine) as session:
        assert session.scalars(select(WorkItem.outcome)).all() == [None]
    assert diary.get(visit).status is Status.NOSHOW


def test_after_three_minutes_it_is_too_late(diary: Diary) -> None:
    visit = diary.book(0)
    diary.wait(minutes=3)

    with pytest.raises(Conflict) as refused:
        diary.undo()

    assert (refused.value.code, diary.get(visit).status) == ("undo_too_late", Status.BOOKED)
    assert sent(diary) == 1


def test_what_is_on_its_way_cannot_be_undone(diary: Diary) -> None:
    visit = diary.book(0)
    with writing(diary.engine) as session:
        session.scalars(select(Message)).one().state = "sent"

    with pytest.raises(Conflict) as refused:
        diary.undo()

    assert (refused.value.code, diary.get(visit).version) == ("undo_too_late", 1)


def test_somebody_else_cannot_undo(diary: Diary) -> None:
    diary.book(0)

    with pytest.raises(NotAllowed) as refused:
        diary.undo(by=diary.omar)

    assert refused.value.code == "undo_not_yours"


def test_there_is_nothing_to_undo_under_another_name(diary: Diary) -> None:
    with pytest.raises(NotFound):
        diary.undo("no-such-change")


def test_an_undo_is_done_once_and_is_not_undone(diary: Diary) -> None:
    diary.book(0)
    booked = diary.last_change()
    diary.undo()
    undone = diary.last_change()

    codes = []
    for change_set in (booked, undone):
        with pytest.raises(Conflict) as refused:
            diary.undo(change_set)
        codes.append(refused.value.code)

    assert codes == ["undone_already", "undo_too_late"]


def test_a_seat_taken_since_is_named(diary: Diary) -> None:
    visit = diary.book(0)
    diary.cancel(visit)
    cancelled = diary.last_change()
    diary.book(3, patient=1)
    before = (diary.standing(), diary.cells())

    with pytest.raises(Conflict) as refused:
        diary.undo(cancelled)

    assert (refused.value.code, refused.value.values["resource"]) == ("resource_taken", "tms-1")
    assert (diary.standing(), diary.cells()) == before


def test_a_patient_busy_since_is_named(diary: Diary) -> None:
    visit = diary.book(0)
    diary.move(visit, 24)
    moved = diary.last_change()
    diary.book(0, device=1)

    with pytest.raises(Conflict) as refused:
        diary.undo(moved)

    assert refused.value.code == "patient_busy"


def shut(diary: Diary, **owner: int) -> None:
    with writing(diary.engine) as session:
        add_block(
            session,
            resource_id=owner.get("resource_id"),
            site_id=owner.get("site_id"),
            start_at=diary.now.replace(day=9, hour=13),
            end_at=diary.now.replace(day=9, hour=15),
            kind="outage",
            reason="",
            by=diary.dana,
            now=diary.now,
        )


def test_what_was_shut_since_is_named(diary: Diary) -> None:
    visit = diary.book(0)
    diary.cancel(visit)
    shut(diary, resource_id=diary.devices[0])

    with pytest.raises(Conflict) as refused:
        diary.undo()

    assert (refused.value.code, refused.value.values["resource"]) == ("resource_shut", "tms-1")


def test_a_visit_kept_in_a_closed_time_goes_back_into_it(diary: Diary) -> None:
    visit = diary.book(0)
    shut(diary, site_id=diary.site.id)
    diary.wait(minutes=1)
    diary.cancel(visit)

    diary.undo()

    assert (diary.get(visit).status, diary.cells()) == (Status.BOOKED, diary.held())


def test_a_visit_changed_since_is_left_alone(diary: Diary) -> None:
    visit = diary.book(0)
    booked = diary.last_change()
    diary.move(visit, 24, by=diary.omar)

    with pytest.raises(Conflict) as refused:
        diary.undo(booked)

    assert refused.value.values == {"on": "2026-03-09"}
    assert (refused.value.code, diary.get(visit).version) == ("undo_changed_since", 2)


def test_a_patient_whose_session_has_begun_does_not_leave_by_undo(diary: Diary) -> None:
    visit = diary.book(0)
    arrive_early(diary, visit)
    with writing(diary.engine) as session:
        dana = diary.dana.account_id
        session.add(VisitRecord(appointment_id=visit, started_at=diary.now, started_by=dana))

    with pytest.raises(Conflict) as refused:
        diary.undo()

    assert (refused.value.code, diary.get(visit).status) == ("undo_visit_begun", Status.ARRIVED)


def test_changes_are_undone_one_after_the_other(diary: Diary) -> None:
    visit = diary.book(0)
    booked = diary.last_change()
    diary.move(visit, 24)

    diary.undo()
    diary.undo(booked)

    row = diary.get(visit)
    assert (row.status, row.local_min, row.version) == (Status.ENTERED_IN_ERROR, 540, 4)
    assert sent(diary) == 0


def test_a_booking_is_told_after_a_move_that_was_undone(diary: Diary) -> None:
    diary.move(diary.book(0), 24)
    diary.undo()

    assert sent(diary) == 1
    assert diary.messages() == [
        ("appointment_booked", "sent", ""),
        ("appointment_moved", "cancelled", "undone"),
    ]


def test_a_booking_waits_for_a_move_that_may_yet_be_undone(diary: Diary) -> None:
    visit = diary.book(0)
    diary.wait(minutes=2)
    diary.move(visit, 24)
    diary.wait(minutes=1)
    works = Works(engine=diary.engine, sender=Kept(), now=lambda: diary.now, owner=new_owner())
    send_due(works, TickReport())
    waiting = diary.messages()[0]
    diary.undo()

    assert waiting == ("appointment_booked", "due", "may_be_undone")
    assert sent(diary) == 1


def test_a_change_is_undone_only_where_one_still_may_act(diary: Diary) -> None:
    diary.book(0)
    elsewhere = replace(diary.dana, rights=rights_of([(Role.FRONT_DESK.value, diary.site.id + 1)]))

    with pytest.raises(NotAllowed) as refused:
        diary.undo(by=elsewhere)

    assert refused.value.code == "permission_missing"
