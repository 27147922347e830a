"""The example of the docs as a document to change, and what a set-up refuses of it."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.actions.setup import apply_setup
from clinic.models import Account, Block, Grant, Patient, Resource, Seat, Shift, Site, Staff
from clinic.models.base import JsonValue
from clinic.rules.actors import system_actor
from clinic.schemas import DocumentRefused

BY = system_actor("test")
EXAMPLE = Path(__file__).parents[3] / "docs" / "setup-example.json"
Document = dict[str, JsonValue]


def example() -> Document:
    """Return the example of the docs."""
    read = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def at(document: JsonValue, *path: str | int) -> Document:
    """Return the object at a place in the document."""
    for part in path:
        document = document[part]
    assert isinstance(document, dict)
    return document


def counts(session: Session) -> list[int]:
    """Return how many rows there are of each kind of thing that a set-up makes."""
    tables = (Site, Resource, Seat, Staff, Grant, Shift, Block, Patient, Account)
    return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def refusal(session: Session, now: datetime, document: JsonValue) -> list[tuple[str, str]]:
    """Return path and code of each fault of a document that is refused."""
    with pytest.raises(DocumentRefused) as caught:
        apply_setup(session, document=document, by=BY, now=now)
    return [(fault.path, fault.code) for fault in caught.value.faults]
