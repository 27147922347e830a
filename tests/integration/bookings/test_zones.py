"""A course of most of a year, planned and booked across both clock changes, keeps its wall time."""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from clinic.actions.courses import book_course
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models import Appointment, Assignment, Patient, Site
from clinic.models.engine import reading, writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import Proposal, propose_course
from clinic.rules.wall_days import instant_of
from tests.integration.cli.conftest import BY, MADE_AT, document

CHANGES = {
    "America/Chicago": (date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "Australia/Adelaide": (date(2026, 4, 5), date(2026, 10, 4)),
    "America/Santiago": (date(2026, 4, 5), date(2026, 9, 6)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
}
TEN = 600


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: what is asked here is decided before the database."""
    return sqlite_url


def propose(engine: Engine, zone: str) -> Proposal:
    """Plan weekly, then two-weekly, then monthly visits from February on in a clinic there."""
    there = json.loads(json.dumps(document([])).replace("America/New_York", zone))
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=there, by=BY, now=MADE_AT)
    with reading(engine) as session:
        return propose_course(
            session,
            patient_id=session.scalars(select(Patient.id)).one(),
            protocol_key="tms_maintenance",
            repeats="tms_itbs_ldlpfc",
            site=frame_of(session.scalars(select(Site)).one()),
            wishes=Wishes(
                start_on=date(2026, 2, 2),
                preferred_min=TEN,
                tolerance_min=0,
                counts={"weekly": 12, "two_weekly": 12, "monthly": 6},
            ),
        )


@pytest.mark.parametrize("zone", CHANGES)
def test_every_visit_is_at_ten_before_between_and_after_the_changes(
    engine: Engine, zone: str
) -> None:
    found = propose(engine, zone)
    with writing(engine) as session:
        book_course(
            session, order=found.order, plan=found.plan, kinds=found.kinds, by=BY, now=MADE_AT
        )

    with reading(engine) as session:
        visits = session.scalars(select(Appointment).order_by(Appointment.start_at)).all()
        seats = session.scalars(select(Assignment.from_quantum).distinct()).all()
    here = ZoneInfo(zone)
    walls = [visit.start_at.astimezone(here).replace(tzinfo=None) for visit in visits]
    ten = timedelta(minutes=TEN)
    assert walls == [datetime.combine(v.local_on, datetime.min.time()) + ten for v in visits]
    assert (len(visits), {visit.local_min for visit in visits}) == (30, {TEN})
    assert {visit.start_at for visit in visits} <= {instant_of(quantum) for quantum in seats}
    for change in CHANGES[zone]:
        sides = {visit.local_on < change for visit in visits}
        assert sides == {True, False}
    assert len({visit.start_at.astimezone(here).utcoffset() for visit in visits}) == 2
