"""Booking a single visit: a session of a course, a make-up, a consult, from a gap or nowhere."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.actions.appointments import VisitDraft, book_appointment
from clinic.errors import ClinicError, Conflict, NotFound, RuleBroken
from clinic.models.engine import reading, write
from clinic.planning.refusals import Refusal
from clinic.planning.visits import PlannedVisit
from clinic.queries.courses import PatientFacts, VisitFacts, patient_facts, read_course
from clinic.queries.days import site_choices
from clinic.queries.openings import read_openings
from clinic.queries.patients import PatientRow, search
from clinic.rules.appointments import Outcome, Status
from clinic.rules.permissions import Permission
from clinic.web.errors import form_again
from clinic.web.fields import fill_day, fill_time, minute_of, time_of
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.phones import phone_words
from clinic.web.places import asked_day, local_day
from clinic.web.present import clock_time, day, full_name, minutes_long
from clinic.web.requests import current_clinic, see_other, wants_fragment
from clinic.web.schedule.asked import COURSE, Asked, CourseChoice, read_asked
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import VisitForm
from clinic.web.schedule.reasons import problem_words, refusal_words
from clinic.web.schedule.times import (
    Search,
    Times,
    course_problem,
    find_times,
    is_grantable,
    opening_date,
    read_search,
)
from clinic.web.schedule.undo import Done, do_once, done_to, say_undoable

PAGE = "schedule/new_visit.html"
TIMES = "schedule/_times.html"


@dataclass(frozen=True, slots=True)
class VisitAid:
    """What the form shows beside its fields: who it is for, what can be had, what is in the way.

    `tells_of_courses`: no course of the patient has a session left to book, and that is said.
    """

    patient: PatientFacts | None
    name: str
    phone: str
    patient_address: str
    found: list[PatientRow]
    looked: bool
    may_add: bool
    makes_up: str
    beside: str
    times: Times | None
    reasons: list[str]
    may_grant: bool
    tells_of_courses: bool


@dataclass(frozen=True, slots=True)
class Order:
    """A visit that is to be booked, with all that booking it needs."""

    asked: Asked
    to: PlannedVisit | Refusal
    draft: VisitDraft | None


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.SCHEDULE)
def new_visit() -> Response:
    """Book one visit; every button but "Book" only fills the form further."""
    form = VisitForm()
    if not form.is_submitted():
        _prefill(form)
        return _page(form)
    if request.form.get("do") != "book":
        _take_pick(form)
        return _page(form)
    with reading(current_clinic().engine) as unit:
        _fill_choices(form, read_asked(unit, form))
    if not form.validate():
        return form_again(PAGE, None, form=form, aid=_aid(form))
    try:
        made = _book(form)
    except ClinicError as problem:
        return form_again(PAGE, problem, form=form, aid=_aid(form, problem))
    say_undoable(gettext("Booked."), made)
    return see_other(made.target)


def _page(form: VisitForm) -> Response:
    aid = _aid(form)
    note_look(
        "find_for_visit",
        subject="patient",
        patient_id=None if aid.patient is None else aid.patient.id,
        values={"found": len(aid.found)},
    )
    if wants_fragment():
        return make_response(render_template(TIMES, form=form, aid=aid))
    return make_response(render_template(PAGE, form=form, aid=aid, problem=None))


def _prefill(form: VisitForm) -> None:
    """Fill the form from the address: a gap of the board, a patient, a course, a visit to make up.

    A session of a course opens on the first date that is free near its usual hour.
    """
    here, given = current_clinic(), request.args
    form.patient.data = given.get("patient", "")
    form.makes_up.data = given.get("makes_up", "")
    form.beside.data = given.get("with", "")
    form.kind.data = given.get("kind", "")
    form.site.data = given.get("site", "")
    with reading(here.engine) as unit:
        _prefill_course(unit, form, given.get("course", ""))
        asked = _asked_first(unit, form)
        today = local_day(here.now, asked.site.zone)
        form.on.data = asked_day(today)
        if given.get("at"):
            with suppress(ValueError):  # an address is no form: a time that is none is left out
                fill_time(form.at, given["at"])
        elif asked.wanted is not None and asked.wanted.fit is not None:
            _open_on_first_date(unit, form, asked, today)


def _prefill_course(unit: Session, form: VisitForm, public_id: str) -> None:
    """Take patient, site and place from the course or from the visit that is made up for."""
    if public_id:
        course = read_course(unit, public_id=public_id, site_ids=sites_here())
        form.patient.data = course.patient.public_id
        sites = site_choices(unit, sites_here())
        form.site.data = next(site.key for site in sites if site.id == course.site_id)
        form.kind.data = f"{COURSE}{course.public_id}"
    if form.makes_up.data:
        asked = read_asked(unit, form)
        if asked.missed is not None:
            form.patient.data = asked.missed.patient.public_id
            form.site.data = asked.missed.site_key
            form.place.data = asked.missed.visit.place


def _asked_first(unit: Session, form: VisitForm) -> Asked:
    """Return what the form asks for, the first kind of its choices chosen where none was."""
    asked = read_asked(unit, form)
    keys = [choice.value for choice in _kinds(asked)]
    form.site.data = asked.site.key
    if form.kind.data not in keys:
        form.kind.data = keys[0] if keys and (asked.missed or asked.courses) else ""
        asked = read_asked(unit, form)
    return asked


def _open_on_first_date(unit: Session, form: VisitForm, asked: Asked, today: date) -> None:
    """Put the first free date near the usual hour into the form."""
    if asked.wanted is None:
        return
    search = read_search(unit, asked.wanted, on=None, from_on=today, now=current_clinic().now)
    found = opening_date(search, asked.usual_min)
    if found is not None:
        form.on.data, form.at.data = found[0], time_of(found[1])


def _take_pick(form: VisitForm) -> None:
    """Put what a button chose into the form: a patient found, or a time offered."""
    if request.form.get("choose"):
        form.patient.data = request.form["choose"]
        form.q.data = ""
    if request.form.get("do") == "other":
        form.patient.data = form.q.data = form.kind.data = ""
    on, found, at = request.form.get("pick", "").partition("T")
    if found:
        fill_day(form.on, on)
        fill_time(form.at, at)


def _kinds(asked: Asked) -> list[SelectChoice]:
    """Return what can be booked: the next session of a course, then kinds that need no course."""
    if asked.missed is not None:
        visit = asked.missed.visit
        return [SelectChoice(visit.kind_key, _with_length(visit.kind_label, visit.length_min))]
    single = [
        SelectChoice(key, _with_length(kind.staff_label, kind.default_length_min))
        for key, frame in asked.kinds.items()
        if not (kind := frame.visit_kind).counts_as_delivered
    ]
    return [*(_course_choice(one, asked) for one in asked.courses), *single]


def _course_choice(one: CourseChoice, asked: Asked) -> SelectChoice:
    kind = asked.kinds[one.session.kind_key].visit_kind
    words = _with_length(kind.staff_label, one.session.length_min)
    return SelectChoice(one.key, f"{words}: {one.fit.name}")


def _with_length(label: str, length_min: int) -> str:
    return f"{label} ({minutes_long(length_min)})"


def _aid(form: VisitForm, problem: ClinicError | None = None) -> VisitAid:
    here = current_clinic()
    with reading(here.engine) as unit:
        asked = _asked_first(unit, form) if form.patient.data else read_asked(unit, form)
        patient, missed = asked.patient, asked.missed
        found = [] if patient or not form.q.data else search(unit, form.q.data)
        search_ = _search(unit, form, asked)
        times = None if search_ is None else _times(search_, form, asked, problem)
        reasons = [] if problem is None else _reasons(unit, form, asked, problem, search_)
        may_grant = _may_grant(form, asked, search_)
    _fill_choices(form, asked)
    facts = None if patient is None else patient_facts(patient)
    return VisitAid(
        patient=facts,
        name="" if facts is None else full_name(facts.family, facts.given, facts.preferred),
        phone="" if facts is None else phone_words(facts.phone),
        patient_address=""
        if facts is None
        else url_for("desk.show_patient", public_id=facts.public_id),
        found=found,
        looked=bool(form.q.data),
        may_add=here.actor.may(Permission.EDIT_PATIENTS),
        makes_up="" if missed is None else _instead_of(missed),
        beside="" if asked.beside is None else asked.beside.name,
        times=times,
        reasons=reasons,
        may_grant=may_grant,
        tells_of_courses=facts is not None and missed is None and not asked.courses,
    )


def _fill_choices(form: VisitForm, asked: Asked) -> None:
    """Offer the sites and what can be booked; a kind that is none of them leads to a refusal."""
    form.site.choices = [SelectChoice(site.key, site.name) for site in asked.sites]
    kinds = _kinds(asked)
    first = [] if asked.missed else [SelectChoice("", gettext("Choose the kind of visit"))]
    form.kind.choices = [*first, *kinds]


def _instead_of(missed: VisitFacts) -> str:
    visit = missed.visit
    return f"{day(visit.on)} {clock_time(visit.local_min)}"


def _search(unit: Session, form: VisitForm, asked: Asked) -> Search | None:
    """Return the openings that the form looks at; None while it is not known for what."""
    now = current_clinic().now
    if asked.wanted is None:
        return None
    today = local_day(now, asked.site.zone)
    on = form.on.data
    from_on = today if asked.wanted.fit is not None or on is None else max(today, on)
    return read_search(unit, asked.wanted, on=on, from_on=from_on, now=now)


def _times(search_: Search, form: VisitForm, asked: Asked, problem: ClinicError | None) -> Times:
    at = minute_of(form.at.data)
    hour = at if asked.usual_min is None else asked.usual_min
    return find_times(search_, form.on.data, at, hour=hour, is_refused=problem is not None)


def _may_grant(form: VisitForm, asked: Asked, search_: Search | None) -> bool:
    """Say whether who asks is offered to allow a second session that day."""
    may = current_clinic().actor.may_at(Permission.OVERRIDE, asked.site.id)
    if not may or search_ is None or form.on.data is None:
        return False
    return is_grantable(search_.around, form.on.data, minute_of(form.at.data))


def _reasons(
    unit: Session,
    form: VisitForm,
    asked: Asked,
    problem: ClinicError,
    search_: Search | None,
) -> list[str]:
    if problem.code != "time_not_free":
        return [problem_words(problem, asked.site.zone)] if "quantum" in problem.values else []
    at = minute_of(form.at.data)
    if search_ is None or form.on.data is None or at is None:
        return []
    to = search_.around.visit_at(form.on.data, at)
    return refusal_words(unit, to) if isinstance(to, Refusal) else []


def _order(unit: Session, form: VisitForm) -> Order:
    """Plan the visit that the form asks for."""
    asked = read_asked(unit, form)
    if asked.patient is None:
        raise RuleBroken("patient_not_chosen")
    if form.on.data is None or form.at.data is None:
        raise RuleBroken("time_not_chosen")
    if asked.wanted is None:
        is_course = (form.kind.data or "").startswith(COURSE)
        raise Conflict("course_all_booked") if is_course else NotFound("visit_kind_unknown")
    _check_lost(asked.missed)
    on, now = form.on.data, current_clinic().now
    days = read_openings(unit, asked.wanted, from_on=on, until_on=on, now=now)
    beside = None if asked.beside is None else asked.beside.id
    at = minute_of(form.at.data) or 0
    to = days.visit_at(on, at, prefer_resource_id=beside)
    problem = course_problem(days, on, at)
    if problem is not None and isinstance(to, Refusal):
        raise problem
    return Order(asked, to, _draft(asked, to))


def _check_lost(missed: VisitFacts | None) -> None:
    """Raise Conflict where the visit to make up for is, by now, one that counts."""
    if missed is None:
        return
    visit = missed.visit
    is_lost = visit.status in (Status.NOSHOW, Status.CANCELLED)
    if not is_lost and visit.outcome is not Outcome.NOT_TREATED:
        raise Conflict("missed_settled")


def _draft(asked: Asked, to: PlannedVisit | Refusal) -> VisitDraft | None:
    if isinstance(to, Refusal) or asked.patient is None or asked.wanted is None:
        return None
    return VisitDraft(
        visit=to,
        site=asked.site.frame,
        patient_id=asked.patient.id,
        patient_resource_id=asked.patient.resource_id,
        kind=asked.kinds[asked.wanted.kind_key],
        course_id=asked.course_id,
        status=Status.BOOKED,
        make_up_for_id=asked.make_up_for_id,
    )


def _book(form: VisitForm) -> Done:
    here = current_clinic()
    with reading(here.engine) as unit:
        order = _order(unit, form)
    second = bool(form.second.data)
    return write(here.engine, lambda unit: do_once(unit, lambda: _carry_out(unit, order, second)))


def _carry_out(unit: Session, order: Order, second: bool) -> Done:
    """Book the visit; inside `do_once`, so that a form sent twice finds its first answer."""
    here = current_clinic()
    if order.draft is None:
        raise Conflict("time_not_free")
    made = book_appointment(
        unit, draft=order.draft, by=here.actor, now=here.now, is_second_allowed=second
    )
    return done_to(unit, url_for("schedule.board", open=made.public_id), made)
