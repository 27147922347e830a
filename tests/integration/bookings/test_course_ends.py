"""The rest of a course is cancelled in one go: seats free, course ended, told once, undoable."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.attendance import arrive, fulfil
from clinic.actions.course_ends import CourseEnd, end_course, running_course
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models import Appointment, AuditEntry, Cell, ChangeSet, Course, Message
from clinic.models.engine import reading, writing
from clinic.rules.actors import Actor, rights_of
from clinic.rules.appointments import CancelledBy, Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.permissions import Role
from tests.integration.bookings.test_undo_courses import all_visits, book, dana, undo
from tests.integration.cli.conftest import MADE_AT

__all__ = ["dana"]
FIRST_DAY = datetime(2026, 6, 1, 13, 0, tzinfo=UTC)
EVENING = datetime(2026, 6, 1, 23, 0, tzinfo=UTC)


def end(
    engine: Engine, by: Actor, *, visits: int, version: int = 1, now: datetime = MADE_AT
) -> str:
    """End the only course; return the public id of the change set."""
    how = CourseEnd(
        cancelled_by=CancelledBy.PATIENT,
        reason="travel",
        visits=visits,
        tell_patient=True,
        late_under_hours=24,
    )
    with writing(engine) as session:
        public_id = session.scalars(select(Course.public_id)).one()
        course = running_course(session, public_id=public_id, version=version, by=by)
        return end_course(session, course=course, end=how, by=by, now=now).public_id


def stand(engine: Engine) -> tuple[CourseStatus, dict[Status, int], bool]:
    """The course, its visits by status, and whether anything is held."""
    with reading(engine) as session:
        status = session.scalars(select(Course.status)).one()
        visits = Counter(session.scalars(select(Appointment.status)).all())
        held = session.scalar(select(func.count()).select_from(Cell)) or 0
    return status, dict(visits), bool(held)


def held(session: Session) -> set[tuple[int, int]]:
    """Every cell that is taken."""
    rows = session.execute(select(Cell.resource_id, Cell.quantum))
    return {(resource_id, quantum) for resource_id, quantum in rows}


def deliver_first(engine: Engine, by: Actor) -> None:
    with writing(engine) as session:
        first = all_visits(session)[0]
        arrive(session, appointment=first, version=1, by=by, now=FIRST_DAY)
        fulfil(
            session,
            appointment=first,
            outcome=Outcome.COMPLETE,
            outcome_reason=None,
            version=2,
            by=by,
            now=FIRST_DAY,
        )


def test_course_that_never_began_is_cancelled_whole(engine: Engine, dana: Actor) -> None:
    book(engine, dana)

    end(engine, dana, visits=36)

    assert stand(engine) == (
        CourseStatus.CANCELLED_BEFORE_START,
        {Status.CANCELLED: 36},
        False,
    )
    with reading(engine) as session:
        assert {(one.cancelled_by, one.is_late) for one in all_visits(session)} == {
            (CancelledBy.PATIENT, False)
        }
        kinds = session.scalars(select(Message.kind).order_by(Message.id)).all()
        audit = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert kinds == ["course_booked", "course_ended"]
    assert audit is not None
    assert (audit.verb, audit.values) == ("end_course", {"visits": 36})


def test_what_was_delivered_stays_and_the_course_is_stopped(engine: Engine, dana: Actor) -> None:
    book(engine, dana)
    deliver_first(engine, dana)

    end(engine, dana, visits=35, version=2, now=EVENING)

    stopped = CourseStatus.STOPPED_EARLY
    assert stand(engine)[:2] == (stopped, {Status.FULFILLED: 1, Status.CANCELLED: 35})


def test_ended_course_is_undone_whole(engine: Engine, dana: Actor) -> None:
    book(engine, dana)
    deliver_first(engine, dana)
    with reading(engine) as session:
        cells = {
            (row[0], row[1]) for row in session.execute(select(Cell.resource_id, Cell.quantum))
        }
    change_set = end(engine, dana, visits=35, version=2)

    undo(engine, change_set, dana)

    with reading(engine) as session:
        again = {
            (row[0], row[1]) for row in session.execute(select(Cell.resource_id, Cell.quantum))
        }
        states = session.scalars(select(Message.state).order_by(Message.id)).all()
        late = [one.is_late for one in all_visits(session)]
    assert stand(engine)[:2] == (
        CourseStatus.ACTIVE,
        {Status.FULFILLED: 1, Status.BOOKED: 35},
    )
    assert again == cells
    assert [one.value for one in states] == ["due", "cancelled"]
    assert late == [False] * 36


def test_course_without_a_visit_ahead_is_ended_and_runs_again(engine: Engine, dana: Actor) -> None:
    book(engine, dana)
    end_of_all = end(engine, dana, visits=36)
    undo(engine, end_of_all, dana)
    with writing(engine) as session:
        for one in all_visits(session):
            one.status = Status.NOSHOW

    change_set = end(engine, dana, visits=0, version=3)
    ended = stand(engine)[0]
    undo(engine, change_set, dana)

    assert (ended, stand(engine)[0]) == (CourseStatus.CANCELLED_BEFORE_START, CourseStatus.DRAFT)
    with reading(engine) as session:
        assert session.scalars(select(Message.kind)).all().count("course_ended") == 1


def test_not_one_visit_more_is_cancelled_than_was_shown(engine: Engine, dana: Actor) -> None:
    book(engine, dana)

    with pytest.raises(Conflict, match="course_changed"):
        end(engine, dana, visits=35)
    with pytest.raises(Conflict, match="course_changed"):
        end(engine, dana, visits=36, version=7)

    assert stand(engine)[:2] == (CourseStatus.DRAFT, {Status.BOOKED: 36})


def test_course_is_not_ended_under_a_patient_who_is_here(engine: Engine, dana: Actor) -> None:
    book(engine, dana)
    with writing(engine) as session:
        first = all_visits(session)[0]
        arrive(session, appointment=first, version=1, by=dana, now=FIRST_DAY)

    with pytest.raises(RuleBroken, match="course_visit_going_on"):
        end(engine, dana, visits=35, now=FIRST_DAY)


def test_course_that_is_over_or_elsewhere_is_not_ended(engine: Engine, dana: Actor) -> None:
    book(engine, dana)
    stranger = Actor(account_id=dana.account_id, rights=rights_of([(Role.FRONT_DESK.value, 99)]))

    with pytest.raises(NotFound):
        end(engine, stranger, visits=36)
    end(engine, dana, visits=36)
    with pytest.raises(RuleBroken, match="course_is_over"):
        end(engine, dana, visits=0, version=2)
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ChangeSet)) == 2
