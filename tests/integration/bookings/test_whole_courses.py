"""A course is booked whole: a plan of a part of it is refused, nothing is written."""

from datetime import date

import pytest
from sqlalchemy import Engine, func, select

from clinic.actions.courses import book_course
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.errors import RuleBroken
from clinic.models import Appointment, Cell, Course, Patient, Site
from clinic.models.engine import reading, writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import propose_course
from tests.integration.cli.conftest import BY, MADE_AT, document

AWAY = (date(2026, 6, 15), date(2026, 12, 31))


def test_the_part_that_fits_is_shown_and_never_booked(engine: Engine) -> None:
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
    with reading(engine) as session:
        found = propose_course(
            session,
            patient_id=session.scalars(select(Patient.id)).one(),
            protocol_key="tms_itbs_ldlpfc",
            site=frame_of(session.scalars(select(Site)).one()),
            wishes=Wishes(
                start_on=date(2026, 6, 1), away=((date(2026, 6, 15), date(2026, 12, 31)),)
            ),
        )
    assert 0 < len(found.plan.visits) < 36

    with pytest.raises(RuleBroken) as refused, writing(engine) as session:
        book_course(
            session, order=found.order, plan=found.plan, kinds=found.kinds, by=BY, now=MADE_AT
        )

    assert (refused.value.code, refused.value.values["unplaced"]) == (
        "plan_incomplete",
        found.plan.unplaced,
    )
    with reading(engine) as session:
        counts = [
            session.scalar(select(func.count()).select_from(table))
            for table in (Course, Appointment, Cell)
        ]
    assert counts == [0, 0, 0]
