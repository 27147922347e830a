"""What no page can go round: a visit obeys its course, and is marked on its day, not before."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, book_appointment, move_appointment
from clinic.actions.attendance import arrive, check_in, fulfil, mark_no_show
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.errors import RuleBroken
from clinic.models import Appointment, Course, Definition, Patient, Site
from clinic.models.audit import AuditEntry
from clinic.models.engine import reading, writing
from clinic.planning.visits import PlannedVisit
from clinic.queries.availability import frame_of
from clinic.queries.kinds import kind_frames
from clinic.rules.actors import Actor, rights_of
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.permissions import Role
from tests.factories import make_account, make_staff
from tests.integration.cli.conftest import BY, MADE_AT, document

MONDAY, TUESDAY = date(2026, 6, 1), date(2026, 6, 2)
SUNDAY_EVENING = datetime(2026, 6, 1, 3, 59, tzinfo=UTC)
"""One minute before Monday begins in New York."""
MIDNIGHT = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
MARKS = {
    "arrive": arrive,
    "check_in": check_in,
    "no_show": mark_no_show,
    "fulfil": lambda session, **more: fulfil(
        session, outcome=Outcome.COMPLETE, outcome_reason=None, **more
    ),
}


@pytest.fixture
def prescriber(engine: Engine) -> Actor:
    """A prescriber who books, in a clinic of one patient."""
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
        staff = make_staff(session, key="petra", name="Petra", roles=(Role.PRESCRIBER,))
        account = make_account(session, staff=staff)
        return Actor(account_id=account.id, rights=rights_of([(Role.PRESCRIBER.value, None)]))


def desk(by: Actor) -> Actor:
    return Actor(account_id=by.account_id, rights=rights_of([(Role.FRONT_DESK.value, None)]))


def add_course(session: Session, key: str, step: str) -> int:
    patient = session.scalars(select(Patient)).one()
    chosen = session.scalars(select(Definition).where(Definition.key == key)).one()
    course = Course(
        public_id=f"course-{key}",
        patient_id=patient.id,
        site_id=session.scalars(select(Site.id)).one(),
        definition_id=chosen.id,
        status=CourseStatus.ACTIVE,
        start_on=MONDAY,
        counts={step: 10},
        wishes={},
        created_at=MADE_AT,
    )
    session.add(course)
    session.flush()
    return course.id


def planned(step: str, on: date, cell: int, kind: str = "tms") -> PlannedVisit:
    return PlannedVisit(step, step, kind, on, cell, 4, "room", holds=())


def draft(session: Session, course_id: int | None, visit: PlannedVisit) -> VisitDraft:
    patient = session.scalars(select(Patient)).one()
    return VisitDraft(
        visit=visit,
        site=frame_of(session.scalars(select(Site)).one()),
        patient_id=patient.id,
        patient_resource_id=patient.resource_id,
        kind=kind_frames(session)[visit.kind_key],
        course_id=course_id,
        status=Status.BOOKED,
    )


def book(
    engine: Engine, course_id: int | None, visit: PlannedVisit, by: Actor, *, ticked: bool = False
) -> Appointment:
    with writing(engine) as session:
        return book_appointment(
            session,
            draft=draft(session, course_id, visit),
            by=by,
            now=MADE_AT,
            is_second_allowed=ticked,
        )


def course_of(engine: Engine, key: str, step: str) -> int:
    with writing(engine) as session:
        return add_course(session, key, step)


@pytest.mark.parametrize("verb", MARKS)
def test_visit_is_marked_on_its_own_day_not_before(
    engine: Engine, prescriber: Actor, verb: str
) -> None:
    course = course_of(engine, "tms_10hz_ldlpfc_19", "acute")
    visit = book(engine, course, planned("acute", MONDAY, 120), prescriber)
    mark: Callable[..., None] = MARKS[verb]

    with writing(engine) as session:
        row = session.get_one(Appointment, visit.id)
        with pytest.raises(RuleBroken) as refused:
            mark(session, appointment=row, version=1, by=prescriber, now=SUNDAY_EVENING)

    assert (refused.value.code, refused.value.values) == ("visit_not_yet", {"on": "2026-06-01"})


def test_patient_may_be_here_from_midnight_of_the_site(engine: Engine, prescriber: Actor) -> None:
    course = course_of(engine, "tms_10hz_ldlpfc_19", "acute")
    visit = book(engine, course, planned("acute", MONDAY, 120), prescriber)

    with writing(engine) as session:
        row = session.get_one(Appointment, visit.id)
        arrive(session, appointment=row, version=1, by=prescriber, now=MIDNIGHT)

    assert row.status is Status.ARRIVED


def test_one_session_a_day_is_one_whoever_ticks(engine: Engine, prescriber: Actor) -> None:
    course = course_of(engine, "tms_10hz_ldlpfc_19", "acute")
    book(engine, course, planned("acute", MONDAY, 120), prescriber)

    with pytest.raises(RuleBroken) as refused:
        book(engine, course, planned("acute", MONDAY, 150), prescriber, ticked=True)

    assert (refused.value.code, refused.value.values) == (
        "course_day_taken",
        {"day": "2026-06-01", "on": "2026-06-01", "start_min": 600, "number": 1},
    )


def test_further_session_of_a_day_block_is_a_prescribers_named_tick(
    engine: Engine, prescriber: Actor
) -> None:
    course = course_of(engine, "saint_snt", "accelerated")
    second = planned("accelerated", MONDAY, 150, "saint_block")
    book(engine, course, planned("accelerated", MONDAY, 120, "saint_block"), prescriber)

    for by, ticked in ((prescriber, False), (desk(prescriber), True)):
        with pytest.raises(RuleBroken, match="course_second_that_day"):
            book(engine, course, second, by, ticked=ticked)
    book(engine, course, second, prescriber, ticked=True)

    with reading(engine) as session:
        query = select(AuditEntry).where(AuditEntry.verb == "allow_second_that_day")
        row = session.scalars(query).one()
    assert (row.account_id, row.subject_id, row.values) == (
        prescriber.account_id,
        course,
        {"on": "2026-06-01"},
    )


def test_two_courses_share_a_day_only_when_somebody_allows_it(
    engine: Engine, prescriber: Actor
) -> None:
    tms = course_of(engine, "tms_10hz_ldlpfc_19", "acute")
    esketamine = course_of(engine, "esk_trd", "induction")
    book(engine, tms, planned("acute", MONDAY, 120), prescriber)
    visit = planned("induction", MONDAY, 150, "esketamine")

    with pytest.raises(RuleBroken, match="course_other_that_day"):
        book(engine, esketamine, visit, prescriber)
    made = book(engine, esketamine, visit, prescriber, ticked=True)

    assert made.course_id == esketamine


def test_move_obeys_the_course_too(engine: Engine, prescriber: Actor) -> None:
    course = course_of(engine, "tms_10hz_ldlpfc_19", "acute")
    first = book(engine, course, planned("acute", MONDAY, 120), prescriber)
    book(engine, course, planned("acute", TUESDAY, 120), prescriber)

    def move(on: date, cell: int) -> None:
        with writing(engine) as session:
            made = draft(session, course, planned("", on, cell))
            move_appointment(
                session,
                appointment=session.get_one(Appointment, first.id),
                to=made.visit,
                site=made.site,
                kind=made.kind,
                version=1,
                tell_patient=False,
                by=prescriber,
                now=MADE_AT,
            )

    with pytest.raises(RuleBroken, match="course_day_taken"):
        move(TUESDAY, 150)
    with pytest.raises(RuleBroken, match="course_weekday"):
        move(date(2026, 6, 6), 120)
    move(MONDAY, 150)


def test_course_with_all_its_sessions_takes_no_more(engine: Engine, prescriber: Actor) -> None:
    course = course_of(engine, "tms_10hz_ldlpfc_19", "acute")
    with writing(engine) as session:
        session.get_one(Course, course).counts = {"acute": 1}
    book(engine, course, planned("acute", MONDAY, 120), prescriber)

    with pytest.raises(RuleBroken, match="course_all_booked"):
        book(engine, course, planned("acute", TUESDAY, 120), prescriber)


def test_treatment_is_booked_from_its_course(engine: Engine, prescriber: Actor) -> None:
    with pytest.raises(RuleBroken, match="treatment_needs_course"):
        book(engine, None, planned("", MONDAY, 120), prescriber)
    assert book(engine, None, planned("", MONDAY, 120, "check"), prescriber).course_id is None
