"""Planning a course and booking it: wishes, the plans side by side, then one of them in one go."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.actions.courses import book_course
from clinic.errors import ClinicError, Conflict, NotFound
from clinic.models.engine import reading, write
from clinic.models.patients import Patient
from clinic.models.sites import Site
from clinic.queries.availability import SiteFrame, frame_of, read_resources
from clinic.queries.courses import PatientFacts, course_again, patient_facts
from clinic.queries.definitions import policies, protocols, visit_kinds
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import Proposal, propose_course
from clinic.queries.undos import booking_of
from clinic.rules.pencils import lapse_day
from clinic.rules.permissions import Permission
from clinic.rules.visit_kinds import followed_pools
from clinic.web.errors import form_again
from clinic.web.guard import needs
from clinic.web.places import local_day
from clinic.web.present import birth_day, full_name
from clinic.web.requests import (
    CurrentClinic,
    answered_before,
    current_clinic,
    see_other,
    wants_fragment,
)
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.plan_forms import (
    OPEN_DAYS,
    PlanForm,
    digest,
    plan_form,
    treatment_groups,
    treatment_key,
    treatment_of,
    wished,
)
from clinic.web.schedule.plan_pages import PlanView, explained, plan_view
from clinic.web.schedule.reasons_view import with_allowed
from clinic.web.schedule.repeats import REPEATS, offer_repeats, repeated_reference
from clinic.web.shell import under
from clinic.web.telling import untold_words
from clinic.web.undoable import Done, do_once, done, say_undoable

PAGE = "schedule/plan.html"
BOOK, PENCIL = "book", "pencil"


@dataclass(frozen=True, slots=True)
class Pressed:
    """The button that was pressed: what to do, and the plan it stood under, "" for none."""

    verb: str
    plan: str

    @classmethod
    def read(cls, text: str) -> "Pressed":
        """Return what the button's value says, for example "book:" and the mark of its plan."""
        verb, _, plan = text.partition(":")
        return cls(verb, plan)

    @property
    def wants_booking(self) -> bool:
        """Say whether a plan is to be booked or pencilled."""
        return self.verb in (BOOK, PENCIL)


@blueprint.route("/plan/<patient>", methods=["GET", "POST"])
@under("desk.find_patients")
@needs(Permission.SCHEDULE)
def plan_course(patient: str) -> Response:
    """Ask for the wishes, show the plan, and book it when asked to."""
    here = current_clinic()
    with reading(here.engine) as unit:
        facts = _patient(unit, patient)
        if request.method == "GET":
            return _page(_begun(unit, facts, here), facts, None)
        form = _sent(unit)
        sites = _fill_choices(unit, form, here, facts)
        if wants_fragment():
            return make_response(render_template("schedule/_phases.html", form=form))
        if not form.validate() or _is_over(form, sites, here):
            return form_again(PAGE, None, **_context(form, facts, None))
        pressed = Pressed.read(request.form.get("do", ""))
        known = answered_before(unit) if pressed.wants_booking else None
        if known is not None:
            made = Done.read(known)
            say_undoable(gettext("Booked."), made)
            return see_other(made.target)
        proposal = _propose(unit, form, facts, sites)
        view = _view(unit, proposal, here)
    if not pressed.wants_booking:
        return _page(form, facts, explained(proposal, view))
    offer = next((one for one in proposal.offers if digest(one.plan) == pressed.plan), None)
    if offer is None:
        changed = Conflict("plan_changed")
        return form_again(PAGE, changed, **_context(form, facts, explained(proposal, view)))
    until = view.lapses_on if pressed.verb == PENCIL else None
    return _book(here, form, facts, proposal.with_plan(offer), until)


def _sent(unit: Session) -> PlanForm:
    """Return the form as it was sent, with the phases of the treatment that was chosen."""
    treatment = treatment_of(request.form.get("protocol", ""), protocols(unit))
    return plan_form(treatment, visit_kinds(unit))(formdata=with_allowed(request.form))


def _is_over(form: PlanForm, sites: dict[str, SiteFrame], here: CurrentClinic) -> bool:
    """Say at its field that the first day is over, if it is: a slip in the year books nothing."""
    if form.wishes().start_on >= local_day(here.now, sites[form.site.data].zone):
        return False
    form.start_on.errors = [gettext("This day is over. Give today or a later day.")]
    return True


def _begun(unit: Session, facts: PatientFacts, here: CurrentClinic) -> PlanForm:
    """Return a fresh form: today and every open day, or what was wished for a course before."""
    again = request.args.get("again", "")
    course = course_again(unit, public_id=again, patient_id=facts.id) if again else None
    if course is None:
        form = PlanForm(weekdays=list(OPEN_DAYS), start_on=birth_day(here.now.date()))
        _fill_choices(unit, form, here, facts)
        return form
    treatment = treatment_key(course.protocol_key, course.variant)
    form = plan_form(treatment_of(treatment, protocols(unit)), visit_kinds(unit))()
    form.protocol.data = treatment
    sites = _fill_choices(unit, form, here, facts)
    form.site.data = next(
        (key for key, one in sites.items() if one.id == course.site_id), form.site.data
    )
    for name, value in {**wished(course.wishes), REPEATS: course.repeats}.items():
        if name in form:
            form[name].data = value
    return form


