"""Patients at the desk: find them, look at one, and make a log-in link to hand over."""

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext

from clinic.actions.accounts import create_login_link
from clinic.actions.sessions import keep_search
from clinic.clock import machine_now
from clinic.errors import ClinicError
from clinic.models.engine import reading, writing
from clinic.queries.accounts import words_of_search
from clinic.queries.definitions import policies_or_starter
from clinic.queries.patients import by_public_id, running_courses, search
from clinic.rules.messages import link_life
from clinic.rules.permissions import Permission
from clinic.web.desk.blueprint import blueprint
from clinic.web.desk.forms import LinkForm
from clinic.web.desk.patient_pages import (
    FoundLine,
    HandedLink,
    PatientPage,
    found_lines,
    minutes_of,
    read_patient_page,
)
from clinic.web.errors import form_again
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.qr import qr_svg
from clinic.web.requests import current_clinic, login_hash, see_other
from clinic.web.shell import SEARCH_ENDPOINT as SEARCH
from clinic.web.shell import in_menu
from clinic.web.words import lazy

FIND = "desk/find.html"
PAGE = "desk/patient.html"
MOST_FOUND = 30
TEXT_MOST = 80


@blueprint.route("/patients", methods=["GET", "POST"])
@in_menu(lazy("Patients"), position=30, key="p")
@needs(Permission.SEE_PATIENTS)
def find_patients() -> Response:
    """Show the patients found; the words looked for stand neither in the address nor in a cookie.

    They are kept with the log-in, so that the way back from a patient leads to what was found.
    """
    if request.method == "POST":
        return _look_for(_storable(request.form.get("q", "")))
    here = current_clinic()
    with reading(here.engine) as unit:
        key = request.args.get("look", "")
        text = words_of_search(unit, key=key, token_hash=login_hash()) if key else ""
        rows = search(unit, text, MOST_FOUND + 1) if text else []
        shown = rows[:MOST_FOUND]
        courses = running_courses(
            unit, patient_ids=[row.id for row in shown], site_ids=sites_here()
        )
    if text:
        note_look("find_patients", subject="patient", values={"found": len(shown)})
    lines = found_lines(shown, courses)
    page = render_template(
        FIND, problem=None, **_context(text, lines, is_cut=len(rows) > MOST_FOUND)
    )
    return make_response(page)


def _look_for(words: str) -> Response:
    """Keep what is looked for and lead to the list that it finds."""
    if not words:
        return see_other(url_for(SEARCH))
    try:
        with writing(current_clinic().engine) as unit:
            key = keep_search(unit, token_hash=login_hash(), words=words, machine_at=machine_now())
    except ClinicError as problem:
        return form_again(FIND, problem, **_context(words, [], is_cut=False))
    return see_other(url_for(SEARCH, look=key))


def _context(text: str, lines: list[FoundLine], *, is_cut: bool) -> dict[str, object]:
    by = current_clinic().actor
    return {
        "text": text,
        "lines": lines,
        "is_cut": is_cut,
        "may_add": by.may(Permission.EDIT_PATIENTS),
        "may_import": by.may(Permission.IMPORT_PATIENTS),
    }


def _storable(text: str) -> str:
    """Return what was typed without the characters that no name and no database holds."""
    return "".join(one if one.isprintable() else " " for one in text).strip()[:TEXT_MOST]


@blueprint.get("/patients/<public_id>")
@needs(Permission.SEE_PATIENTS)
def show_patient(public_id: str) -> str:
    """Show a patient: who, courses with strips, visits to come."""
    here = current_clinic()
    with reading(here.engine) as unit:
        patient = by_public_id(unit, public_id)
        page = read_patient_page(unit, patient, by=here.actor, now=here.now)
    note_look("see_patient", subject="patient", subject_id=patient.id, patient_id=patient.id)
    return render_template(PAGE, page=page, form=LinkForm(), link=None, problem=None)


@blueprint.post("/patients/<public_id>/link")
@needs(Permission.EDIT_PATIENTS)
def make_link(public_id: str) -> Response:
    """Show a log-in link once: it is good for some minutes and for one use, and is kept nowhere."""
    here = current_clinic()
    form = LinkForm()
    if not form.validate():
        return form_again(PAGE, None, page=_page(public_id), form=form, link=None)
    try:
        with writing(here.engine) as unit:
            patient = by_public_id(unit, public_id)
            token = create_login_link(unit, patient=patient, by=here.actor, now=here.now)
            life = link_life(policies_or_starter(unit))
    except ClinicError as problem:
        return form_again(PAGE, problem, page=_page(public_id), form=form, link=None)
    address = f"{here.settings.base_url}{url_for('auth.show_link', token=token)}"
    code = qr_svg(address, title=gettext("Log-in link as a QR code"))
    link = HandedLink(address, minutes_of(life), code)
    return make_response(
        render_template(PAGE, page=_page(public_id), form=form, link=link, problem=None)
    )


def _page(public_id: str) -> PatientPage:
    here = current_clinic()
    with reading(here.engine) as unit:
        return read_patient_page(unit, by_public_id(unit, public_id), by=here.actor, now=here.now)
