"""A site's day as the front desk lives it: who comes, who waits, who is to be called."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.sites import Site
from clinic.models.worklists import WorkItem
from clinic.queries.availability import SiteFrame, frame_of
from clinic.queries.boards import SHOWN, number_column, prescribed
from clinic.queries.definitions import visit_kind
from clinic.rules.appointments import COUNTING, Outcome, Status

MISSED = "missed"


@dataclass(frozen=True, slots=True)
class SiteChoice:
    """A site as the pages of the schedule know it."""

    id: int
    key: str
    name: str
    zone: str
    frame: SiteFrame


@dataclass(frozen=True, slots=True)
class DayRow:
    """A visit of the day as the list of the desk shows it."""

    public_id: str
    patient_public_id: str
    family: str
    given: str
    phone: str
    kind_label: str
    status: Status
    outcome: Outcome | None
    is_confirmed: bool
    number: int | None
    total: int | None
    local_min: int
    length_min: int
    start_at: datetime
    arrived_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class MissedRow:
    """A visit that was missed and waits for a new date."""

    public_id: str
    patient_public_id: str
    family: str
    given: str
    phone: str
    kind_label: str
    local_on: date
    local_min: int
    course_public_id: str | None


def site_choices(session: Session, site_ids: Collection[int] | None) -> list[SiteChoice]:
    """Return the sites one works at (None: all) by name."""
    query = select(Site).order_by(Site.name)
    if site_ids is not None:
        query = query.where(Site.id.in_(site_ids))
    return [
        SiteChoice(site.id, site.key, site.name, site.zone, frame_of(site))
        for site in session.scalars(query)
    ]


def read_day(session: Session, *, site_id: int, on: date) -> list[DayRow]:
    """Return the visits of a site's day in time order, in one query."""
    query = (
        select(
            Appointment,
            Patient.public_id,
            Patient.family,
            Patient.given,
            Patient.phone,
            Course.counts,
            number_column().scalar_subquery(),
        )
        .join(Patient, Patient.id == Appointment.patient_id)
        .outerjoin(Course, Course.id == Appointment.course_id)
        .where(
            Appointment.site_id == site_id,
            Appointment.local_on == on,
            Appointment.status.in_(SHOWN),
        )
        .order_by(Appointment.start_at, Patient.family, Appointment.id)
    )
    return [
        DayRow(
            public_id=row.public_id,
            patient_public_id=patient,
            family=family,
            given=given,
            phone=phone,
            kind_label=visit_kind(session, row.definition_id).staff_label,
            status=row.status,
            outcome=row.outcome,
            is_confirmed=row.confirmed_at is not None,
            number=number if row.course_id and row.status in COUNTING else None,
            total=prescribed(counts),
            local_min=row.local_min,
            length_min=row.length_min,
            start_at=row.start_at,
            arrived_at=row.arrived_at,
            version=row.version,
        )
        for row, patient, family, given, phone, counts, number in session.execute(query)
    ]


def missed_visits(session: Session, *, site_id: int) -> list[MissedRow]:
    """Return the missed visits of a site for which nobody has found a new date, oldest first."""
    query = (
        select(
            Appointment.public_id,
            Patient.public_id,
            Patient.family,
            Patient.given,
            Patient.phone,
            Appointment.definition_id,
            Appointment.local_on,
            Appointment.local_min,
            Course.public_id,
        )
        .join(WorkItem, WorkItem.appointment_id == Appointment.id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .outerjoin(Course, Course.id == Appointment.course_id)
        .where(
            WorkItem.kind == MISSED, WorkItem.done_at.is_(None), Appointment.site_id == site_id
        )
        .order_by(Appointment.start_at, Appointment.id)
    )
    return [
        MissedRow(
            public_id=public_id,
            patient_public_id=patient,
            family=family,
            given=given,
            phone=phone,
            kind_label=visit_kind(session, definition_id).staff_label,
            local_on=local_on,
            local_min=local_min,
            course_public_id=course,
        )
        for (
            public_id,
            patient,
            family,
            given,
            phone,
            definition_id,
            local_on,
            local_min,
            course,
        ) in session.execute(query)
    ]
