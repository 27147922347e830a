"""Undo: what was just done is offered to be taken back, and taken back when asked."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.undos import undo_change_set
from clinic.errors import ClinicError, Conflict, NotFound, RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.courses import ChangeSet
from clinic.models.engine import reading, write
from clinic.queries.undos import undoable, zone_of
from clinic.rules.permissions import Permission
from clinic.rules.wall_days import instant_of
from clinic.web.errors import status_of
from clinic.web.guard import needs
from clinic.web.present import moment_at
from clinic.web.requests import current_clinic, run_once, safe_next, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.sentences import sentence
from clinic.web.shell import say

PAGE = "schedule/undo.html"


@dataclass(frozen=True, slots=True)
class Done:
    """Where a change leads, and the public id of its change set, empty when it cannot be undone."""

    target: str
    change_set: str = ""

    @property
    def text(self) -> str:
        """Return both as one line to be kept; an address holds no space."""
        return f"{self.target} {self.change_set}"

    @classmethod
    def read(cls, text: str) -> "Done":
        """Return what a kept line says."""
        target, _, change_set = text.partition(" ")
        return cls(target, change_set)


def done(unit: Session, target: str, change_set_id: int | None) -> Done:
    """Return what a change leads to; `change_set_id` is what undo would take back."""
    change_set = None if change_set_id is None else unit.get(ChangeSet, change_set_id)
    return Done(target, "" if change_set is None else change_set.public_id)


def done_to(unit: Session, target: str, appointment: Appointment) -> Done:
    """Return what the last change of an appointment leads to."""
    return done(unit, target, appointment.change_set_id)


def do_once(unit: Session, act: Callable[[], Done]) -> Done:
    """Return what a form led to, carrying it out only the first time it is sent."""
    return Done.read(run_once(unit, lambda: act().text))


def say_undoable(words: str, made: Done) -> None:
    """Show a note on the next page with a button that takes the change back."""
    undo = None
    if made.change_set:
        undo = url_for("schedule.undo", change_set=made.change_set, back=made.target)
    say(words, undo=undo)


@blueprint.post("/undo/<change_set>")
@needs(Permission.SEE_SCHEDULE)
def undo(change_set: str) -> Response:
    """Take a change set back and return to the page it was offered on, or say what is in the way.

    Whether this person may is for the action to say: it knows what kind of change it was.
    """
    here = current_clinic()
    back = safe_next(request.args.get("back")) or url_for("schedule.board")

    def carry_out(unit: Session) -> str:
        if undoable(unit, public_id=change_set, account_id=here.actor.account_id or 0) is None:
            raise NotFound("no_such_thing")
        undo_change_set(unit, public_id=change_set, by=here.actor, now=here.now)
        return back

    try:
        target = write(here.engine, lambda unit: run_once(unit, lambda: carry_out(unit)))
    except (Conflict, RuleBroken) as problem:
        return _refused(change_set, problem, back)
    say(gettext("Undone. No message is sent."))
    return see_other(target)


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
