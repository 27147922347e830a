"""Booking a single visit: a consult, an extra or a make-up, from a free gap or from nowhere."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.actions.appointments import VisitDraft, book_appointment
from clinic.errors import ClinicError, Conflict, NotFound, RuleBroken
from clinic.models.engine import reading, write
from clinic.models.patients import Patient
from clinic.models.resources import Resource
from clinic.planning.refusals import Refusal
from clinic.planning.visits import PlannedVisit
from clinic.queries.courses import PatientFacts, VisitFacts, patient_facts, read_visit
from clinic.queries.days import SiteChoice, site_choices
from clinic.queries.kinds import KindFrame, kind_frames
from clinic.queries.patients import PatientRow, by_public_id, search
from clinic.queries.proposals import propose_visit
from clinic.queries.resources import ids_at_site
from clinic.rules.appointments import Status
from clinic.rules.permissions import Permission
from clinic.web.errors import form_again
from clinic.web.fields import fill_day, fill_time, minute_of, time_of
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.places import asked_day, chosen_site, local_day
from clinic.web.present import day, full_name
from clinic.web.requests import current_clinic, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import VisitForm
from clinic.web.schedule.reasons import problem_words, refusal_words
from clinic.web.schedule.times import Offer, Wanted, next_best, shown_times, times_on
from clinic.web.schedule.undo import Done, do_once, done_to, say_undoable

PAGE = "schedule/new_visit.html"


@dataclass(frozen=True, slots=True)
class VisitAid:
    """What the form shows beside its fields: who it is for, what can be had, what is in the way."""

    patient: PatientFacts | None
    name: str
    found: list[PatientRow]
    looked: bool
    may_add: bool
    makes_up: str
    beside: str
    day_words: str
    times: list[Offer]
    best: list[Offer]
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Order:
    """A visit that is to be booked, with all that booking it needs."""

    patient: PatientFacts
    patient_resource_id: int
    site: SiteChoice
    wanted: Wanted
    to: PlannedVisit | Refusal
    kind: KindFrame
    missed: VisitFacts | None


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.SCHEDULE)
def new_visit() -> Response:
    """Book one visit; every button but "Book" only fills the form further."""
    form = VisitForm()
    if not form.is_submitted():
        _prefill(form)
        return _page(form)
    _fill_choices(form)
    if request.form.get("do") != "book":
        _take_pick(form)
        return _page(form)
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
    return make_response(render_template(PAGE, form=form, aid=aid, problem=None))


def _prefill(form: VisitForm) -> None:
    """Fill the form from the address: a gap of the board, a patient, or a visit to make up."""
    here = current_clinic()
    sites, kinds = _fill_choices(form)
    form.patient.data = request.args.get("patient", "")
    form.makes_up.data = request.args.get("makes_up", "")
    form.beside.data = request.args.get("with", "")
    form.kind.data = request.args.get("kind") or next(iter(kinds), "")
    with reading(here.engine) as unit:
        missed = _missed(unit, form)
        if missed is not None:
            _prefill_make_up(form, missed)
            return
    site = chosen_site(sites)
    form.site.data = site.key
    form.on.data = asked_day(local_day(here.now, site.zone))
    if request.args.get("at"):
        with suppress(ValueError):  # an address is no form: a time that is none is left out
            fill_time(form.at, request.args["at"])


def _prefill_make_up(form: VisitForm, missed: VisitFacts) -> None:
    """Propose the day after the phase's last visit, at the visit's own hour."""
    visits = missed.course.visits if missed.course else ()
    last = max((v.on for v in visits if v.phase == missed.visit.phase and v.number), default=None)
    today = local_day(current_clinic().now, missed.visit.zone)
    form.patient.data = missed.patient.public_id
    form.site.data = missed.site_key
    form.kind.data = missed.visit.kind_key
    form.place.data = missed.visit.place
    form.on.data = _next_weekday(max(last or today, today))
    form.at.data = time_of(missed.visit.local_min)


def _next_weekday(on: date) -> date:
    following = on + timedelta(days=1)
    return following + timedelta(days=(7 - following.weekday()) if following.weekday() > 4 else 0)


def _fill_choices(form: VisitForm) -> tuple[list[SiteChoice], list[str]]:
    """Offer the sites and kinds of visit; return the sites and the keys of the kinds."""
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, sites_here())
        kinds = kind_frames(unit)
    if not sites:
        raise NotFound("no_such_thing")
    form.site.choices = [SelectChoice(site.key, site.name) for site in sites]
    form.kind.choices = [
        SelectChoice(
            key, f"{frame.visit_kind.staff_label} ({frame.visit_kind.default_length_min} min)"
        )
        for key, frame in kinds.items()
    ]
    return sites, list(kinds)


def _take_pick(form: VisitForm) -> None:
    """Put what a button chose into the form: a patient found, or a time offered."""
    if request.form.get("choose"):
        form.patient.data = request.form["choose"]
        form.q.data = ""
    if request.form.get("do") == "other":
        form.patient.data = form.q.data = ""
    on, found, at = request.form.get("pick", "").partition("T")
    if found:
        fill_day(form.on, on)
        fill_time(form.at, at)


def _missed(unit: Session, form: VisitForm) -> VisitFacts | None:
    """Return the visit that is made up for, None for an ordinary one."""
    if not form.makes_up.data:
        return None
    return read_visit(unit, public_id=form.makes_up.data, site_ids=sites_here())


def _aid(form: VisitForm, problem: ClinicError | None = None) -> VisitAid:
    here = current_clinic()
    with reading(here.engine) as unit:
        patient = _patient(unit, form)
        missed = _missed(unit, form)
        site = _site(unit, form)
        found = [] if patient or not form.q.data else search(unit, form.q.data)
        times, best = _times(unit, form, patient, missed, site, problem)
        reasons = [] if problem is None else _reasons(unit, form, problem, site)
        beside = _beside(unit, form)
    return VisitAid(
        patient=None if patient is None else patient_facts(patient),
        name="" if patient is None else full_name(patient.family, patient.given, patient.preferred),
        found=found,
        looked=bool(form.q.data),
        may_add=here.actor.may(Permission.EDIT_PATIENTS),
        makes_up="" if missed is None else day(missed.visit.on),
        beside="" if beside is None else beside.name,
        day_words=day(form.on.data) if form.on.data else "",
        times=times,
        best=best,
        reasons=reasons,
    )


def _patient(unit: Session, form: VisitForm) -> Patient | None:
    return by_public_id(unit, form.patient.data) if form.patient.data else None


def _site(unit: Session, form: VisitForm) -> SiteChoice:
    return chosen_site(site_choices(unit, sites_here()), form.site.data)


def _beside(unit: Session, form: VisitForm) -> Resource | None:
    """Return the device, room or person whose column was clicked, if it is at the chosen site."""
    if not form.beside.data:
        return None
    here = ids_at_site(unit, _site(unit, form).id)
    return unit.scalar(
        select(Resource).where(Resource.key == form.beside.data, Resource.id.in_(here))
    )


def _wanted(
    form: VisitForm, patient: Patient | None, missed: VisitFacts | None, site: SiteChoice
) -> Wanted:
    is_same_kind = missed is not None and missed.visit.kind_key == form.kind.data
    course = missed.course if missed else None
    return Wanted(
        kind_key=form.kind.data or "",
        site=site.frame,
        patient_id=None if patient is None else patient.id,
        place=form.place.data or "room",
        length_min=missed.visit.length_min if missed and is_same_kind else None,
        device_tags=course.device_tags if course else frozenset(),
    )


def _times(
    unit: Session,
    form: VisitForm,
    patient: Patient | None,
    missed: VisitFacts | None,
    site: SiteChoice,
    problem: ClinicError | None,
) -> tuple[list[Offer], list[Offer]]:
    """Return the day's free times, and the three next best when a time was refused."""
    if form.on.data is None or not form.kind.data or patient is None:
        return [], []
    wanted, now = _wanted(form, patient, missed, site), current_clinic().now
    times = shown_times(form.on.data, times_on(unit, wanted, form.on.data, now=now))
    at = minute_of(form.at.data)
    if problem is None or at is None:
        return times, []
    return times, next_best(unit, wanted, form.on.data, at, now=now)


