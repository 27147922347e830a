"""Big seeded clinics for the benchmarks: full days of 200 cards, written in bulk."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from clinic.demo.cast import Cast, add_cast
from clinic.models.appointments import Appointment, Assignment
from clinic.models.base import new_public_id
from clinic.models.courses import Course
from clinic.models.engine import make_engine, writing
from clinic.models.migrate import upgrade
from clinic.models.patients import Patient
from clinic.models.resources import Resource
from clinic.models.sites import Site
from clinic.queries.definitions import DefinitionKind, current_ids
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.wall_days import instant_of, wall_day

MEASURED = date(2026, 3, 2)
"""The Monday whose board is measured; the other days lie before it."""
CARDS = 200
BATCH_DAYS = 25


@dataclass(frozen=True, slots=True)
class Ground:
    """What the rows of a big clinic refer to."""

    site_id: int
    zone: str
    columns: tuple[int, ...]
    patients: tuple[int, ...]
    courses: tuple[int, ...]
    kind_id: int
    cast: Cast


def make_clinic(url: str, appointments: int) -> tuple[Engine, Ground]:
    """Make a clinic with so many appointments, 200 a day, and return its engine and ground."""
    engine = make_engine(url)
    upgrade(engine)
    rng = random.Random(7)
    now = instant_of(wall_day(MEASURED, "America/New_York").span(96, 97)[0])
    with writing(engine) as session:
        cast = add_cast(session, rng=rng, now=now)
        ground = _ground(session, cast, now)
    days = max(appointments // CARDS, 1)
    first_id = 1
    for begin in range(0, days, BATCH_DAYS):
        with writing(engine) as session:
            for back in range(begin, min(begin + BATCH_DAYS, days)):
                _add_day(session, ground, MEASURED - timedelta(days=back), first_id, now)
                first_id += CARDS
    return engine, ground


def _ground(session: Session, cast: Cast, now: datetime) -> Ground:
    site = session.scalars(select(Site).where(Site.key == "main")).one()
    columns = session.scalars(
        select(Resource.id).where(
            Resource.site_id == site.id, Resource.kind.not_in(("coil", "infusion_pump"))
        )
    ).all()
    protocol_id = current_ids(session, DefinitionKind.PROTOCOL)["tms_itbs_ldlpfc"]
    courses = []
    for patient_id in cast.patient_ids:
        course = Course(
            patient_id=patient_id,
            site_id=site.id,
            definition_id=protocol_id,
            status=CourseStatus.ACTIVE,
            start_on=MEASURED,
            counts={"acute": 30, "taper_1": 3, "taper_2": 2, "taper_3": 1},
            wishes={},
            created_at=now,
        )
        session.add(course)
        courses.append(course)
    session.flush()
    return Ground(
        site_id=site.id,
        zone=site.zone,
        columns=tuple(columns),
        patients=tuple(session.scalars(select(Patient.id).order_by(Patient.id))),
        courses=tuple(course.id for course in courses),
        kind_id=current_ids(session, DefinitionKind.VISIT_KIND)["tms"],
        cast=cast,
    )


def _add_day(session: Session, ground: Ground, on: date, first_id: int, now: datetime) -> None:
    """Add a full day; only the last days belong to courses, as in a clinic of many years."""
    rows = list(_appointments(ground, on, first_id, now))
    session.execute(insert(Appointment), rows)
    session.execute(insert(Assignment), list(_assignments(ground, on, first_id)))


def _appointments(
    ground: Ground, on: date, first_id: int, now: datetime
) -> Iterator[dict[str, object]]:
    is_recent = (MEASURED - on).days < 30
    is_done = on < MEASURED
    for number in range(CARDS):
        quantum = wall_day(on, ground.zone).span(_cell(number, ground), 288)[0]
        start = instant_of(quantum)
        who = number % len(ground.courses)
        yield {
            "id": first_id + number,
            "public_id": new_public_id(),
            "uid": new_public_id(),
            "version": 1,
            "patient_id": ground.patients[who],
            "course_id": ground.courses[who] if is_recent and number < 150 else None,
            "step_key": "acute" if is_recent and number < 150 else None,
            "phase": "acute",
            "definition_id": ground.kind_id,
            "kind_key": "tms",
            "site_id": ground.site_id,
            "place": "room",
            "start_at": start,
            "end_at": start + timedelta(minutes=20),
            "zone": ground.zone,
            "local_on": on,
            "local_min": _cell(number, ground) * 5,
            "length_min": 20,
            "status": Status.FULFILLED if is_done else Status.BOOKED,
            "outcome": Outcome.COMPLETE if is_done else None,
            "is_late": False,
            "note": "",
            "created_at": now,
        }


def _cell(number: int, ground: Ground) -> int:
    """Return the start of the n-th card of a day: columns side by side, 20 minutes each."""
    return 96 + (number // len(ground.columns)) * 5 % 115


def _assignments(ground: Ground, on: date, first_id: int) -> Iterator[dict[str, object]]:
    for number in range(CARDS):
        first = wall_day(on, ground.zone).span(_cell(number, ground), 288)[0]
        yield {
            "appointment_id": first_id + number,
            "resource_id": ground.columns[number % len(ground.columns)],
            "requirement": "device",
            "from_quantum": first,
            "to_quantum": first + 4,
            "seats": 1,
            "is_held": True,
        }
