"""A course booked whole is undone whole, while nothing has been built upon it."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.attendance import arrive, fulfil
from clinic.actions.courses import book_course
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.actions.undos import undo_change_set
from clinic.actions.visits import finish_visit, start_visit
from clinic.errors import Conflict
from clinic.models import (
    Appointment,
    Assignment,
    Cell,
    ChangeSet,
    Course,
    Message,
    Patient,
    Site,
    VisitRecord,
)
from clinic.models.engine import reading, writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import propose_course
from clinic.rules.actors import Actor, rights_of
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.permissions import Role
from tests.factories import make_account, make_staff
from tests.integration.cli.conftest import BY, MADE_AT, document

ROLES = (Role.FRONT_DESK,)
FIRST_DAY = datetime(2026, 6, 1, 13, 0, tzinfo=UTC)


@pytest.fixture
def dana(engine: Engine) -> Actor:
    """Dana at the desk of a clinic that can hold a course."""
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
        staff = make_staff(session, key="dana", name="Dana", roles=ROLES)
        account = make_account(session, staff=staff)
        return Actor(account_id=account.id, rights=rights_of([(Role.FRONT_DESK.value, None)]))


def book(engine: Engine, by: Actor) -> str:
    """Book a course of 36 visits and return the public id of its change set."""
    with writing(engine) as session:
        proposal = propose_course(
            session,
            patient_id=session.scalars(select(Patient.id)).one(),
            protocol_key="tms_itbs_ldlpfc",
            site=frame_of(session.scalars(select(Site)).one()),
            wishes=Wishes(start_on=date(2026, 6, 1)),
        )
        course = book_course(
            session,
            order=proposal.order,
            plan=proposal.plan,
            kinds=proposal.kinds,
            by=by,
            now=MADE_AT,
        )
        query = select(ChangeSet.public_id).where(ChangeSet.course_id == course.id)
        return session.scalars(query).one()


def undo(engine: Engine, change_set: str, by: Actor, seconds: int = 10) -> None:
    with writing(engine) as session:
        later = MADE_AT + timedelta(seconds=seconds)
        undo_change_set(session, public_id=change_set, by=by, now=later)


def all_visits(session: Session) -> list[Appointment]:
    return list(session.scalars(select(Appointment).order_by(Appointment.start_at)))


def test_a_course_undone_is_gone_from_every_seat(engine: Engine, dana: Actor) -> None:
    undo(engine, book(engine, dana), dana)

    with reading(engine) as session:
        states = Counter((row.status, row.version) for row in all_visits(session))
        course = session.scalars(select(Course)).one()
        message = session.scalars(select(Message)).one()
        held = session.scalars(select(Assignment).where(Assignment.is_held)).all()
        assert states == {(Status.ENTERED_IN_ERROR, 2): 36}
        assert (course.status, course.version) == (CourseStatus.ENTERED_IN_ERROR, 2)
        assert (message.state.value, message.outcome_code) == ("cancelled", "undone")
        assert (session.scalars(select(Cell)).all(), held) == ([], [])


def test_a_course_undone_can_be_booked_again_at_the_same_times(engine: Engine, dana: Actor) -> None:
    undo(engine, book(engine, dana), dana)
    book(engine, dana)

    with reading(engine) as session:
        starts: dict[Status, list[datetime]] = defaultdict(list)
        for row in all_visits(session):
            starts[row.status].append(row.start_at)
    assert starts[Status.BOOKED] == starts[Status.ENTERED_IN_ERROR]


def test_a_course_one_visit_of_which_was_done_stays(engine: Engine, dana: Actor) -> None:
    change_set = book(engine, dana)
    with writing(engine) as session:
        arrive(session, appointment=all_visits(session)[0], version=1, by=dana, now=FIRST_DAY)

    with pytest.raises(Conflict) as refused:
        undo(engine, change_set, dana)

    assert refused.value.code == "undo_changed_since"


def test_the_first_visit_undone_puts_the_course_to_sleep_again(engine: Engine, dana: Actor) -> None:
    book(engine, dana)
    with writing(engine) as session:
        first = all_visits(session)[0]
        arrive(session, appointment=first, version=1, by=dana, now=FIRST_DAY)
        fulfil(
            session,
            appointment=first,
            outcome=Outcome.COMPLETE,
            outcome_reason=None,
            version=2,
            by=dana,
            now=FIRST_DAY,
        )
        awake = session.get_one(Course, first.course_id).status
        done = session.get_one(ChangeSet, first.change_set_id).public_id
    undo(engine, done, dana)

    with reading(engine) as session:
        row = all_visits(session)[0]
        asleep = session.scalars(select(Course.status)).one()
    assert (row.status, row.outcome, row.version) == (Status.ARRIVED, None, 4)
    assert (awake, asleep) == (CourseStatus.ACTIVE, CourseStatus.DRAFT)


def test_a_record_closed_by_finishing_is_open_again(engine: Engine, dana: Actor) -> None:
    book(engine, dana)
    cleo = replace(dana, rights=rights_of([(Role.TMS_OPERATOR.value, None)]))
    with writing(engine) as session:
        first = all_visits(session)[0]
        arrive(session, appointment=first, version=1, by=cleo, now=FIRST_DAY)
        start_visit(session, appointment=first, at=FIRST_DAY, by=cleo, now=FIRST_DAY)
        finish_visit(
            session,
            appointment=first,
            outcome=Outcome.COMPLETE,
            reason=None,
            version=2,
            by=cleo,
            now=FIRST_DAY,
        )
        record = session.scalars(select(VisitRecord)).one()
        closed_at = record.ended_at
        done = session.get_one(ChangeSet, first.change_set_id).public_id
    undo(engine, done, cleo)

    with reading(engine) as session:
        record = session.scalars(select(VisitRecord)).one()
    assert (closed_at, record.ended_at, record.ended_by) == (FIRST_DAY, None, None)
