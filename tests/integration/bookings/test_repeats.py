"""Maintenance and retreatment take device, slot and first slot of an earlier course."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.blocks import add_block
from clinic.actions.courses import book_course
from clinic.errors import NotFound, RuleBroken
from clinic.models import Appointment, Assignment, Course, Patient, Resource, Site
from clinic.models.engine import reading, writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.courses import course_again
from clinic.queries.joinings import read_fit
from clinic.queries.proposals import Proposal, propose_course
from clinic.queries.same_hours import same_hours
from tests.integration.bookings.test_starters import clinic
from tests.integration.cli.conftest import BY, MADE_AT

__all__ = ["clinic"]

Change = Callable[[Session], object]


def propose(
    session: Session, key: str, start_on: date, *, repeats: str | None = None, **counts: int
) -> Proposal:
    return propose_course(
        session,
        patient_id=session.scalars(select(Patient.id)).one(),
        protocol_key=key,
        site=frame_of(session.scalars(select(Site).where(Site.key == "main")).one()),
        wishes=Wishes(start_on, counts=counts),
        repeats=repeats,
    )


def book(
    engine: Engine, key: str, start_on: date, *, repeats: str | None = None, **counts: int
) -> str:
    """Book a course of the only patient and return its public id."""
    with reading(engine) as session:
        found = propose(session, key, start_on, repeats=repeats, **counts)
    with writing(engine) as session:
        return book_course(
            session, order=found.order, plan=found.plan, kinds=found.kinds, by=BY, now=MADE_AT
        ).public_id


def held(engine: Engine, public_id: str) -> list[tuple[str, int, frozenset[str]]]:
    """Kind, length and the tags of the device, of every visit of a course in order."""
    with reading(engine) as session:
        rows = session.execute(
            select(Appointment.kind_key, Appointment.length_min, Resource.tags)
            .join(Course, Course.id == Appointment.course_id)
            .join(Assignment, Assignment.appointment_id == Appointment.id)
            .join(Resource, Resource.id == Assignment.resource_id)
            .where(Course.public_id == public_id, Resource.kind == "tms_device")
            .order_by(Appointment.start_at)
        )
        return [(kind, length, frozenset(tags)) for kind, length, tags in rows]


def test_maintenance_is_on_the_device_and_in_the_slot_of_the_last_course(clinic: Engine) -> None:
    book(clinic, "dtms_h1_mdd", date(2026, 6, 1), acute=5, continuation=2)

    again = book(clinic, "tms_maintenance", date(2026, 7, 6), weekly=3, two_weekly=0, monthly=0)

    assert held(clinic, again) == [("tms", 40, frozenset({"H1"}))] * 3
    with reading(clinic) as session:
        course_id = session.scalars(select(Course.id).where(Course.public_id == again)).one()
        fit = read_fit(session, course_id=course_id)
    assert (fit.device_tags, fit.asked.protocol.steps[0].length_min) == (frozenset({"H1"}), 40)


def test_retreatment_begins_with_the_long_slot_of_a_course_given_elsewhere(clinic: Engine) -> None:
    again = book(
        clinic,
        "tms_retreatment",
        date(2026, 6, 1),
        repeats="tms_10hz_ldlpfc_37",
        acute=3,
        taper_1=0,
        taper_2=0,
        taper_3=0,
    )

    found = [(kind, length) for kind, length, _ in held(clinic, again)]
    assert found == [("mapping_and_first_tms", 90), ("tms", 60), ("tms", 60)]
    assert all("figure-8" in tags for _, _, tags in held(clinic, again))


def test_what_repeats_a_repetition_goes_back_to_the_first_course(clinic: Engine) -> None:
    few = {"weekly": 1, "two_weekly": 0, "monthly": 0}
    first = book(clinic, "dtms_h1_mdd", date(2026, 6, 1), acute=5, continuation=2)
    book(clinic, "tms_maintenance", date(2026, 7, 6), **few)

    last = book(clinic, "tms_maintenance", date(2026, 8, 3), **few)

    with reading(clinic) as session:
        row = session.scalars(select(Course).where(Course.public_id == last)).one()
        named = session.get_one(Course, row.index_course_id).public_id
        again = course_again(session, public_id=last, patient_id=row.patient_id)
    assert again is not None
    assert (named, again.repeats) == (first, first)


@pytest.mark.parametrize(
    "ask, error, code",
    [
        (
            lambda session: propose(session, "tms_maintenance", date(2026, 6, 1)),
            RuleBroken,
            "repeats_what",
        ),
        (
            lambda session: propose(session, "tms_maintenance", date(2026, 6, 1), repeats="x"),
            NotFound,
            "repeated_unknown",
        ),
        (
            lambda session: propose(
                session, "tms_maintenance", date(2026, 6, 1), repeats="tms_retreatment"
            ),
            NotFound,
            "repeated_unknown",
        ),
        (
            lambda session: propose(
                session, "tms_maintenance", date(2026, 6, 1), repeats="tms_itbs_ldlpfc:nothing"
            ),
            NotFound,
            "repeated_unknown",
        ),
        (
            lambda session: propose(session, "esk_trd", date(2026, 6, 1), repeats="esk_mdsi"),
            RuleBroken,
            "repeats_nothing",
        ),
    ],
)
def test_what_cannot_be_repeated_is_refused(
    clinic: Engine, ask: Change, error: type[Exception], code: str
) -> None:
    with reading(clinic) as session, pytest.raises(error) as refused:
        ask(session)

    assert getattr(refused.value, "code", "") == code


def test_a_course_by_another_route_is_offered_the_same_hour_in_a_like_room(clinic: Engine) -> None:
    with reading(clinic) as session:
        found = propose_course(
            session,
            patient_id=session.scalars(select(Patient.id)).one(),
            protocol_key="kap_programme",
            variant="sl",
            site=frame_of(session.scalars(select(Site).where(Site.key == "main")).one()),
            wishes=Wishes(date(2026, 6, 1)),
        )
    with writing(clinic) as session:
        book_course(
            session, order=found.order, plan=found.plan, kinds=found.kinds, by=BY, now=MADE_AT
        )
    with writing(clinic) as session:
        visit = session.scalars(
            select(Appointment).where(Appointment.kind_key == "dosing_sl").limit(1)
        ).one()
        room = session.scalars(
            select(Resource.id)
            .join(Assignment, Assignment.resource_id == Resource.id)
            .where(Assignment.appointment_id == visit.id, Resource.kind == "dosing_room")
        ).one()
        block = add_block(
            session,
            resource_id=room,
            start_at=visit.start_at,
            end_at=visit.end_at,
            kind="outage",
            reason="Painters",
            by=BY,
            now=MADE_AT,
        )
        swaps = same_hours(session, block, ids=[visit.id], now=MADE_AT)
    assert {one.to.start_cell * 5 for one in swaps.values()} == {visit.local_min}
