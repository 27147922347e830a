"""Make-ups in the demo: one extra visit at the end of the phase of a visit that was missed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, book_appointment
from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.engine import reading, write
from clinic.models.patients import Patient
from clinic.planning.courses import PlannedVisit
from clinic.queries.availability import SiteFrame
from clinic.queries.joinings import read_fit
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import free_times, propose_visit
from clinic.rules.actors import Actor
from clinic.rules.appointments import COUNTING, Status
from clinic.rules.wall_days import CELL_MIN

DAYS_AHEAD = 12


def book_make_up(
    engine: Engine,
    *,
    appointment_id: int,
    sites: Mapping[int, SiteFrame],
    by: Actor,
    now: datetime,
) -> None:
    """Book the make-up of a missed visit on the next free day after its phase, if there is one."""
    with reading(engine) as session:
        missed = session.get_one(Appointment, appointment_id)
        found = _find(session, missed, sites[missed.site_id])
        if found is None:
            return
        patient = session.get_one(Patient, missed.patient_id)
        draft = VisitDraft(
            visit=found,
            site=sites[missed.site_id],
            patient_id=missed.patient_id,
            patient_resource_id=patient.resource_id,
            kind=kind_frames(session)[missed.kind_key],
            course_id=missed.course_id,
            status=Status.BOOKED,
            make_up_for_id=missed.id,
        )
    write(engine, lambda session: book_appointment(session, draft=draft, by=by, now=now))


def _find(session: Session, missed: Appointment, site: SiteFrame) -> PlannedVisit | None:
    if missed.course_id is None:
        return None
    course = session.get_one(Course, missed.course_id)
    fit = read_fit(session, course_id=course.id)
    for on in _days_after(session, missed):
        times = free_times(
            session,
            kind_key=missed.kind_key,
            site=site,
            on=on,
            patient_id=missed.patient_id,
            length_min=missed.length_min,
            device_tags=fit.device_tags,
        )
        cells = missed.length_min // CELL_MIN
        if times and fit.admits(missed.step_key or "", on, times[0] // CELL_MIN, cells):
            start = min(times, key=lambda minute: (abs(minute - missed.local_min), minute))
            return _placed(session, missed, site, on, start, fit.device_tags)
    return None


def _placed(
    session: Session,
    missed: Appointment,
    site: SiteFrame,
    on: date,
    start_min: int,
    tags: frozenset[str],
) -> PlannedVisit | None:
    visit = propose_visit(
        session,
        patient_id=missed.patient_id,
        kind_key=missed.kind_key,
        site=site,
        on=on,
        start_min=start_min,
        place=missed.place,
        length_min=missed.length_min,
        device_tags=tags,
    )
    if not isinstance(visit, PlannedVisit):
        return None
    return replace(visit, step_key=missed.step_key or "", phase=missed.phase or "")


def _days_after(session: Session, missed: Appointment) -> list[date]:
    """Return the weekdays after the phase's last visit on which the patient has no visit yet."""
    last = session.scalar(
        select(func.max(Appointment.local_on)).where(
            Appointment.course_id == missed.course_id,
            Appointment.phase == missed.phase,
            Appointment.status.in_(COUNTING),
        )
    )
    begin = max(last or missed.local_on, missed.local_on)
    taken = set(
        session.scalars(
            select(Appointment.local_on).where(
                Appointment.patient_id == missed.patient_id,
                Appointment.status.in_(COUNTING),
                Appointment.local_on > begin,
            )
        )
    )
    days = [begin + timedelta(days=n) for n in range(1, DAYS_AHEAD)]
    return [on for on in days if on.weekday() < 5 and on not in taken]
