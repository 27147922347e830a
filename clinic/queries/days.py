"""A site's day as the front desk lives it: who comes, who waits, who is to be called."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.sites import Site
from clinic.queries.availability import SiteFrame, frame_of
from clinic.queries.boards import SHOWN, number_column, prescribed
from clinic.queries.definitions import visit_kind
from clinic.rules.appointments import COUNTING, Outcome, Status


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


def site_choices(session: Session, site_ids: Collection[int] | None) -> list[SiteChoice]:
    """Return the sites one works at (None: all) by name."""
    query = select(Site.id, Site.key, Site.name, Site.zone, Site.switches).order_by(Site.name)
    if site_ids is not None:
        query = query.where(Site.id.in_(site_ids))
    return [
        SiteChoice(row.id, row.key, row.name, row.zone, frame_of(row))
        for row in session.connection().execute(query)
    ]


def read_day(session: Session, *, site_id: int, on: date) -> list[DayRow]:
    """Return the visits of a site's day in time order, in one query."""
    found: list[DayRow] = []
    for row in session.execute(_day_rows(site_id, on)):
        visit: Appointment = row.Appointment
        has_number = visit.course_id is not None and visit.status in COUNTING
        found.append(
            DayRow(
                public_id=visit.public_id,
                patient_public_id=row.patient_public_id,
                family=row.family,
                given=row.given,
                phone=row.phone,
                kind_label=visit_kind(session, visit.definition_id).staff_label,
                status=visit.status,
                outcome=visit.outcome,
                is_confirmed=visit.confirmed_at is not None,
                number=row.number if has_number else None,
                total=prescribed(row.counts),
                local_min=visit.local_min,
                length_min=visit.length_min,
                start_at=visit.start_at,
                arrived_at=visit.arrived_at,
                version=visit.version,
            )
        )
    return found


def _day_rows(site_id: int, on: date) -> Select[*tuple[object, ...]]:
    return (
        select(
            Appointment,
            Patient.public_id.label("patient_public_id"),
            Patient.family,
            Patient.given,
            Patient.phone,
            Course.counts,
            number_column().scalar_subquery().label("number"),
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
