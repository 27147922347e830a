"""A qualification that runs out in the middle of a course serves its days until then."""

from datetime import date, timedelta

from sqlalchemy import Engine, select, update

from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models import Patient, Qualification, Site
from clinic.models.engine import reading, writing
from clinic.planning.refusals import Code
from clinic.planning.validator import check_plan
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import propose_course
from tests.integration.cli.conftest import BY, MADE_AT, document

MONDAY = date(2026, 6, 1)
LAST_ON = MONDAY + timedelta(days=9)


def test_nobody_is_planned_after_the_last_day_of_the_qualification(engine: Engine) -> None:
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
        session.execute(
            update(Qualification)
            .where(Qualification.qualification == "tms_operator")
            .values(until_on=LAST_ON)
        )
    with reading(engine) as session:
        found = propose_course(
            session,
            patient_id=session.scalars(select(Patient.id)).one(),
            protocol_key="tms_itbs_ldlpfc",
            site=frame_of(session.scalars(select(Site)).one()),
            wishes=Wishes(MONDAY),
        )

    asked = found.asked
    assert max(visit.on for visit in found.plan.visits) == LAST_ON
    assert found.plan.first_impossible is not None
    codes = {reason.code for reason in found.plan.first_impossible.reasons}
    assert Code.NOBODY_QUALIFIED_ON_SHIFT in codes
    assert check_plan(found.plan, asked.protocol, asked.kinds, asked.world, asked.wishes) == []
