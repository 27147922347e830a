"""The patient's page: the next visit, the course, and what to do before coming. It only shows."""

from flask import render_template
from flask_babel import get_locale

from clinic.errors import NotFound
from clinic.models.engine import reading
from clinic.queries.definitions import texts, visit_kind
from clinic.queries.own_visits import own_visits
from clinic.rules.permissions import Permission
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.patient.blueprint import blueprint
from clinic.web.patient.course import OwnCourse, own_course
from clinic.web.requests import current_clinic
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("My visits"), position=10, key="")
@needs(Permission.OWN_COURSE)
def home() -> str:
    """Show the patient who asks their own visits."""
    patient_id = current_clinic().actor.patient_id
    if patient_id is None:
        raise NotFound("no_such_thing")
    page = _read(patient_id)
    note_look("view_own_course", subject="patient", subject_id=patient_id, patient_id=patient_id)
    return render_template("patient/home.html", page=page)


def _read(patient_id: int) -> OwnCourse:
    here = current_clinic()
    with reading(here.engine) as unit:
        visits = own_visits(unit, patient_id=patient_id)
        words = texts(unit)
        kinds = {one: visit_kind(unit, one) for one in {visit.definition_id for visit in visits}}
    language = str(get_locale() or "")
    return own_course(visits, kinds=kinds, texts=words, language=language, now=here.now)
