"""A patient as the desk types one, and what the database then has."""

from sqlalchemy import select

from clinic.models import Patient
from clinic.models.engine import reading
from tests.browsers import Browser
from tests.integration.web_desk.conftest import Desk

NEW = "/desk/patients/new"
ANA = {
    "family": "López",
    "given": "Ana",
    "preferred": "",
    "birth_on": "14 May 1987",
    "phone": "(415) 555-2671",
    "email": "ana@example.org",
    "language": "es",
    "wants_email": "y",
    "desk_note": "Parks behind the house.",
}


def add(desk: Desk, browser: Browser, **more: str) -> Patient:
    """Add a patient at the desk and return the row."""
    added = browser.send(NEW, ANA | more)
    assert added.status_code == 303, added.text
    return stored(desk, added.location.rpartition("/")[2])


def stored(desk: Desk, public_id: str) -> Patient:
    """The patient as the database has it."""
    with reading(desk.engine) as session:
        return session.scalars(select(Patient).where(Patient.public_id == public_id)).one()
