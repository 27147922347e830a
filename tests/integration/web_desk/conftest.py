"""The clinic of the desk's tests: the cast, the starter data, and who can give a session."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft
from clinic.actions.blocks import add_block
from clinic.actions.definitions import load_starter_data
from clinic.actions.sweeps import flag_missed
from clinic.models import (
    Appointment,
    Course,
    Definition,
    Patient,
    Qualification,
    Resource,
    Site,
    Staff,
)
from clinic.models.base import new_public_id
from clinic.models.engine import reading, write, writing
from clinic.planning.visits import PlannedVisit
from clinic.queries.availability import frame_of
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import propose_visit
from clinic.rules.actors import system_actor
from clinic.rules.appointments import Status
from clinic.rules.courses import CourseStatus
from tests.cast import Cast
from tests.conftest import NOW
from tests.factories import make_resource, make_staff
from tests.integration.web.conftest import app, browser, cast, settings, web_engine
from tests.loose import book_loose
from tests.pictures import Pictures

__all__ = ["app", "browser", "cast", "settings", "web_engine"]

MAKER = system_actor("tests")
TODAY = date(2026, 3, 2)
TOMORROW = date(2026, 3, 3)
DEVICE_CHECK = "device_check"


@dataclass(frozen=True, slots=True)
class Desk:
    """The engine, the cast and a hand that books for them."""

    engine: Engine
    cast: Cast

    def book(
        self,
        *,
        on: date = TOMORROW,
        at: int = 600,
        kind: str = "tms",
        patient_id: int = 0,
        course_id: int | None = None,
        length_min: int | None = None,
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
                length_min=length_min,
            )
            assert isinstance(visit, PlannedVisit), visit
            visit = replace(visit, step_key="acute", phase="acute")
            draft = VisitDraft(
                visit=visit,
                site=site,
                patient_id=patient.id,
                patient_resource_id=patient.resource_id,
                kind=kind_frames(session)[kind],
                course_id=course_id,
                status=Status.BOOKED,
            )
        return write(
            self.engine,
            lambda session: book_loose(session, draft=draft, by=MAKER, now=NOW).public_id,
        )

    def course(
        self,
        *days: date,
        prescribed: int = 3,
        at: int = 600,
        protocol: str = "tms_10hz_ldlpfc_37",
    ) -> tuple[str, list[str]]:
        """Give Pat a course with a session at one hour of each day; its public id, and theirs."""
        with writing(self.engine) as session:
            chosen = select(Definition).where(Definition.key == protocol)
            course = Course(
                public_id=new_public_id(),
                patient_id=self.cast.pat.patient_id,
                site_id=self.cast.site_id,
                definition_id=session.scalars(chosen).one().id,
                status=CourseStatus.ACTIVE,
                start_on=min(days, default=TODAY),
                counts={"acute": prescribed},
                wishes={},
                created_at=NOW,
            )
            session.add(course)
            session.flush()
            course_id, public_id = course.id, course.public_id
        kinds = [("mapping_and_first_tms", 90), *[("tms", 60)] * len(days)]
        visits = [
            self.book(on=on, at=at, kind=kind, course_id=course_id, length_min=length)
            for on, (kind, length) in zip(days, kinds, strict=False)
        ]
        return public_id, visits

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


def _add_device_check(session: Session) -> None:
    """Add a kind of visit that takes what a session takes, but needs no course."""
    old = session.scalars(select(Definition).where(Definition.key == "tms")).one()
    body = {**old.body, "key": DEVICE_CHECK, "staff_label": "Device check"}
    session.add(
        Definition(
            kind=old.kind,
            key=DEVICE_CHECK,
            version=1,
            status=old.status,
            body={**body, "counts_as_delivered": False},
            in_force_on=old.in_force_on,
            created_at=NOW,
            approved_at=NOW,
        )
    )


@pytest.fixture
def desk(web_engine: Engine, cast: Cast, pictures: Pictures) -> Desk:
    """The cast, with the starter data and two operators on shift."""
    pictures.of("desk", web_engine, lambda: _furnish(web_engine))
    return Desk(web_engine, cast)


def _furnish(engine: Engine) -> None:
    with writing(engine) as session:
        load_starter_data(session, by=MAKER, now=NOW)
        _add_device_check(session)
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
