"""Undo: what was just done is offered to be taken back, and taken back when asked."""

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.undos import undo_change_set
from clinic.errors import ClinicError, Conflict, NotFound, RuleBroken
from clinic.models.courses import ChangeSet, Course
from clinic.models.engine import reading, write
from clinic.models.patients import Patient
from clinic.queries.undos import WHOLE_COURSES, undoable, zone_of
from clinic.rules.permissions import Permission
from clinic.rules.wall_days import instant_of
from clinic.web.errors import status_of
from clinic.web.guard import needs
from clinic.web.present import moment_at
from clinic.web.requests import current_clinic, run_once, safe_next, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.sentences import sentence
from clinic.web.shell import say
from clinic.web.undoable import Done, do_once, done, done_to, say_undoable

__all__ = ["Done", "do_once", "done", "done_to", "say_undoable", "undo"]
PAGE = "schedule/undo.html"


@blueprint.post("/undo/<change_set>")
@needs(Permission.SEE_SCHEDULE)
def undo(change_set: str) -> Response:
    """Take a change set back and return to the page it was offered on, or say what is in the way.

    Whether this person may is for the action to say: it knows what kind of change it was.
    """
    here = current_clinic()
    back = safe_next(request.args.get("back")) or url_for("schedule.board")

    def carry_out(unit: Session) -> str:
        found = undoable(unit, public_id=change_set, account_id=here.actor.account_id or 0)
        if found is None:
            raise NotFound("no_such_thing")
        undo_change_set(unit, public_id=change_set, by=here.actor, now=here.now)
        return _plan_again(unit, found) or back

    try:
        target = write(here.engine, lambda unit: run_once(unit, lambda: carry_out(unit)))
    except (Conflict, RuleBroken) as problem:
        return _refused(change_set, problem, back)
    say(gettext("Undone. No message is sent."))
    return see_other(target)


def _plan_again(unit: Session, change_set: ChangeSet) -> str | None:
    """Return the planning page with the wishes of a course that is void now; None for the rest."""
    if change_set.kind not in WHOLE_COURSES or change_set.course_id is None:
        return None
    course = unit.get_one(Course, change_set.course_id)
    patient = unit.get_one(Patient, change_set.patient_id)
    return url_for("schedule.plan_course", patient=patient.public_id, again=course.public_id)


def _refused(change_set: str, problem: ClinicError, back: str) -> Response:
    """Answer with a page that names what is in the way; nothing was changed."""
    with reading(current_clinic().engine) as unit:
        zone = zone_of(unit, public_id=change_set)
    page = render_template(PAGE, words=_words(problem, zone), back=back)
    return make_response(page, status_of(problem))


def _words(problem: ClinicError, zone: str) -> str:
    """Return why a change cannot be undone, with the name and time of what is taken since."""
    name, quantum = problem.values.get("resource"), problem.values.get("quantum")
    at = moment_at(instant_of(quantum), zone) if isinstance(quantum, int) else ""
    if problem.code == "patient_busy":
        return gettext("The patient has another visit by now: %(at)s.", at=at)
    if problem.code == "resource_taken":
        return gettext("%(name)s has been taken since: %(at)s.", name=name, at=at)
    if problem.code == "resource_shut":
        return gettext("%(name)s has been closed since.", name=name)
    return sentence(problem)
