"""Deciding on a pencilled course: book all, hold it longer, or give it up."""

from datetime import datetime
from typing import Protocol

from flask import Response, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.pencils import (
    approve_pencil,
    give_up_pencil,
    note_lapse,
    pencilled_course,
    renew_pencil,
)
from clinic.models.courses import ChangeSet, Course
from clinic.models.engine import reading, writing
from clinic.queries.courses import read_course
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission
from clinic.web.guard import needs, sites_here
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import VersionedForm
from clinic.web.telling import telling_words
from clinic.web.undoable import Done, do_once, done, say_undoable


class Act(Protocol):
    """One way to decide on a pencilled course; what it changed, None where there is no undo."""

    def __call__(
        self, session: Session, *, course: Course, by: Actor, now: datetime
    ) -> ChangeSet | None:
        """Carry it out."""


ACTS: dict[str, Act] = {
    "approve": approve_pencil,
    "renew": renew_pencil,
    "give-up": give_up_pencil,
}


@blueprint.post("/courses/<public_id>/pencil/<any(approve, renew, 'give-up'):verb>")
@needs(Permission.SCHEDULE)
def decide_pencil(public_id: str, verb: str) -> Response:
    """Decide on a pencilled course and go back to its page."""
    form = VersionedForm()
    version = form.shown_version if form.validate() else 0
    with writing(current_clinic().engine) as unit:
        made = do_once(unit, lambda: _decide(unit, public_id, verb, version))
    say_undoable(_words(public_id, verb), made)
    return see_other(made.target)


def _decide(unit: Session, public_id: str, verb: str, version: int) -> Done:
    here = current_clinic()
    course = pencilled_course(unit, public_id=public_id, version=version, by=here.actor)
    made = ACTS[verb](unit, course=course, by=here.actor, now=here.now)
    target = url_for("schedule.show_course", public_id=public_id)
    return done(unit, target, None if made is None else made.id)


def _words(public_id: str, verb: str) -> str:
    if verb == "renew":
        return gettext("Held longer.")
    if verb == "give-up":
        return gettext("Given up: all times are free again. Tell the patient if they know.")
    with reading(current_clinic().engine) as unit:
        course = read_course(unit, public_id=public_id, site_ids=sites_here())
        told = telling_words(unit, patient_id=course.patient.id)
    return f"{gettext('All visits are booked.')} {told}"


@blueprint.post("/pencils/<item>/noted")
@needs(Permission.SCHEDULE)
def note_pencil(item: str) -> Response:
    """Take a pencilled course that lapsed off the list of today."""
    with writing(current_clinic().engine) as unit:
        target = run_once(unit, lambda: _note(unit, item))
    return see_other(target)


def _note(unit: Session, item: str) -> str:
    here = current_clinic()
    note_lapse(unit, item=item, by=here.actor, now=here.now)
    return url_for("desk.home")
