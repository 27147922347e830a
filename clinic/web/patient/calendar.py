"""The visits to come as a calendar file: when and where, and not a word of what they are for."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response, make_response
from flask_babel import gettext
from icalendar import Calendar, Event

from clinic.errors import NotFound
from clinic.models.engine import reading
from clinic.queries.own_visits import OwnVisit, own_visits
from clinic.rules.appointments import Status
from clinic.rules.permissions import Permission
from clinic.rules.visit_kinds import Place
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.patient.blueprint import blueprint
from clinic.web.patient.course import COMING
from clinic.web.requests import current_clinic

PRODUCT = "-//Coursekeeper//visits//EN"


@blueprint.get("/visits.ics")
@needs(Permission.OWN_COURSE)
def calendar() -> Response:
    """Give the patient who asks their own visits to come, for the calendar of their phone."""
    here = current_clinic()
    patient_id = here.actor.patient_id
    if patient_id is None:
        raise NotFound("no_such_thing")
    with reading(here.engine) as unit:
        visits = own_visits(unit, patient_id=patient_id)
    note_look("view_own_course", subject="patient", subject_id=patient_id, patient_id=patient_id)
    coming = [one for one in visits if one.status in COMING and one.end_at > here.now]
    answer = make_response(calendar_file(coming, made_at=here.now))
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="visits.ics"'
    return answer


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