def _book(
    here: CurrentClinic,
    form: PlanForm,
    facts: PatientFacts,
    proposal: Proposal,
    pencilled_until: date | None,
) -> Response:
    """Book the plan; what was lost to somebody else is shown with fresh plans, nothing is lost."""

    def book(unit: Session) -> Done:
        course = book_course(
            unit,
            order=proposal.order,
            plan=proposal.plan,
            kinds=proposal.kinds,
            by=here.actor,
            now=here.now,
            pencilled_until=pencilled_until,
        )
        target = url_for("schedule.show_course", public_id=course.public_id)
        return done(unit, target, booking_of(unit, course.id))

    try:
        made = write(here.engine, lambda unit: do_once(unit, lambda: book(unit)))
    except ClinicError as problem:
        return _lost(here, form, facts, problem)
    say_undoable(_booked_words(here, facts, proposal, pencilled_until), made)
    return see_other(made.target)


def _booked_words(
    here: CurrentClinic, facts: PatientFacts, proposal: Proposal, pencilled_until: date | None
) -> str:
    values = {"n": len(proposal.plan.visits)}
    if pencilled_until is not None:
        return gettext("%(n)s visits pencilled.", **values)
    with reading(here.engine) as unit:
        untold = untold_words(unit, patient_id=facts.id)
    return " ".join(filter(None, [gettext("%(n)s visits booked.", **values), untold]))


def _lost(
    here: CurrentClinic, form: PlanForm, facts: PatientFacts, problem: ClinicError
) -> Response:
    """Answer with the form still filled, what is in the way, and the plans as they are now."""
    with reading(here.engine) as unit:
        sites = _fill_choices(unit, form, here, facts)
        proposal = _propose(unit, form, facts, sites)
        view = _view(unit, proposal, here)
    return form_again(PAGE, problem, **_context(form, facts, explained(proposal, view)))


def _patient(unit: Session, public_id: str) -> PatientFacts:
    found = unit.scalar(select(Patient).where(Patient.public_id == public_id))
    if found is None:
        raise NotFound("no_such_thing")
    return patient_facts(found)


def _fill_choices(
    unit: Session, form: PlanForm, here: CurrentClinic, facts: PatientFacts
) -> dict[str, SiteFrame]:
    """Offer sites, protocols in force and courses to repeat; return one's own sites by key."""
    allowed = here.actor.sites_with(Permission.SCHEDULE)
    rows = [
        site
        for site in unit.scalars(select(Site).order_by(Site.id))
        if allowed is None or site.id in allowed
    ]
    form.site.choices = [SelectChoice(site.key, site.name) for site in rows]
    form.protocol.choices = treatment_groups(protocols(unit))
    treatment = treatment_of(str(form.protocol.data or ""), protocols(unit))
    if treatment is not None:
        offer_repeats(unit, form, treatment, facts.id)
    form.prefers.choices = _whom(unit, rows)
    return {site.key: frame_of(site) for site in rows}


def _whom(unit: Session, sites: Iterable[Site]) -> dict[str, list[SelectChoice]]:
    """Return the devices and therapists that courses follow, by site; "" is anybody."""
    pools = followed_pools(one.visit_kind for one in kind_frames(unit).values())
    found = {"": [SelectChoice("", gettext("whoever is free"))]}
    for site in sites:
        things = read_resources(
            unit, site_id=site.id, on=local_day(current_clinic().now, site.zone)
        )
        found[site.name] = [
            SelectChoice(str(one.id), one.name)
            for one in sorted(things.values(), key=lambda one: (one.kind is None, one.name))
            if pools & {one.kind, *one.qualifications}
        ]
    return found


def _propose(
    unit: Session, form: PlanForm, facts: PatientFacts, sites: dict[str, SiteFrame]
) -> Proposal:
    key, variant = form.treatment()
    return propose_course(
        unit,
        patient_id=facts.id,
        protocol_key=key,
        variant=variant,
        repeats=repeated_reference(form),
        site=sites[form.site.data],
        wishes=form.wishes(),
        is_choice=True,
        now=current_clinic().now,
    )


def _view(unit: Session, proposal: Proposal, here: CurrentClinic) -> PlanView:
    order = proposal.order
    resources = read_resources(unit, site_id=order.site.id, on=order.start_on)
    names = {one.id: one.name for one in resources.values()}
    today = local_day(here.now, order.site.zone)
    first_on = min((visit.on for visit in proposal.plan.visits), default=today)
    return plan_view(proposal, names, today, lapse_day(policies(unit), today, first_on))


def _page(form: PlanForm, facts: PatientFacts, view: PlanView | None) -> Response:
    return make_response(render_template(PAGE, problem=None, **_context(form, facts, view)))


def _context(form: PlanForm, facts: PatientFacts, view: PlanView | None) -> dict[str, object]:
    if not form.weekdays.data:  # no day ticked is no wish: shown as what it means
        form.weekdays.data = list(OPEN_DAYS)
    return {
        "form": form,
        "patient": facts,
        "name": full_name(facts.family, facts.given, facts.preferred),
        "plan": view,
    }
