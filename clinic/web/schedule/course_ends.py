"""Cancelling the rest of a course: said first what goes, then done in one go, to be undone."""

from dataclasses import dataclass

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from wtforms import HiddenField

from clinic.actions.course_ends import CourseEnd, end_course, running_course
from clinic.errors import ClinicError
from clinic.models.engine import reading, write
from clinic.queries.courses import CourseFacts, read_course, upcoming
from clinic.queries.definitions import policies
from clinic.queries.outcomes import cancel_reasons
from clinic.rules.appointments import CancelledBy, Status
from clinic.rules.permissions import Permission
from clinic.web.errors import form_again
from clinic.web.guard import needs, sites_here
from clinic.web.present import clock_time, day_with_year, full_name
from clinic.web.requests import current_clinic, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import CancelForm
from clinic.web.schedule.moves import late_under_hours
from clinic.web.telling import telling_words, untold_words
from clinic.web.undoable import Done, do_once, done, say_undoable

PAGE = "schedule/end_course.html"


class EndForm(CancelForm):
    """Who ends a course and why; `visits` is how many the page said would be cancelled."""

    visits = HiddenField(default="0")

    @property
    def shown_visits(self) -> int:
        """Return how many visits the page said would be cancelled."""
        text = self.visits.data or ""
        return int(text) if text.isdecimal() and len(text) < 5 else 0


@dataclass(frozen=True, slots=True)
class EndPage:
    """What ending a course would change, as its page prints it."""

    name: str
    course_name: str
    address: str
    what: str
    span: str
    stays: str
    tell_hint: str
    version: int
    visits: int


@blueprint.route("/courses/<public_id>/end", methods=["GET", "POST"])
@needs(Permission.SCHEDULE)
def end_course_early(public_id: str) -> Response:
    """Cancel all visits of a course that are to come: who, why, and whether the patient is told."""
    form = EndForm()
    page = _read(public_id, form)
    if not form.is_submitted():
        form.version.data, form.visits.data = str(page.version), str(page.visits)
        form.tell.data = "no" if page.tell_hint or not page.visits else "yes"
        return make_response(render_template(PAGE, form=form, page=page, problem=None))
    if not form.validate():
        return form_again(PAGE, None, form=form, page=page)
    try:
        made, words = _end(public_id, form)
    except ClinicError as problem:
        return form_again(PAGE, problem, form=form, page=_fresh(public_id, form))
    say_undoable(words, made)
    return see_other(made.target)


def _fresh(public_id: str, form: EndForm) -> EndPage:
    """Return the page as it is by now, and let the form speak of that."""
    page = _read(public_id, form)
    form.version.process_data(str(page.version))
    form.visits.process_data(str(page.visits))
    return page


def _read(public_id: str, form: EndForm) -> EndPage:
    """Return what would be cancelled, and offer the reasons of the policies."""
    here = current_clinic()
    with reading(here.engine) as unit:
        course = read_course(unit, public_id=public_id, site_ids=sites_here())
        form.offer(cancel_reasons(unit))
        hint = untold_words(unit, patient_id=course.patient.id)
    return _page(course, hint)


def _page(course: CourseFacts, hint: str) -> EndPage:
    patient, coming = course.patient, upcoming(course.visits, current_clinic().now)
    return EndPage(
        name=full_name(patient.family, patient.given, patient.preferred),
        course_name=course.name,
        address=url_for("schedule.show_course", public_id=course.public_id),
        what=_what(len(coming)),
        span=""
        if not coming
        else gettext(
            "From %(first)s to %(last)s.",
            first=f"{day_with_year(coming[0].on)} {clock_time(coming[0].local_min)}",
            last=f"{day_with_year(coming[-1].on)} {clock_time(coming[-1].local_min)}",
        ),
        stays=_stays(course),
        tell_hint=hint,
        version=course.version,
        visits=len(coming),
    )


def _stays(course: CourseFacts) -> str:
    done_so_far = sum(1 for one in course.visits if one.number and one.status is Status.FULFILLED)
    if not done_so_far:
        return gettext("Nothing of it has been delivered.")
    return gettext("%(n)s of %(all)s are delivered and stay.", n=done_so_far, all=course.total)


def _what(visits: int) -> str:
    if not visits:
        return gettext("No visit lies ahead. The course is ended and asks for no more dates.")
    return ngettext(
        "%(num)s visit is cancelled, its time is free again, and the course is ended.",
        "%(num)s visits are cancelled, their times are free again, and the course is ended.",
        visits,
    )


def _end(public_id: str, form: EndForm) -> tuple[Done, str]:
    """Carry the ending out and return where it leads and what to say of it."""
    here = current_clinic()
    with reading(here.engine) as unit:
        late = late_under_hours(policies(unit).get("late_cancel"))
        course = read_course(unit, public_id=public_id, site_ids=sites_here())
        told = telling_words(unit, patient_id=course.patient.id)
    end = CourseEnd(
        cancelled_by=CancelledBy(form.cancelled_by.data),
        reason=form.said,
        visits=form.shown_visits,
        tell_patient=form.tell.data == "yes",
        late_under_hours=late,
    )

    def carry_out(unit: Session) -> Done:
        row = running_course(unit, public_id=public_id, version=form.shown_version, by=here.actor)
        made = end_course(unit, course=row, end=end, by=here.actor, now=here.now)
        return done(unit, url_for("schedule.show_course", public_id=public_id), made.id)

    ended = ngettext(
        "Ended: %(num)s visit cancelled.", "Ended: %(num)s visits cancelled.", end.visits
    )
    made = write(here.engine, lambda unit: do_once(unit, lambda: carry_out(unit)))
    return made, f"{ended} {told}" if end.tell_patient and end.visits else ended
