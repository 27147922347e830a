"""Two courses of one patient do not meet on one day, unless the prescriber lets them."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, select

from clinic.actions.courses import book_course
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models import Patient, Site
from clinic.models.engine import reading, writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import Proposal, propose_course
from tests.integration.cli.conftest import BY, MADE_AT, document

MONDAY = date(2026, 6, 1)


@pytest.fixture
def booked(engine: Engine) -> set[date]:
    """The days of a booked TMS course."""
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
    plan = propose(engine, "tms_itbs_ldlpfc", Wishes(start_on=MONDAY))
    with writing(engine) as session:
        book_course(session, order=plan.order, plan=plan.plan, kinds=plan.kinds, by=BY, now=MADE_AT)
    return {visit.on for visit in plan.plan.visits}


def propose(engine: Engine, protocol: str, wishes: Wishes) -> Proposal:
    with reading(engine) as session:
        return propose_course(
            session,
            patient_id=session.scalars(select(Patient.id)).one(),
            protocol_key=protocol,
            site=frame_of(session.scalars(select(Site)).one()),
            wishes=wishes,
        )


def test_second_course_leaves_the_days_of_the_first_alone(
    engine: Engine, booked: set[date]
) -> None:
    second = propose(engine, "esk_trd", Wishes(start_on=MONDAY))

    days = {visit.on for visit in second.plan.visits}
    assert days & booked == set()
    assert set(second.left_out) == booked


def test_prescriber_may_let_both_be_on_one_day(engine: Engine, booked: set[date]) -> None:
    apart = propose(engine, "esk_trd", Wishes(start_on=MONDAY))

    together = propose(engine, "esk_trd", replace(Wishes(start_on=MONDAY), shares_days=True))

    days = sorted(visit.on for visit in together.plan.visits)
    assert set(days) & booked
    assert (together.left_out, together.plan.unplaced) == ((), 0)
    assert days[-1] < max([visit.on for visit in apart.plan.visits], default=date.max)
