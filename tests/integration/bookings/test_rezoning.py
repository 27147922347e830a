"""A zone's rules change by law: visits to come go back to their wall time, on both engines."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from clinic.actions.messages import queue_message
from clinic.actions.zones import Rezoned, Stuck, rezone_site
from clinic.errors import Conflict
from clinic.models import Appointment, AuditEntry, BoardVersion, Message, Site
from clinic.models.engine import reading, writing
from clinic.queries.definitions import policies
from clinic.queries.zones import Reconciled, reconciled
from clinic.rules.actors import system_actor
from clinic.rules.decent_hours import day_before, reminder_window
from clinic.rules.messages import MessageKind
from tests.integration.bookings.diary import MONDAY, Diary, make_diary
from tests.places import ZONE
from tests.zones import rules_changed

BY = system_actor("clinic rezone")
NINE = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
"""09:00 in New York by the old rules; by the new ones it is 14:00 UTC."""

HOUR, HALF, GRACE = timedelta(hours=1), timedelta(minutes=30), timedelta(minutes=20)
NewRules = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def diary(engine: Engine) -> Diary:
    return make_diary(engine)


@pytest.fixture
def central_time(tmp_path: Path) -> NewRules:
    """New York keeps Chicago's time: every hour comes one hour later."""
    return lambda: rules_changed(
        tmp_path / "zones", zone=ZONE, to="America/Chicago", version="2026z"
    )


def rezone(diary: Diary) -> Rezoned:
    with writing(diary.engine) as session:
        site = session.get_one(Site, diary.site.id)
        return rezone_site(session, site=site, by=BY, now=diary.now)


def starts(diary: Diary) -> list[datetime]:
    with reading(diary.engine) as session:
        return list(session.scalars(select(Appointment.start_at).order_by(Appointment.id)))


def stays(diary: Diary, visit: int, code: str, *, resource: str = "", at: datetime) -> Stuck:
    with reading(diary.engine) as session:
        row = session.get_one(Appointment, visit)
        number = str(diary.patient_ids.index(row.patient_id))
        return Stuck(
            row.public_id, number, row.local_on, row.local_min, code, resource, taken_at=at
        )


def test_visits_keep_their_wall_time_with_seats_flag_and_reminder(
    diary: Diary, central_time: NewRules
) -> None:
    first, second = diary.book(0), diary.book(7, patient=1)
    with writing(diary.engine) as session:
        queue_message(
            session,
            kind=MessageKind.REMINDER,
            patient_id=diary.patient_ids[0],
            appointment=session.get_one(Appointment, first),
            send_after=NINE - timedelta(days=1),
            not_after=NINE,
            dedupe_key="reminder",
            now=diary.now,
        )
    with central_time():
        done = rezone(diary)
        with reading(diary.engine) as session:
            one, two = (session.get_one(Appointment, key) for key in (first, second))
            reminder = session.scalars(select(Message).where(Message.kind == "reminder")).one()
            due = day_before(
                MONDAY,
                540,
                zone=ZONE,
                window=reminder_window(policies(session)),
                patient_zone=ZONE,
            )
            rules = reconciled(session)["main"]

    assert done == Rezoned("main", ZONE, 2, (), 0)
    assert (one.start_at, one.end_at) == (NINE + HOUR, NINE + HOUR + HALF)
    assert (one.flag_at, one.version) == (NINE + HOUR + GRACE, 2)
    assert (one.local_on, one.local_min) == (MONDAY, 540)
    assert two.start_at == NINE + HOUR + timedelta(minutes=35)
    assert (reminder.send_after, reminder.next_at) == (due, due)
    assert reminder.not_after == NINE + HOUR
    assert diary.cells() == diary.held()
    assert diary.verbs(first) == ["book", "rezone"]
    assert rules == Reconciled("2026z", 0)


def test_a_second_run_changes_nothing(diary: Diary, central_time: NewRules) -> None:
    diary.book(0)
    with central_time():
        rezone(diary)
        before = _state(diary)
        again = rezone(diary)

    assert again == Rezoned("main", ZONE, 0, (), 0)
    assert _state(diary) == before


