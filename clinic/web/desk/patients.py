"""Patients at the desk: find, look at, add, change, and a log-in link to hand over."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.accounts import create_login_link
from clinic.actions.patients import PatientDetails, add_patient, change_patient
from clinic.errors import ClinicError
from clinic.models.engine import reading, writing
from clinic.models.patients import Patient
from clinic.queries.courses import (
    CourseFacts,
    PatientFacts,
    VisitRow,
    patient_courses,
    patient_facts,
    single_visits,
    upcoming,
)
from clinic.queries.patients import PatientRow, by_public_id, search
from clinic.rules.courses import RUNNING
from clinic.rules.permissions import Permission
from clinic.web.desk.blueprint import blueprint
from clinic.web.desk.forms import LinkForm, PatientForm
from clinic.web.errors import form_again
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.phones import phone_words
from clinic.web.places import local_day
from clinic.web.present import (
    StatusTag,
    Strip,
    StripVisit,
    clock_time,
    day,
    day_with_year,
    full_name,
    sorted_name,
    status_tag,
    strip,
)
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.sentences import sentence
from clinic.web.shell import in_menu, say
from clinic.web.words import lazy

FIND = "desk/find.html"
FORM = "desk/patient_form.html"
PAGE = "desk/patient.html"
MOST_FOUND = 30
NEXT_SHOWN = 8


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A patient in a list."""

    address: str
    name: str
    preferred: str
    record_number: str
    birth: str
    phone: str


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A course on a patient's page."""

    address: str
    name: str
    words: str
    is_running: bool
    strip: Strip


@dataclass(frozen=True, slots=True)
class ComingLine:
    """A visit to come on a patient's page."""

    address: str
    when: str
    what: str
    tag: StatusTag


@dataclass(frozen=True, slots=True)
class PatientPage:
    """A patient as the desk sees one: no clinical word."""

    public_id: str
    name: str
    facts: tuple[tuple[str, str], ...]
    desk_note: str
    courses: tuple[CourseLine, ...]
    coming: tuple[ComingLine, ...]
    more: int
    may_edit: bool
    may_book: bool


@blueprint.route("/patients", methods=["GET", "POST"])
@in_menu(lazy("Patients"), position=30, key="p")
@needs(Permission.SEE_PATIENTS)
def find_patients() -> str:
    """Show the patients found; the words looked for travel in the body, never in the address."""
    here = current_clinic()
    text = request.form.get("q", "").strip()[:80] if request.method == "POST" else ""
    with reading(here.engine) as unit:
        rows = search(unit, text, MOST_FOUND) if text else []
    if text:
        note_look("find_patients", subject="patient", values={"found": len(rows)})
    return render_template(
        FIND,
        text=text,
        lines=[found_line(row) for row in rows],
        is_cut=len(rows) == MOST_FOUND,
        may_add=here.actor.may(Permission.EDIT_PATIENTS),
    )


def found_line(row: PatientRow) -> FoundLine:
    """Return a patient as a list shows one."""
    return FoundLine(
        address=url_for("desk.show_patient", public_id=row.public_id),
        name=sorted_name(row.family, row.given),
        preferred=row.preferred,
        record_number=row.record_number,
        birth=day_with_year(row.birth_on).partition(" ")[2] if row.birth_on else "",
        phone=phone_words(row.phone),
    )


