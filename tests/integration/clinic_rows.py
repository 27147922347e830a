"""The smallest clinic a message, sweep or record needs: rows without planning or cells."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

import clinic
from clinic.models import (
    Account,
    Appointment,
    ChangeSet,
    Course,
    Definition,
    DefinitionStatus,
    Message,
    Patient,
    Resource,
    Site,
    Staff,
    StatusChange,
)
from clinic.models.engine import reading, writing
from clinic.rules.actors import Actor, rights_of
from clinic.rules.appointments import Status
from clinic.rules.courses import CourseStatus

DATA = Path(clinic.__file__).parent / "data"
ZONE = "America/New_York"
LONG_AGO = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
WHOLE = ("policies", "thresholds", "side_effects")


@dataclass(frozen=True)
class Rows:
    """The ids of what stands in the database; new visits are added to it."""

    engine: Engine
    site_id: int
    kind_id: int
    protocol_id: int
    patient_id: int
    cleo_id: int

    def visit(
        self,
        at: str,
        *,
        patient_id: int | None = None,
        status: Status = Status.BOOKED,
        course_id: int | None = None,
        told: str = "book",
    ) -> int:
        """Add an appointment at a local time ("2026-03-09 08:00"), booked long ago."""
        with writing(self.engine) as session:
            row = _visit(self, at, patient_id or self.patient_id, status, course_id)
            session.add(row)
            session.flush()
            session.add(
                StatusChange(
                    appointment_id=row.id,
                    verb=told,
                    to_status=status,
                    to_start_at=row.start_at,
                    at=LONG_AGO,
                )
            )
            return row.id

    def course(self, *, status: CourseStatus = CourseStatus.DRAFT) -> int:
        with writing(self.engine) as session:
            row = Course(
                patient_id=self.patient_id,
                site_id=self.site_id,
                definition_id=self.protocol_id,
                status=status,
                start_on=date(2026, 3, 9),
                counts={},
                wishes={},
                created_at=LONG_AGO,
            )
            session.add(row)
            session.flush()
            return row.id

    def patient(self, email: str = "quinn@home.test", **values: str | bool) -> int:
        with writing(self.engine) as session:
            return _patient(session, email=email, **values)

    def change(self, kind: str, *appointment_ids: int, at: datetime, verb: str) -> int:
        """Add a change set that touched these appointments."""
        with writing(self.engine) as session:
            change_set = ChangeSet(kind=kind, patient_id=self.patient_id, created_at=at)
            session.add(change_set)
            session.flush()
            for appointment_id in appointment_ids:
                row = session.get_one(Appointment, appointment_id)
                session.add(
                    StatusChange(
                        appointment_id=row.id,
                        verb=verb,
                        to_status=row.status,
                        to_start_at=row.start_at,
                        change_set_id=change_set.id,
                        at=at,
                    )
                )
            return change_set.id

    def get(self, appointment_id: int) -> Appointment:
        with reading(self.engine) as session:
            return session.get_one(Appointment, appointment_id)

    def messages(self) -> list[Message]:
        with reading(self.engine) as session:
            return list(session.query(Message).order_by(Message.id))

    def dosing(self, protocol: str = "esk_trd", kind: str = "esketamine") -> "Rows":
        """Return the same clinic, whose next courses and visits are those of a dosing."""
        with writing(self.engine) as session:
            return replace(
                self,
                kind_id=_define(session, "visit_kind", kind, _one("visit_kinds", kind)),
                protocol_id=_define(session, "protocol", protocol, _one("protocols", protocol)),
            )

    def actor(self, *roles: str) -> Actor:
        return Actor(
            account_id=self.cleo_id, rights=rights_of((role, None) for role in roles), roles=roles
        )


def local(at: str) -> datetime:
    """Return the instant of a local time in New York."""
    return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def make_rows(engine: Engine) -> Rows:
    """Write the clinic and return its ids."""
    with writing(engine) as session:
        site = Site(
            key="main", name="Main", patient_name="Main Street Clinic", zone=ZONE, phone="555-0100"
        )
        staff = Staff(key="cleo", name="Cleo Carter", short_name="CC")
        session.add_all([site, staff])
        session.flush()
        account = Account(login="cleo", staff_id=staff.id, created_at=LONG_AGO)
        session.add(account)
        patient_id = _patient(session, email="pat@home.test", family="Price", given="Pat")
        return rows_for(engine, session, site.id, patient_id, account.id)


def rows_for(
    engine: Engine, session: Session, site_id: int, patient_id: int, account_id: int
) -> Rows:
    """Define what the medical director decides, for people who stand in the database already."""
    for kind in WHOLE:
        _define(session, kind, kind, _data(kind))
    return Rows(
        engine=engine,
        site_id=site_id,
        kind_id=_define(session, "visit_kind", "tms", _one("visit_kinds", "tms")),
        protocol_id=_define(session, "protocol", "any", _one("protocols", None)),
        patient_id=patient_id,
        cleo_id=account_id,
    )


def _data(name: str) -> dict:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def _one(name: str, key: str | None) -> dict:
    bodies = _data(name)[name]
    return next(body for body in bodies if key in (None, body["key"]))


def _define(session: Session, kind: str, key: str, body: dict) -> int:
    row = Definition(
        kind=kind,
        key=key,
        version=1,
        status=DefinitionStatus.APPROVED,
        body=body,
        in_force_on=date(2026, 1, 1),
        approved_at=LONG_AGO,
        created_at=LONG_AGO,
    )
    session.add(row)
    session.flush()
    return row.id


def _patient(session: Session, *, email: str, **values: str | bool) -> int:
    number = session.query(Patient).count() + 1
    resource = Resource(key=f"patient-{number}", kind="patient", name="patient")
    session.add(resource)
    session.flush()
    given = {"family": "Quill", "given": "Quinn", **values}
    row = Patient(
        record_number=f"P{number:05d}",
        resource_id=resource.id,
        email=email,
        created_at=LONG_AGO,
        **given,
    )
    session.add(row)
    session.flush()
    return row.id


def _visit(
    rows: Rows, at: str, patient_id: int, status: Status, course_id: int | None
) -> Appointment:
    start, wall = local(at), datetime.fromisoformat(at)
    return Appointment(
        patient_id=patient_id,
        course_id=course_id,
        step_key=None if course_id is None else "treatment",
        phase=None if course_id is None else "acute",
        definition_id=rows.kind_id,
        kind_key="tms",
        site_id=rows.site_id,
        start_at=start,
        end_at=start + timedelta(minutes=40),
        zone=ZONE,
        local_on=wall.date(),
        local_min=wall.hour * 60 + wall.minute,
        length_min=40,
        status=status,
        flag_at=start + timedelta(minutes=20) if status is Status.BOOKED else None,
        created_at=LONG_AGO,
    )
