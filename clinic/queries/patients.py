"""Reads about patients: one by its address, the search of the desk, and likely twins."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.patients import Patient, PatientToken
from clinic.queries.boards import prescribed
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import RUNNING
from clinic.rules.patient_words import fold, search_prefixes

LAST_CHARACTER = "\U0010ffff"
MOST_WORDS = 6
MOST_NAMESAKES = 10


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient as the desk's list shows it; no clinical word."""

    id: int
    public_id: str
    record_number: str
    family: str
    given: str
    preferred: str
    birth_on: date | None
    phone: str


@dataclass(frozen=True, slots=True)
class CourseCount:
    """How far a course is: visits delivered of those prescribed."""

    delivered: int
    total: int


def by_public_id(session: Session, public_id: str) -> Patient:
    """Return the patient of an address, or raise NotFound."""
    patient = session.execute(
        select(Patient).where(Patient.public_id == public_id)
    ).scalar_one_or_none()
    if patient is None:
        raise NotFound("no_such_thing")
    return patient


def by_record_number(session: Session, record_number: str) -> Patient:
    """Return the patient with this record number, or raise NotFound."""
    patient = session.execute(
        select(Patient).where(Patient.record_number == record_number)
    ).scalar_one_or_none()
    if patient is None:
        raise NotFound("patient_unknown", record_number=record_number)
    return patient


def search(session: Session, text: str, limit: int = 20) -> list[PatientRow]:
    """Return the patients for whom every word of the text matches, by name; none for a blank text.

    Words are name beginnings, the end of a phone, a record number or a birth date.
    """
    query = search_query(text, limit)
    if query is None:
        return []
    return [PatientRow(*row) for row in session.execute(query)]


def search_query(
    text: str, limit: int
) -> "Select[int, str, str, str, str, str, date | None, str] | None":
    """Return the query of `search`, None for a blank text."""
    wanted = search_prefixes(text)[:MOST_WORDS]
    if not wanted:
        return None
    return (
        _rows()
        .where(*(_has_word(prefixes) for prefixes in wanted))
        .order_by(Patient.family, Patient.given, Patient.id)
        .limit(limit)
    )


def namesakes(
    session: Session, *, family: str, given: str, birth_on: date | None
) -> list[PatientRow]:
    """Return patients of the same birth date (or none, both) with these names, folded.

    The names may be the other way round, and a patient who has one more is found too.
    """
    query = (
        _rows()
        .where(
            Patient.birth_on == birth_on,  # None becomes IS NULL
            *(_has_name(name) for name in (family, given) if name.strip()),
        )
        .order_by(Patient.family, Patient.given, Patient.id)
        .limit(MOST_NAMESAKES)
    )
    return [PatientRow(*row) for row in session.execute(query)]


def running_courses(
    session: Session, *, patient_ids: Collection[int], site_ids: Collection[int] | None = None
) -> dict[int, list[CourseCount]]:
    """Return how far the running courses of patients are, oldest first, in one query.

    Only those of the sites, when some are given.
    """
    delivered = (
        select(func.count())
        .where(
            Appointment.course_id == Course.id,
            Appointment.status == Status.FULFILLED,
            or_(Appointment.outcome.is_(None), Appointment.outcome != Outcome.NOT_TREATED),
        )
        .correlate(Course)
        .scalar_subquery()
    )
    query = (
        select(Course.patient_id, Course.counts, delivered)
        .where(Course.patient_id.in_(patient_ids), Course.status.in_(RUNNING))
        .order_by(Course.id)
    )
    if site_ids is not None:
        query = query.where(Course.site_id.in_(site_ids))
    found: dict[int, list[CourseCount]] = defaultdict(list)
    for patient_id, counts, done in session.execute(query) if patient_ids else ():
        found[patient_id].append(CourseCount(done, prescribed(counts) or 0))
    return found


def _rows() -> "Select[int, str, str, str, str, str, date | None, str]":
    return select(
        Patient.id,
        Patient.public_id,
        Patient.record_number,
        Patient.family,
        Patient.given,
        Patient.preferred,
        Patient.birth_on,
        Patient.phone,
    )


def _has_name(name: str) -> ColumnElement[bool]:
    """Return the condition that a patient has this name, as a whole or as one word of it."""
    return Patient.id.in_(select(PatientToken.patient_id).where(PatientToken.token == fold(name)))


def _has_word(prefixes: list[str]) -> ColumnElement[bool]:
    """Return the condition that one token begins with one of the prefixes."""
    ranges = [
        and_(PatientToken.token >= prefix, PatientToken.token < prefix + LAST_CHARACTER)
        for prefix in prefixes
    ]
    return Patient.id.in_(select(PatientToken.patient_id).where(or_(*ranges)))
