"""What the form of a single visit asks for: whose, of which course or kind, where, instead of what.

The kind of visit is the key of a visit kind, or "course:" and a course whose next session it is.
"""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.patients import Patient
from clinic.models.resources import Resource
from clinic.planning.joining import Unbooked
from clinic.queries.courses import VisitFacts, read_visit
from clinic.queries.days import SiteChoice, site_choices
from clinic.queries.joinings import Fit, read_fit, running_fits
from clinic.queries.kinds import KindFrame, kind_frames
from clinic.queries.openings import Wanted
from clinic.queries.patients import by_public_id
from clinic.queries.resources import ids_at_site
from clinic.queries.unbooked import lost_visit
from clinic.rules.permissions import Permission
from clinic.web.guard import sites_here
from clinic.web.places import chosen_site
from clinic.web.requests import current_clinic
from clinic.web.schedule.forms import VisitForm

COURSE = "course:"


@dataclass(frozen=True, slots=True)
class CourseChoice:
    """A running course of the patient that has a session without a date."""

    fit: Fit
    session: Unbooked

    @property
    def key(self) -> str:
        """Return what the form calls it."""
        return f"{COURSE}{self.fit.public_id}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for, read once.

    `wanted` is None until a patient and a kind are chosen; `usual_min` is the hour to look near.
    `make_up_for_id` is the visit whose place this one takes, if there is one.
    """

    patient: Patient | None
    site: SiteChoice
    sites: list[SiteChoice]
    kinds: dict[str, KindFrame]
    courses: list[CourseChoice]
    missed: VisitFacts | None
    beside: Resource | None
    wanted: Wanted | None
    usual_min: int | None
    make_up_for_id: int | None

    @property
    def course_id(self) -> int | None:
        """Return the course that the visit becomes part of."""
        fit = None if self.wanted is None else self.wanted.fit
        return None if fit is None else fit.course_id


def read_asked(unit: Session, form: VisitForm) -> Asked:
    """Return what a form asks for; NotFound for a patient, visit or site one may not know of."""
    missed = _missed(unit, form)
    patient = _patient(unit, form, missed)
    sites = site_choices(unit, sites_here())
    if not sites:
        raise NotFound("no_such_thing")
    site = chosen_site(sites, form.site.data)
    found = Asked(
        patient=patient,
        site=site,
        sites=sites,
        kinds=kind_frames(unit),
        courses=_courses(unit, patient) if missed is None else [],
        missed=missed,
        beside=_beside(unit, form, site),
        wanted=None,
        usual_min=None,
        make_up_for_id=None,
    )
    if patient is None:
        return found
    return _of_missed(unit, found, missed, form) if missed else _of_kind(unit, found, form)


def _missed(unit: Session, form: VisitForm) -> VisitFacts | None:
    """Return the visit that is made up for, None for an ordinary one."""
    if not form.makes_up.data:
        return None
    return read_visit(unit, public_id=form.makes_up.data, site_ids=sites_here())


def _patient(unit: Session, form: VisitForm, missed: VisitFacts | None) -> Patient | None:
    if not form.patient.data:
        return None
    if missed is not None and missed.patient.public_id != form.patient.data:
        raise NotFound("no_such_thing")
    return by_public_id(unit, form.patient.data)


def _beside(unit: Session, form: VisitForm, site: SiteChoice) -> Resource | None:
    """Return the device, room or person whose column was clicked, if it is at the chosen site."""
    if not form.beside.data:
        return None
    here = ids_at_site(unit, site.id)
    return unit.scalar(
        select(Resource).where(Resource.key == form.beside.data, Resource.id.in_(here))
    )


def _courses(unit: Session, patient: Patient | None) -> list[CourseChoice]:
    """Return the running courses of the patient with a session to book, newest first."""
    if patient is None:
        return []
    fits = running_fits(unit, patient_id=patient.id, site_ids=sites_here())
    asked = ((fit, fit.unbooked()) for fit in fits)
    return [CourseChoice(fit, session) for fit, session in asked if session is not None]


def _of_missed(unit: Session, asked: Asked, missed: VisitFacts, form: VisitForm) -> Asked:
    visit, course = missed.visit, missed.course
    fit = None if course is None else read_fit(unit, course_id=course.id)
    wanted = Wanted(
        kind_key=visit.kind_key,
        site=asked.site.frame,
        patient_id=missed.patient.id,
        place=form.place.data or visit.place,
        length_min=visit.length_min,
        device_tags=course.device_tags if course else frozenset(),
        fit=fit,
        step_key=visit.step_key or "",
        phase=visit.phase or "",
        is_granted=_is_granted(asked, form),
    )
    usual = None if fit is None else fit.usual_min()
    return replace(
        asked,
        wanted=wanted,
        usual_min=visit.local_min if usual is None else usual,
        make_up_for_id=visit.id,
    )


def _of_kind(unit: Session, asked: Asked, form: VisitForm) -> Asked:
    chosen = form.kind.data or ""
    course = next((one for one in asked.courses if one.key == chosen), None)
    if course is None:
        return _of_single(asked, chosen, form)
    fit, session = course.fit, course.session
    lost = lost_visit(unit, course_id=fit.course_id, step_key=session.step.key)
    wanted = Wanted(
        kind_key=session.kind_key,
        site=asked.site.frame,
        patient_id=asked.patient.id if asked.patient else None,
        place=form.place.data or "room",
        length_min=session.length_min,
        device_tags=fit.device_tags,
        fit=fit,
        step_key=session.step.key,
        phase=session.step.phase,
        is_granted=_is_granted(asked, form),
    )
    return replace(asked, wanted=wanted, usual_min=fit.usual_min(), make_up_for_id=lost)


def _of_single(asked: Asked, kind_key: str, form: VisitForm) -> Asked:
    if kind_key not in asked.kinds:
        return asked
    wanted = Wanted(
        kind_key=kind_key,
        site=asked.site.frame,
        patient_id=asked.patient.id if asked.patient else None,
        place=form.place.data or "room",
    )
    return replace(asked, wanted=wanted)


def _is_granted(asked: Asked, form: VisitForm) -> bool:
    """Say whether somebody who may override has ticked that a second session is allowed."""
    may = current_clinic().actor.may_at(Permission.OVERRIDE, asked.site.id)
    return may and bool(form.second.data)
