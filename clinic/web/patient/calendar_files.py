"""The visits to come as a calendar file: when and where, and not a word of what they are for."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext
from icalendar import Calendar, Event

from clinic.queries.own_visits import OwnVisit
from clinic.rules.appointments import Status
from clinic.rules.visit_kinds import Place

PRODUCT = "-//Coursekeeper//visits//EN"


def calendar_file(visits: Sequence[OwnVisit], *, made_at: datetime) -> bytes:
    """Return visits as a calendar file; taken in again, it changes the entries that were moved."""
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    for visit in visits:
        found.add_component(_event(visit, made_at))
    return bytes(found.to_ical())


def _event(visit: OwnVisit, made_at: datetime) -> Event:
    event = Event()
    event.add("uid", f"{visit.uid}@coursekeeper")
    event.add("sequence", visit.version)
    event.add("dtstamp", made_at)
    event.add("dtstart", visit.start_at)
    event.add("dtend", visit.end_at)
    event.add("summary", gettext("Appointment at %(clinic)s", clinic=visit.clinic))
    if visit.address and visit.place == Place.ROOM.value:
        event.add("location", visit.address)
    is_fixed = visit.status is not Status.PENDING
    event.add("status", "CONFIRMED" if is_fixed else "TENTATIVE")
    return event
