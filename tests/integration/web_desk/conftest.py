"""The clinic of the desk's tests: the cast, the starter data, and who can give a session."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, book_appointment
from clinic.actions.blocks import add_block
from clinic.actions.definitions import load_starter_data
from clinic.actions.sweeps import flag_missed
from clinic.models import Appointment, Patient, Qualification, Resource, Site, Staff
from clinic.models.engine import reading, write, writing
from clinic.planning.visits import PlannedVisit
from clinic.queries.availability import frame_of
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import propose_visit
from clinic.rules.actors import system_actor
from clinic.rules.appointments import Status
from tests.cast import Cast
from tests.conftest import NOW
from tests.factories import make_resource, make_staff
from tests.integration.web.conftest import app, browser, cast, settings, web_engine

__all__ = ["app", "browser", "cast", "settings", "web_engine"]

MAKER = system_actor("tests")
TODAY = date(2026, 3, 2)
TOMORROW = date(2026, 3, 3)


@dataclass(frozen=True, slots=True)
class Desk:
    """The engine, the cast and a hand that books for them."""

    engine: Engine
    cast: Cast

    def book(
        self, *, on: date = TOMORROW, at: int = 600, kind: str = "tms", patient_id: int = 0
    ) -> str:
        """Book one visit for Pat (or another) and return its public id."""
        with reading(self.engine) as session:
            site = frame_of(session.scalars(select(Site)).one())
            patient = session.get_one(Patient, patient_id or self.cast.pat.patient_id)
            visit = propose_visit(
                session,
                patient_id=patient.id,
                kind_key=kind,
                site=site,
                on=on,
                start_min=at,
                place="room",
            )
            assert isinstance(visit, PlannedVisit), visit
            draft = VisitDraft(
                visit=visit,
                site=site,
                patient_id=patient.id,
                patient_resource_id=patient.resource_id,
                kind=kind_frames(session)[kind],
                course_id=None,
                status=Status.BOOKED,
            )
        return write(
            self.engine,
            lambda session: book_appointment(session, draft=draft, by=MAKER, now=NOW).public_id,
        )

    def shut(self, key: str, *, from_hour: int = 10, to_hour: int = 12) -> None:
        """Shut a resource for some hours of tomorrow (New York)."""
        with writing(self.engine) as session:
            resource = session.scalars(select(Resource).where(Resource.key == key)).one()
            add_block(
                session,
                resource_id=resource.id,
                start_at=datetime(2026, 3, 3, from_hour + 5, tzinfo=UTC),
                end_at=datetime(2026, 3, 3, to_hour + 5, tzinfo=UTC),
                kind="leave",
                reason="leave",
                by=MAKER,
                now=NOW,
            )

    def miss(self, public_id: str) -> None:
        """Let the sweep find that nobody came."""
        with writing(self.engine) as session:
            row = session.scalars(
                select(Appointment).where(Appointment.public_id == public_id)
            ).one()
            flag_missed(session, appointment_id=row.id, by=MAKER, now=NOW + timedelta(hours=3))

    def get(self, public_id: str) -> Appointment:
        """The appointment as it is now."""
        with reading(self.engine) as session:
            return session.scalars(
                select(Appointment).where(Appointment.public_id == public_id)
            ).one()

    def count(self, table: type) -> int:
        """How many rows a table has."""
        with reading(self.engine) as session:
            return len(session.scalars(select(table)).all())

    def change(self, work: Callable[[Session], object]) -> None:
        """Do something in a write unit of its own."""
        with writing(self.engine) as session:
            work(session)


@pytest.fixture
def desk(web_engine: Engine, cast: Cast) -> Desk:
    """The cast, with the starter data and two operators on shift."""
    with writing(web_engine) as session:
        load_starter_data(session, by=MAKER, now=NOW)
        site = session.scalars(select(Site)).one()
        cleo = session.scalars(select(Staff).where(Staff.key == "cleo")).one()
        session.add(Qualification(staff_id=cleo.id, qualification="tms_operator"))
        make_staff(
            session,
            key="omar",
            name="Omar Operator",
            qualifications=("tms_operator", "prescriber"),
            site=site,
            is_bookable=True,
        )
        make_resource(session, key="office-1", kind="office", name="Office 1", site=site)
    return Desk(web_engine, cast)