@blueprint.route("/patients/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PATIENTS)
def new_patient() -> Response:
    """Add a patient; one of the same name and birth date is shown before a second is made."""
    form = PatientForm()
    if not form.is_submitted():
        return _form_page(form)
    if not form.validate():
        return form_again(FORM, None, form=form, patient=None, twins=[], fresh=[])
    twins = [] if form.seen.data == _seen(form) else _twins(form)
    if twins:
        form.seen.data = _seen(form)
        answer = _form_page(form, twins)
        answer.status_code = 409
        return answer
    return _save(form, None)


def _form_page(form: PatientForm, twins: list[FoundLine] | None = None) -> Response:
    return make_response(
        render_template(FORM, form=form, patient=None, twins=twins or [], fresh=[], problem=None)
    )


def _seen(form: PatientForm) -> str:
    """Return for which name and birth date the warning was shown."""
    return f"{form.family.data}|{form.given.data}|{form.birth_on.data}"


def _twins(form: PatientForm) -> list[FoundLine]:
    """Return the patients of the same folded name and the same birth date (or none)."""
    with reading(current_clinic().engine) as unit:
        rows = search(unit, f"{form.family.data} {form.given.data or ''}", MOST_FOUND)
    return [found_line(row) for row in rows if row.birth_on == form.birth_on.data]


@blueprint.route("/patients/<public_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_PATIENTS)
def edit_patient(public_id: str) -> Response:
    """Change what is written about a patient."""
    with reading(current_clinic().engine) as unit:
        patient = by_public_id(unit, public_id)
    form = PatientForm() if _is_post() else PatientForm(obj=patient)
    if not form.is_submitted():
        note_look("see_patient", subject="patient", subject_id=patient.id, patient_id=patient.id)
        return make_response(
            render_template(
                FORM, form=form, patient=patient_facts(patient), twins=[], fresh=[], problem=None
            )
        )
    if not form.validate():
        return form_again(FORM, None, form=form, patient=patient_facts(patient), twins=[], fresh=[])
    return _save(form, patient_facts(patient))


def _is_post() -> bool:
    return request.method == "POST"


def _save(form: PatientForm, patient: PatientFacts | None) -> Response:
    try:
        with writing(current_clinic().engine) as unit:
            target = run_once(unit, lambda: _write(unit, form, patient))
    except ClinicError as problem:
        _mark_field(form, problem)
        fresh = _fresh(form, patient, problem)
        return form_again(FORM, problem, form=form, patient=patient, twins=[], fresh=fresh)
    say(gettext("Saved."))
    return see_other(target)


def _fresh(
    form: PatientForm, patient: PatientFacts | None, problem: ClinicError
) -> list[tuple[str, str]]:
    """Return what somebody else has written meanwhile; saving once more then goes over it."""
    if patient is None or problem.code != "patient_changed":
        return []
    with reading(current_clinic().engine) as unit:
        row = by_public_id(unit, patient.public_id)
    form.version.data = str(row.version)
    form.request_key.data = secrets.token_urlsafe(16)
    name = full_name(row.family, row.given, row.preferred)
    return [(gettext("Name"), name), *_facts(row), (gettext("Note"), row.desk_note)]


def _mark_field(form: PatientForm, problem: ClinicError) -> None:
    """Put the sentence of a refused value beside its field."""
    name = problem.values.get("field")
    if isinstance(name, str) and name in form:
        form[name].errors = [*form[name].errors, sentence(problem)]


def _write(unit: Session, form: PatientForm, patient: PatientFacts | None) -> str:
    here, details = current_clinic(), _details(form)
    if patient is None:
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
    row = unit.get_one(Patient, patient.id)
    text = form.version.data or ""
    change_patient(
        unit,
        patient=row,
        details=replace(details, zone=row.zone),
        version=int(text) if text.isdigit() and len(text) < 10 else 0,
        by=here.actor,
        now=here.now,
    )
    return url_for("desk.show_patient", public_id=patient.public_id)


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


@blueprint.get("/patients/<public_id>")
@needs(Permission.SEE_PATIENTS)
def show_patient(public_id: str) -> str:
    """Show a patient: who, courses with strips, visits to come."""
    with reading(current_clinic().engine) as unit:
        patient = by_public_id(unit, public_id)
        page = read_patient_page(unit, patient)
    note_look("see_patient", subject="patient", subject_id=patient.id, patient_id=patient.id)
    return render_template(PAGE, page=page, form=LinkForm(), link=None, problem=None)


def read_patient_page(unit: Session, patient: Patient) -> PatientPage:
    """Return a patient as the desk sees one."""
    here = current_clinic()
    courses = patient_courses(unit, patient_id=patient.id)
    visits = [visit for course in courses for visit in course.visits]
    coming = upcoming([*visits, *single_visits(unit, patient_id=patient.id)], here.now)
    return PatientPage(
        public_id=patient.public_id,
        name=full_name(patient.family, patient.given, patient.preferred),
        facts=tuple(_facts(patient)),
        desk_note=patient.desk_note,
        courses=tuple(_course_line(course, here.now) for course in courses),
        coming=tuple(_coming_line(visit) for visit in coming[:NEXT_SHOWN]),
        more=max(len(coming) - NEXT_SHOWN, 0),
        may_edit=here.actor.may(Permission.EDIT_PATIENTS),
        may_book=here.actor.may(Permission.SCHEDULE),
    )


def _facts(patient: Patient) -> list[tuple[str, str]]:
    birth = day_with_year(patient.birth_on).partition(" ")[2] if patient.birth_on else ""
    no = gettext("not given")
    reminders = gettext("by e-mail") if patient.wants_email and patient.email else gettext("none")
    return [
        (gettext("Record"), patient.record_number),
        (gettext("Birth date"), birth or no),
        (gettext("Phone"), phone_words(patient.phone) or no),
        (gettext("E-mail"), patient.email or no),
        (gettext("Language"), {"en": "English", "es": "Español"}.get(patient.language, no)),
        (gettext("Reminders"), reminders),
    ]


def _course_line(course: CourseFacts, now: datetime) -> CourseLine:
    counted = [visit for visit in course.visits if visit.number]
    done = sum(1 for visit in counted if visit.outcome is not None)
    words = gettext("%(n)s of %(all)s delivered", n=done, all=course.total)
    if counted:
        words += " · " + gettext("finishes %(day)s", day=day(max(v.on for v in counted)))
    return CourseLine(
        address=url_for("schedule.show_course", public_id=course.public_id),
        name=course.name,
        words=words,
        is_running=course.status in RUNNING,
        strip=strip([_mark(visit) for visit in course.visits], today=local_day(now, course.zone)),
    )


def _mark(visit: VisitRow) -> StripVisit:
    return StripVisit(
        on=visit.on,
        status=visit.status,
        outcome=visit.outcome,
        is_make_up=visit.make_up_for_id is not None,
        address=url_for("schedule.board", open=visit.public_id),
    )


def _coming_line(visit: VisitRow) -> ComingLine:
    return ComingLine(
        address=url_for("schedule.board", open=visit.public_id),
        when=f"{day(visit.on)} {clock_time(visit.local_min)}",
        what=" · ".join([visit.kind_label, *visit.where]),
        tag=status_tag(visit.status, is_confirmed=visit.is_confirmed),
    )


@blueprint.post("/patients/<public_id>/link")
@needs(Permission.EDIT_PATIENTS)
def make_link(public_id: str) -> Response:
    """Show a log-in link once: it is good for 30 minutes and for one use, and is kept nowhere."""
    here = current_clinic()
    form = LinkForm()
    if not form.validate():
        return form_again(PAGE, None, page=_page(public_id), form=form, link=None)
    try:
        with writing(here.engine) as unit:
            patient = by_public_id(unit, public_id)
            token = create_login_link(unit, patient=patient, by=here.actor, now=here.now)
    except ClinicError as problem:
        return form_again(PAGE, problem, page=_page(public_id), form=form, link=None)
    link = f"{here.settings.base_url}{url_for('auth.show_link', token=token)}"
    return make_response(
        render_template(PAGE, page=_page(public_id), form=form, link=link, problem=None)
    )


def _page(public_id: str) -> PatientPage:
    with reading(current_clinic().engine) as unit:
        return read_patient_page(unit, by_public_id(unit, public_id))
