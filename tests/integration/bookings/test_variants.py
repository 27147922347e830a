"""Variants and routes: a course is planned, booked and kept as the one that was chosen."""

from datetime import date

import pytest
from sqlalchemy import Engine, select

from clinic.actions.courses import book_course
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.errors import NotFound
from clinic.models import Appointment, Course, Patient, Site
from clinic.models.engine import reading, writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.joinings import read_fit
from clinic.queries.proposals import Proposal, propose_course
from tests.integration.cli.conftest import BY, MADE_AT, document


@pytest.fixture
def clinic(engine: Engine) -> Engine:
    """The small clinic of the command line's tests, with a dosing room."""
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
    return engine


def propose(engine: Engine, variant: str | None) -> Proposal:
    with reading(engine) as session:
        return propose_course(
            session,
            patient_id=session.scalars(select(Patient.id)).one(),
            protocol_key="kap_programme",
            site=frame_of(session.scalars(select(Site)).one()),
            wishes=Wishes(start_on=date(2026, 6, 1)),
            variant=variant,
        )


@pytest.mark.parametrize("variant, kind", [(None, "dosing_im"), ("sl", "dosing_sl")])
def test_dosing_is_booked_by_the_route_that_was_chosen(
    clinic: Engine, variant: str | None, kind: str
) -> None:
    found = propose(clinic, variant)
    with writing(clinic) as session:
        book_course(
            session, order=found.order, plan=found.plan, kinds=found.kinds, by=BY, now=MADE_AT
        )

    with reading(clinic) as session:
        course = session.scalars(select(Course)).one()
        kinds = session.scalars(
            select(Appointment.kind_key).where(Appointment.step_key == "dosing")
        ).all()
        step = read_fit(session, course_id=course.id).asked.step("dosing")
    assert course.variant == variant
    assert kinds == [kind] * 3
    assert step is not None
    assert step.visit_kind == kind


def test_an_infusion_asks_for_the_therapist_too(clinic: Engine) -> None:
    found = propose(clinic, "iv")

    steps = {step.key: step for step in found.protocol.steps}
    assert steps["dosing"].visit_kind == "infusion_iv"
    assert [one.id for one in steps["dosing"].add_requirements] == ["therapist"]


def test_a_route_that_the_protocol_does_not_know_is_not_found(clinic: Engine) -> None:
    with pytest.raises(NotFound) as refused:
        propose(clinic, "oral")

    assert (refused.value.code, refused.value.values["variant"]) == ("variant_unknown", "oral")