def _reasons(unit: Session, form: VisitForm, problem: ClinicError, site: SiteChoice) -> list[str]:
    if problem.code != "time_not_free":
        return [problem_words(problem, site.zone)]
    to = _order(unit, form).to
    return refusal_words(unit, to) if isinstance(to, Refusal) else []


def _order(unit: Session, form: VisitForm) -> Order:
    """Plan the visit that the form asks for."""
    patient, missed, site = _patient(unit, form), _missed(unit, form), _site(unit, form)
    if patient is None:
        raise RuleBroken("patient_not_chosen")
    if form.on.data is None or form.at.data is None:
        raise RuleBroken("time_not_chosen")
    if missed is not None and missed.patient.id != patient.id:
        raise NotFound("no_such_thing")
    wanted = _wanted(form, patient, missed, site)
    beside = _beside(unit, form)
    to = propose_visit(
        unit,
        patient_id=patient.id,
        kind_key=wanted.kind_key,
        site=wanted.site,
        on=form.on.data,
        start_min=minute_of(form.at.data) or 0,
        place=wanted.place,
        length_min=wanted.length_min,
        device_tags=wanted.device_tags,
        prefer_resource_id=None if beside is None else beside.id,
    )
    if isinstance(to, PlannedVisit) and missed is not None:
        to = replace(to, step_key=missed.visit.step_key or "", phase=missed.visit.phase or "")
    return Order(
        patient=patient_facts(patient),
        patient_resource_id=patient.resource_id,
        site=site,
        wanted=wanted,
        to=to,
        kind=kind_frames(unit)[wanted.kind_key],
        missed=missed,
    )


def _book(form: VisitForm) -> Done:
    here = current_clinic()
    with reading(here.engine) as unit:
        order = _order(unit, form)
    return write(here.engine, lambda unit: do_once(unit, lambda: _carry_out(unit, order)))


def _draft(order: Order, visit: PlannedVisit) -> VisitDraft:
    course_id = order.missed.visit.course_id if order.missed else None
    return VisitDraft(
        visit=visit,
        site=order.site.frame,
        patient_id=order.patient.id,
        patient_resource_id=order.patient_resource_id,
        kind=order.kind,
        course_id=course_id,
        status=Status.BOOKED,
        make_up_for_id=order.missed.visit.id if order.missed else None,
    )


def _carry_out(unit: Session, order: Order) -> Done:
    """Book the visit; inside `do_once`, so that a form sent twice finds its first answer."""
    here = current_clinic()
    if isinstance(order.to, Refusal):
        raise Conflict("time_not_free")
    made = book_appointment(unit, draft=_draft(order, order.to), by=here.actor, now=here.now)
    return done_to(unit, url_for("schedule.board", open=made.public_id), made)
