"""The visits to come, for the calendar of the patient's phone."""

from flask import Response, make_response

from clinic.errors import NotFound
from clinic.models.engine import reading
from clinic.queries.own_visits import own_visits
from clinic.rules.permissions import Permission
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.patient.blueprint import blueprint
from clinic.web.patient.course import COMING
from clinic.web.requests import current_clinic


@blueprint.get("/visits.ics")
@needs(Permission.OWN_COURSE)
def calendar() -> Response:
    """Give the patient who asks their own visits to come, for the calendar of their phone."""
    from clinic.web.patient.calendar_files import (  # noqa: PLC0415 -- 3 MB for one rare page
        calendar_file,
    )

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
