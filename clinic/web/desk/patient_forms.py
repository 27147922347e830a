"""Adding a patient and changing one: nothing typed is lost, whatever is refused."""

import secrets
from dataclasses import dataclass, replace

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms.validators import Optional

from clinic.actions.patients import PatientDetails, add_patient, change_patient
from clinic.errors import ClinicError
from clinic.models.engine import reading, writing
from clinic.queries.patients import by_public_id, namesakes, running_courses
from clinic.rules.permissions import Permission
from clinic.web.desk.blueprint import blueprint
from clinic.web.desk.forms import PatientForm
from clinic.web.desk.patient_pages import FoundLine, changed_lines, found_lines
from clinic.web.errors import form_again
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.requests import answered_before, current_clinic, run_once, see_other
from clinic.web.sentences import sentence
from clinic.web.shell import say

FORM = "desk/patient_form.html"
VERSION_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Edited:
    """The patient whose form is shown, and what somebody else has written meanwhile."""

    public_id: str
    record_number: str
    changed: tuple[tuple[str, str], ...] = ()


@blueprint.route("/patients/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PATIENTS)
def new_patient() -> Response:
    """Add a patient; one of the same name and birth date is shown before a second is made."""
    form = PatientForm()
    if not form.is_submitted():
        return _answer(form)
    if not form.validate():
        return form_again(FORM, None, form=form, patient=None, twins=[])
    try:
        known, twins = _before_adding(form)
        if twins:
            form.seen.data = _identity(form)
            return _answer(form, twins)
        target = known or _add(form)
    except ClinicError as problem:
        return _again(form, problem, None)
    say(gettext("Saved."))
    return see_other(target)


def _answer(form: PatientForm, twins: list[FoundLine] | None = None) -> Response:
    """Return the form; with twins it is a 409 that a second click overrides."""
    page = render_template(FORM, form=form, patient=None, twins=twins or [], problem=None)
    return make_response(page, 409 if twins else 200)


def _before_adding(form: PatientForm) -> tuple[str | None, list[FoundLine]]:
    """Return where this very form led before, or else the likely twins not yet shown."""
    with reading(current_clinic().engine) as unit:
        known = answered_before(unit)
        if known is not None or form.seen.data == _identity(form):
            return known, []
        rows = namesakes(
            unit,
            family=form.family.data or "",
            given=form.given.data or "",
            birth_on=form.birth_on.data,
        )
        ids = [row.id for row in rows]
        courses = running_courses(unit, patient_ids=ids, site_ids=sites_here())
        return None, found_lines(rows, courses)


def _identity(form: PatientForm) -> str:
    """Return for which name and birth date the warning was shown."""
    return f"{form.family.data}|{form.given.data}|{form.birth_on.data}"


def _add(form: PatientForm) -> str:
    with writing(current_clinic().engine) as unit:
        return run_once(unit, lambda: _added(unit, _details(form)))


def _added(unit: Session, details: PatientDetails) -> str:
    here = current_clinic()
    made = add_patient(
        unit,
        family=details.family,
        given=details.given,
        birth_on=details.birth_on,
        phone=details.phone,
        email=details.email,
        language=details.language,
        preferred=details.preferred,
        desk_note=details.desk_note,
        wants_email=details.wants_email,
        by=here.actor,
        now=here.now,
    )
    return url_for("desk.show_patient", public_id=made.public_id)


@blueprint.route("/patients/<public_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_PATIENTS)
def edit_patient(public_id: str) -> Response:
    """Change what is written about a patient."""
    form = PatientForm()
    if not form.is_submitted():
        return _filled(public_id)
    _allow_one_name(form, public_id)
    if not form.validate():
        return form_again(FORM, None, form=form, patient=_edited(public_id, form), twins=[])
    try:
        with writing(current_clinic().engine) as unit:
            target = run_once(unit, lambda: _change(unit, form, public_id))
    except ClinicError as problem:
        return _again(form, problem, public_id)
    say(gettext("Saved."))
    return see_other(target)


def _filled(public_id: str) -> Response:
    """Return the form with what is stored, and note the look."""
    with reading(current_clinic().engine) as unit:
        row = by_public_id(unit, public_id)
    note_look("see_patient", subject="patient", subject_id=row.id, patient_id=row.id)
    shown = Edited(row.public_id, row.record_number)
    form = PatientForm(obj=row)
    form.birth_unknown.data = row.birth_on is None
    form.wants_email.data = row.wants_email and bool(row.email)
    return make_response(render_template(FORM, form=form, patient=shown, twins=[], problem=None))


def _allow_one_name(form: PatientForm, public_id: str) -> None:
    """Let a patient who came with one name only, from another system, be saved with it."""
    with reading(current_clinic().engine) as unit:
        if not by_public_id(unit, public_id).given:
            form.given.validators = [Optional()]


def _change(unit: Session, form: PatientForm, public_id: str) -> str:
    here = current_clinic()
    row = by_public_id(unit, public_id)
    change_patient(
        unit,
        patient=row,
        details=replace(_details(form), zone=row.zone),
        version=_version(form),
        by=here.actor,
        now=here.now,
    )
    return url_for("desk.show_patient", public_id=public_id)


def _version(form: PatientForm) -> int:
    """Return the version the form was filled from; 0, which no patient has, for nonsense."""
    text = form.version.data or ""
    return int(text) if text.isdecimal() and len(text) <= VERSION_DIGITS else 0


def _again(form: PatientForm, problem: ClinicError, public_id: str | None) -> Response:
    """Return the form once more, the refusal at its field where it has one."""
    name = problem.values.get("field")
    is_of_field = isinstance(name, str) and name in form
    if isinstance(name, str) and is_of_field:
        form[name].errors = [*form[name].errors, sentence(problem)]
    is_conflict = problem.code == "patient_changed"
    patient = _edited(public_id, form, is_conflict=is_conflict) if public_id else None
    shown = None if is_of_field else problem
    return form_again(FORM, shown, form=form, patient=patient, twins=[])


def _edited(public_id: str, form: PatientForm, *, is_conflict: bool = False) -> Edited:
    """Return whose form it is; after a conflict saving once more goes over what is shown."""
    with reading(current_clinic().engine) as unit:
        row = by_public_id(unit, public_id)
    if not is_conflict:
        return Edited(row.public_id, row.record_number)
    form.version.data = str(row.version)
    form.request_key.data = secrets.token_urlsafe(16)
    changed = tuple(changed_lines(row, _details(form)))
    return Edited(row.public_id, row.record_number, changed)


def _details(form: PatientForm) -> PatientDetails:
    return PatientDetails(
        family=form.family.data or "",
        given=form.given.data or "",
        preferred=form.preferred.data or "",
        birth_on=form.birth_on.data,
        phone=form.phone.data or "",
        email=form.email.data or "",
        language=form.language.data or "en",
        desk_note=form.desk_note.data or "",
        wants_email=bool(form.wants_email.data),
    )
