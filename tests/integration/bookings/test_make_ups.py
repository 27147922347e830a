"""A miss asks for a make-up on the worklist; booking it closes the question."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, book_appointment
from clinic.actions.attendance import arrive, mark_no_show
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.errors import RuleBroken
from clinic.models import Appointment, Patient, Site, WorkItem
from clinic.models.engine import writing
from clinic.planning.courses import PlannedVisit
from clinic.queries.availability import frame_of
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import propose_visit
from clinic.rules.actors import system_actor
from clinic.rules.appointments import Status
from tests.integration.cli.conftest import document

MADE_AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
BY = system_actor("test")
MONDAY = date(2026, 6, 1)


@pytest.fixture
def clinic(engine: Engine) -> Engine:
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
    return engine


def book(session: Session, on: date, make_up_for_id: int | None = None) -> Appointment:
    site = frame_of(session.scalars(select(Site)).one())
    patient = session.scalars(select(Patient)).one()
    visit = propose_visit(
        session,
        patient_id=patient.id,
        kind_key="review",
        site=site,
        on=on,
        start_min=600,
        place="room",
    )
    assert isinstance(visit, PlannedVisit)
    draft = VisitDraft(
        visit=visit,
        site=site,
        patient_id=patient.id,
        patient_resource_id=patient.resource_id,
        kind=kind_frames(session)["review"],
        course_id=None,
        status=Status.BOOKED,
        make_up_for_id=make_up_for_id,
    )
    return book_appointment(session, draft=draft, by=BY, now=MADE_AT)


def outcomes(session: Session) -> list[str | None]:
    return list(session.scalars(select(WorkItem.outcome).where(WorkItem.kind == "missed")))


def test_a_miss_noted_by_hand_is_on_the_worklist_until_its_make_up(clinic: Engine) -> None:
    with writing(clinic) as session:
        missed = book(session, MONDAY)
        late = missed.start_at + timedelta(minutes=30)
        mark_no_show(session, appointment=missed, version=missed.version, by=BY, now=late)
        before = outcomes(session)
        book(session, MONDAY + timedelta(days=1), make_up_for_id=missed.id)

        assert (before, outcomes(session)) == ([None], ["made_up"])


def test_who_comes_after_all_leaves_the_worklist(clinic: Engine) -> None:
    with writing(clinic) as session:
        missed = book(session, MONDAY)
        late = missed.start_at + timedelta(minutes=30)
        mark_no_show(session, appointment=missed, version=missed.version, by=BY, now=late)
        arrive(session, appointment=missed, version=missed.version, by=BY, now=late)

        assert (missed.status, outcomes(session)) == (Status.ARRIVED, ["withdrawn"])


def test_a_miss_cannot_be_noted_before_the_visit_begins(clinic: Engine) -> None:
    with writing(clinic) as session:
        booked = book(session, MONDAY)
        early = booked.start_at - timedelta(minutes=1)

        with pytest.raises(RuleBroken) as refused:
            mark_no_show(session, appointment=booked, version=booked.version, by=BY, now=early)

        assert refused.value.code == "not_started_yet"
