"""A missed visit that gets no new date: taken off the list, with the reason."""

from flask import Response, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired

from clinic.actions.worklists import drop_missed
from clinic.errors import RuleBroken
from clinic.models.engine import writing
from clinic.rules.permissions import Permission
from clinic.rules.worklists import NoNewDate
from clinic.web.forms import ClinicForm
from clinic.web.guard import needs
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.visits import own_appointment
from clinic.web.shell import say


class NoNewDateForm(ClinicForm):
    """Why no new date is looked for."""

    reason = SelectField(
        choices=[SelectChoice(one.value, one.value) for one in NoNewDate],
        validators=[InputRequired()],
    )


@blueprint.post("/visits/<public_id>/no-new-date")
@needs(Permission.SCHEDULE)
def drop(public_id: str) -> Response:
    """Take a missed visit off the list; the course then shows one visit not yet booked."""
    form = NoNewDateForm()
    if not form.validate():
        raise RuleBroken("reason_missing")
    reason = NoNewDate(form.reason.data)
    with writing(current_clinic().engine) as unit:
        target = run_once(unit, lambda: _drop(unit, public_id, reason))
    say(gettext("Taken off the list."))
    return see_other(target)


def _drop(unit: Session, public_id: str, reason: NoNewDate) -> str:
    here = current_clinic()
    appointment = own_appointment(unit, public_id)
    drop_missed(unit, appointment=appointment, reason=reason, by=here.actor, now=here.now)
    return url_for("desk.home")
