"""Every field a set-up may have is read, kept and exported: the schema says which there are."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from clinic.actions.setup import apply_setup
from clinic.queries.setup import export_setup
from clinic.schemas import SCHEMAS, read_document
from tests.integration.setup.example import BY, Document, at

WHOLE: Document = {
    "clinic": {"name": "Ruiz", "zone": "Europe/Berlin", "currency": "EUR", "region": "DE"},
    "site": {
        "key": "main",
        "name": "Main Street",
        "patient_name": "The practice",
        "zone": "Europe/Berlin",
        "region": "DE",
        "address": "Hauptstraße 1",
        "phone": "+4930901820",
        "switches": {"treat_saturday": True},
        "hours": [{"days": ["mon", "sat"], "from": "08:05", "to": "24:00"}],
        "holidays": [{"on": "2026-10-03", "name": "Unity"}],
    },
    "resource": {
        "key": "coil_1",
        "name": "Coil 1",
        "kind": "coil",
        "site": "main",
        "tags": ["H1"],
        "seats": 2,
        "fits": ["tms_1"],
        "position": 7,
        "active": False,
    },
    "staff": {
        "key": "omar",
        "name": "Omar Haddad",
        "short_name": "Omar H.",
        "email": "omar@example.org",
        "login": "omar.haddad",
        "seats": 2,
        "active": False,
        "roles": [
            {"role": "tms_operator", "site": "main", "from": "2026-01-01", "until": "2026-12-31"}
        ],
        "qualifications": [{"qualification": "tms_operator", "until": "2027-01-31"}],
        "shifts": [
            {
                "site": "main",
                "days": ["tue"],
                "from": "09:00",
                "to": "12:00",
                "from_on": "2026-02-01",
                "until_on": "2026-11-30",
            }
        ],
        "patient": "7",
        "leave": [
            {
                "key": "omar_may",
                "from": "2026-05-01T00:00",
                "to": "2026-05-09T00:00",
                "kind": "training",
                "reason": "Course",
            }
        ],
    },
    "block": {
        "key": "service",
        "site": "main",
        "kind": "closure",
        "reason": "Painters",
        "from": "2026-06-01T08:00",
        "to": "2026-06-01T12:00",
    },
    "patient": {
        "record_number": "7",
        "family": "Núñez",
        "given": "Inés",
        "preferred": "Ina",
        "birth_on": "1984-06-01",
        "phone": "+4930901821",
        "email": "ines@example.org",
        "language": "es",
        "zone": "Europe/Madrid",
        "desk_note": "Rings twice.",
        "wants_email": False,
        "login": "ines.nunez",
    },
}
"""Of each part of a set-up every field, with a value that is not the one it has without."""

DEVICE: Document = {"key": "tms_1", "name": "TMS 1", "kind": "tms_device", "site": "main"}
OF_ANOTHER_OWNER = {"resource", "staff"}
"""A block shuts one thing: the whole one above shuts a site."""


def test_every_field_of_the_schema_comes_out_as_it_went_in(session: Session, now: datetime) -> None:
    document: Document = {
        "schema": "coursekeeper/setup/1",
        "clinic": WHOLE["clinic"],
        "sites": [WHOLE["site"]],
        "resources": [DEVICE, WHOLE["resource"]],
        "staff": [WHOLE["staff"]],
        "blocks": [WHOLE["block"]],
        "patients": [WHOLE["patient"]],
    }

    apply_setup(session, document=document, by=BY, now=now)
    exported = export_setup(session)

    assert exported["clinic"] == WHOLE["clinic"]
    for part in ("site", "staff", "block", "patient"):
        section = part if part == "staff" else f"{part}s"
        assert at(exported, section, 0) == WHOLE[part]
    assert at(exported, "resources", 0) == WHOLE["resource"]


PARTS: Document = {
    **WHOLE,
    "hours": at(WHOLE, "site", "hours", 0),
    "holiday": at(WHOLE, "site", "holidays", 0),
    "role": at(WHOLE, "staff", "roles", 0),
    "qualification": at(WHOLE, "staff", "qualifications", 0),
    "shift": at(WHOLE, "staff", "shifts", 0),
    "leave": at(WHOLE, "staff", "leave", 0),
}


def test_nothing_of_the_schema_is_missing_here() -> None:
    schema = read_document(SCHEMAS / "setup.schema.json")

    assert {*at(schema, "$defs")} == {*PARTS}


@pytest.mark.parametrize("part", PARTS)
def test_no_field_of_the_schema_is_missing_here(part: str) -> None:
    schema = read_document(SCHEMAS / "setup.schema.json")
    fields = at(schema, "$defs", part, "properties")

    assert {*fields} - {*at(PARTS, part)} == (OF_ANOTHER_OWNER if part == "block" else set())
