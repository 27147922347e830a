"""Reads about patients: one by its address, and the search of the desk."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.patients import Patient, PatientToken
from clinic.rules.patient_words import search_prefixes

LAST_CHARACTER = "\U0010ffff"
MOST_WORDS = 6


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
        select(
            Patient.id,
            Patient.public_id,
            Patient.record_number,
            Patient.family,
            Patient.given,
            Patient.preferred,
            Patient.birth_on,
            Patient.phone,
        )
        .where(*(_has_word(prefixes) for prefixes in wanted))
        .order_by(Patient.family, Patient.given, Patient.id)
        .limit(limit)
    )


def _has_word(prefixes: list[str]) -> ColumnElement[bool]:
    """Return the condition that one token begins with one of the prefixes."""
    ranges = [
        and_(PatientToken.token >= prefix, PatientToken.token < prefix + LAST_CHARACTER)
        for prefix in prefixes
    ]
    return Patient.id.in_(select(PatientToken.patient_id).where(or_(*ranges)))
