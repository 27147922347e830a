"""Deciding on a pencilled course: book all, hold it longer, or give it up."""

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
from clinic.models.engine import writing
from clinic.rules.permissions import Permission
from clinic.web.guard import needs
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import VersionedForm
from clinic.web.shell import say

ACTS = {"approve": approve_pencil, "renew": renew_pencil, "give-up": give_up_pencil}


@blueprint.post("/courses/<public_id>/pencil/<any(approve, renew, 'give-up'):verb>")
@needs(Permission.SCHEDULE)
def decide_pencil(public_id: str, verb: str) -> Response:
    """Decide on a pencilled course and go back to its page."""
    form = VersionedForm()
    version = form.shown_version if form.validate() else 0
    with writing(current_clinic().engine) as unit:
        target = run_once(unit, lambda: _decide(unit, public_id, verb, version))
    say(_words(verb))
    return see_other(target)


def _decide(unit: Session, public_id: str, verb: str, version: int) -> str:
    here = current_clinic()
    course = pencilled_course(unit, public_id=public_id, version=version, by=here.actor)
    ACTS[verb](unit, course=course, by=here.actor, now=here.now)
    return url_for("schedule.show_course", public_id=public_id)


def _words(verb: str) -> str:
    words = {
        "approve": gettext("All visits are booked. The patient gets a message in a few minutes."),
        "renew": gettext("Held longer."),
        "give-up": gettext("Given up: all times are free again. Tell the patient if they know."),
    }
    return words[verb]


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
