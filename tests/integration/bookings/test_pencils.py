"""A pencilled course holds its seats, promises nothing, and is decided once."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.courses import book_course
from clinic.actions.definitions import load_starter_data
from clinic.actions.pencils import (
    approve_pencil,
    give_up_pencil,
    lapse_pencil,
    note_lapse,
    pencilled_course,
    renew_pencil,
)
from clinic.actions.setup import apply_setup
from clinic.errors import Conflict, RuleBroken
from clinic.jobs import TickReport, Works, lapse_pencils, new_owner
from clinic.messaging.console import ConsoleSender
from clinic.models import Appointment, Cell, Course, Message, Patient, Site, WorkItem
from clinic.models.engine import reading, writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.definitions import DefinitionKind, starter
from clinic.queries.pencils import pencils_of
from clinic.queries.proposals import propose_course
from clinic.rules.appointments import Status
from clinic.rules.courses import CourseStatus
from clinic.rules.pencils import lapse_day
from tests.integration.cli.conftest import BY, MADE_AT, document

UNTIL = date(2026, 1, 15)


@pytest.fixture
def pencilled(engine: Engine) -> str:
    """The public id of a pencilled course of 36 visits."""
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
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
            by=BY,
            now=MADE_AT,
            pencilled_until=UNTIL,
        )
        return course.public_id


def locked(session: Session, public_id: str, version: int = 1) -> Course:
    return pencilled_course(session, public_id=public_id, version=version, by=BY)


def works_at(engine: Engine, at: datetime) -> Works:
    sender = ConsoleSender(folder=Path("/nowhere"), mail_from="clinic@localhost")
    return Works(engine, sender, lambda: at, new_owner())


def stand(engine: Engine) -> tuple[CourseStatus, date | None, dict[Status, int], int, int]:
    """Course status, lapse day, visits by status, whether cells are held, messages."""
    with reading(engine) as session:
        course = session.scalars(select(Course)).one()
        visits = Counter(session.scalars(select(Appointment.status)).all())
        cells = session.scalar(select(func.count()).select_from(Cell)) or 0
        messages = session.scalar(select(func.count()).select_from(Message)) or 0
    return course.status, course.lapses_on, dict(visits), min(cells, 1), messages


def test_pencilled_course_holds_seats_and_tells_nobody(engine: Engine, pencilled: str) -> None:
    assert stand(engine) == (
        CourseStatus.AWAITING_AUTHORISATION,
        UNTIL,
        {Status.PENDING: 36},
        1,
        0,
    )


def test_approval_books_all_and_writes_one_message(engine: Engine, pencilled: str) -> None:
    with writing(engine) as session:
        approve_pencil(session, course=locked(session, pencilled), by=BY, now=MADE_AT)

    assert stand(engine) == (CourseStatus.DRAFT, None, {Status.BOOKED: 36}, 1, 1)


def test_denial_frees_all_and_writes_none(engine: Engine, pencilled: str) -> None:
    with writing(engine) as session:
        give_up_pencil(session, course=locked(session, pencilled), by=BY, now=MADE_AT)

    cancelled = CourseStatus.CANCELLED_BEFORE_START
    assert stand(engine) == (cancelled, None, {Status.CANCELLED: 36}, 0, 0)


def test_renewal_holds_for_the_days_of_the_policy_from_today(
    engine: Engine, pencilled: str
) -> None:
    later = MADE_AT + timedelta(days=10)

    with writing(engine) as session:
        renew_pencil(session, course=locked(session, pencilled), by=BY, now=later)

    assert stand(engine)[1] == date(2026, 1, 25)


def test_second_decision_is_refused(engine: Engine, pencilled: str) -> None:
    with writing(engine) as session:
        approve_pencil(session, course=locked(session, pencilled), by=BY, now=MADE_AT)

    with writing(engine) as session, pytest.raises(RuleBroken, match="not_pencilled"):
        locked(session, pencilled, version=2)


def test_decision_on_an_old_page_is_refused(engine: Engine, pencilled: str) -> None:
    with writing(engine) as session:
        renew_pencil(session, course=locked(session, pencilled), by=BY, now=MADE_AT)

    with writing(engine) as session, pytest.raises(Conflict, match="course_changed"):
        locked(session, pencilled)


@pytest.mark.parametrize(
    ("at", "lapsed"),
    [
        (datetime.fromisoformat("2026-01-14T23:30:00-05:00"), 0),
        (datetime.fromisoformat("2026-01-15T00:01:00-05:00"), 1),
    ],
)
def test_course_lapses_on_its_local_day_and_asks_once(
    engine: Engine, pencilled: str, at: datetime, lapsed: int
) -> None:
    report = TickReport()

    lapse_pencils(works_at(engine, at), report)
    lapse_pencils(works_at(engine, at), report)

    assert (report.lapsed, report.failed_courses) == (lapsed, [])
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(WorkItem)) == lapsed
    assert stand(engine)[2] == {Status.CANCELLED if lapsed else Status.PENDING: 36}


def test_lapsed_course_stands_first_until_somebody_has_seen_it(
    engine: Engine, pencilled: str
) -> None:
    at = datetime.fromisoformat("2026-01-15T08:00:00-05:00")
    with writing(engine) as session:
        course = session.scalars(select(Course)).one()
        lapse_pencil(session, course_id=course.id, by=BY, now=at)
    with reading(engine) as session:
        (row,) = pencils_of(session, site_id=course.site_id)

    with writing(engine) as session:
        note_lapse(session, item=row.item, by=BY, now=at)

    with reading(engine) as session:
        assert pencils_of(session, site_id=course.site_id) == []
    assert (row.course, row.lapses_on) == (pencilled, None)


def test_pencil_lapses_at_the_latest_on_the_day_of_the_first_visit() -> None:
    first_on = date(2026, 3, 20)

    assert [
        lapse_day(starter(DefinitionKind.POLICIES), today, first_on)
        for today in (date(2026, 3, 1), date(2026, 3, 10))
    ] == [date(2026, 3, 15), first_on]


def test_pencil_cannot_be_held_past_its_first_visit(engine: Engine, pencilled: str) -> None:
    on_the_day = datetime.fromisoformat("2026-06-01T08:00:00-04:00")

    with writing(engine) as session, pytest.raises(RuleBroken, match="pencil_must_be_decided"):
        renew_pencil(session, course=locked(session, pencilled), by=BY, now=on_the_day)
