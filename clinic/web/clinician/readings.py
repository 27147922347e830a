"""Vitals from the visit page: log one reading, or correct it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms import Field

from clinic.actions.observations import log_vitals, observation_of
from clinic.errors import ClinicError
from clinic.models.appointments import Appointment
from clinic.models.engine import writing
from clinic.rules.permissions import Permission
from clinic.rules.vitals import Reading
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.forms import VitalsForm
from clinic.web.clinician.visits import page_again, visit_to_change
from clinic.web.guard import needs
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.signals import unit_of


@blueprint.post("/visits/<public_id>/vitals")
@needs(Permission.RECORD_VITALS)
def add_vitals(public_id: str) -> Response:
    """Log a reading; a refused form comes back filled, with the fault at its field."""
    form, here = VitalsForm(), current_clinic()
    if not form.validate():
        return page_again(public_id, None, vitals=form)
    try:
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: _log(unit, public_id, form))
    except ClinicError as problem:
        if not _at_fields(form, problem):
            return page_again(public_id, problem, vitals=form)
        return page_again(public_id, None, vitals=form)
    return see_other(target)


def _log(unit: Session, public_id: str, form: VitalsForm) -> str:
    here = current_clinic()
    appointment = visit_to_change(unit, public_id)
    old = form.corrects.data
    log_vitals(
        unit,
        appointment=appointment,
        reading=_reading(form),
        taken_at=_taken_at(form, appointment),
        by=here.actor,
        now=here.now,
        corrects=observation_of(unit, appointment=appointment, public_id=old) if old else None,
    )
    return url_for("clinician.show_visit", public_id=public_id)


def _reading(form: VitalsForm) -> Reading:
    return Reading(
        systolic_mmhg=form.systolic.data,
        diastolic_mmhg=form.diastolic.data,
        heart_rate_bpm=form.pulse.data,
        spo2_percent=form.spo2.data,
        respiratory_rate_pm=form.breathing.data,
        moaas_score=int(form.sedation.data) if form.sedation.data else None,
    )


def _taken_at(form: VitalsForm, appointment: Appointment) -> datetime:
    """Return when the reading was taken: now, or the last time the clock showed what was typed."""
    now = current_clinic().now
    typed = "".join(char for char in form.taken_time.data or "" if char.isdigit())
    if not typed:
        return now
    local = now.astimezone(ZoneInfo(appointment.zone))
    taken = local.replace(hour=int(typed[:-2]), minute=int(typed[-2:]), second=0, microsecond=0)
    if taken > local + timedelta(minutes=5):
        taken -= timedelta(days=1)
    return taken


def _at_fields(form: VitalsForm, problem: ClinicError) -> bool:
    """Put a typing error where it was made; False for any other problem."""
    faults = problem.values.get("faults")
    if problem.code != "reading_impossible" or not isinstance(faults, tuple):
        return False
    fields = _fields(form)
    for fault in faults:
        signal, code, least, most = fault.split(":")
        words = (
            gettext("The systolic pressure must be above the diastolic.")
            if code == "not_above_diastolic"
            else gettext(
                "Give a number from %(least)s to %(most)s.",
                least=least,
                most=f"{most}{unit_of(signal)}",
            )
        )
        fields[signal].errors = [*fields[signal].errors, words]
    return True


def _fields(form: VitalsForm) -> dict[str, Field]:
    return {
        "sbp": form.systolic,
        "dbp": form.diastolic,
        "hr": form.pulse,
        "spo2": form.spo2,
        "rr": form.breathing,
        "moaas": form.sedation,
    }