def _state(diary: Diary) -> list[object]:
    with reading(diary.engine) as session:
        counts = [
            session.scalar(select(func.count()).select_from(table))
            for table in (AuditEntry, Message)
        ]
        board = session.execute(select(BoardVersion.on, BoardVersion.n)).all()
        return [counts, [tuple(row) for row in board], starts(diary), diary.cells()]


def test_a_visit_whose_place_is_taken_stays_and_is_named(
    diary: Diary, central_time: NewRules
) -> None:
    early = diary.book(0)
    with central_time():
        late = diary.book(0, patient=1)  # booked after the change: at 14:00 UTC, which is 09:00
        done = rezone(diary)
        again = rezone(diary)

    stuck = stays(diary, early, "resource_taken", resource="tms-1", at=NINE + HOUR)
    assert done == Rezoned("main", ZONE, 0, (stuck,), 0)
    assert again == done
    assert starts(diary) == [NINE, NINE + HOUR]
    assert diary.cells() == diary.held()
    assert diary.verbs(early) == diary.verbs(late) == ["book"]


def test_a_patient_who_has_another_visit_then_is_named_as_busy(
    diary: Diary, central_time: NewRules
) -> None:
    early = diary.book(0)
    with central_time():
        diary.book(0, device=1)
        done = rezone(diary)
        with reading(diary.engine) as session:
            left = reconciled(session)["main"]

    assert done.stuck == (stays(diary, early, "patient_busy", at=NINE + HOUR),)
    assert left == Reconciled("2026z", 1)


def test_one_that_stays_holds_up_the_next_and_frees_it_when_it_is_cancelled(
    diary: Diary, central_time: NewRules
) -> None:
    diary.book(0)
    diary.book(12, patient=1)  # 10:00: the place to which the first has to go
    with central_time():
        blocker = diary.book(12, patient=2)  # its own place in turn is taken meanwhile
        held_up = rezone(diary)
        diary.cancel(blocker)
        freed = rezone(diary)

    assert (held_up.moved, len(held_up.stuck)) == (0, 2)
    assert (freed.moved, freed.stuck) == (2, ())
    assert diary.cells() == diary.held()


def test_a_wall_time_that_no_longer_exists_is_named(diary: Diary) -> None:
    visit = diary.book(0)
    on = MONDAY - timedelta(days=1)  # the clocks of New York go forward on this Sunday at 02:00
    with writing(diary.engine) as session:
        row = session.get_one(Appointment, visit)
        row.local_on, row.local_min, public_id = on, 150, row.public_id

    assert rezone(diary).stuck == (Stuck(public_id, "0", on, 150, "time_does_not_exist"),)
    assert starts(diary) == [NINE]


def test_visits_that_are_over_or_cancelled_stay_as_they_were(
    diary: Diary, central_time: NewRules
) -> None:
    diary.cancel(diary.book(0))
    diary.book(7)
    diary.wait(days=8)
    with central_time():
        done = rezone(diary)

    assert (done.moved, done.stuck) == (0, ())
    assert starts(diary) == [NINE, NINE + timedelta(minutes=35)]


def test_a_confirmed_visit_stays_confirmed_because_its_promise_is_kept(
    diary: Diary, central_time: NewRules
) -> None:
    visit = diary.book(0)
    with writing(diary.engine) as session:
        session.get_one(Appointment, visit).confirmed_at = diary.now
    with central_time():
        rezone(diary)

    with reading(diary.engine) as session:
        assert session.get_one(Appointment, visit).confirmed_at == diary.now


def test_a_booking_cannot_be_undone_to_its_old_instant(
    diary: Diary, central_time: NewRules
) -> None:
    visit = diary.book(0)
    diary.move(visit, 12)
    with central_time():
        rezone(diary)

        with pytest.raises(Conflict):
            diary.undo()

    assert starts(diary) == [NINE + HOUR + HOUR]
