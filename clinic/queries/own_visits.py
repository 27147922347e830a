"""A patient's own visits, as the patient's page shows them: every query starts from the patient."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment
from clinic.models.sites import Site
from clinic.rules.appointments import Outcome, Status

SEEN = frozenset(Status) - {Status.ENTERED_IN_ERROR, Status.CANCELLED}


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """One visit of the patient who asks."""

    course_id: int | None
    definition_id: int
    start_at: datetime
    end_at: datetime
    on: date
    local_min: int
    length_min: int
    place: str
    status: Status
    outcome: Outcome | None
    is_make_up: bool
    appointment_id: int
    clinic: str
    address: str
    phone: str
    zone: str


def own_visits(session: Session, *, patient_id: int) -> list[OwnVisit]:
    """Return the patient's visits in time order, in one query."""
    rows = session.execute(
        select(Appointment, Site)
        .join(Site, Site.id == Appointment.site_id)
        .where(Appointment.patient_id == patient_id, Appointment.status.in_(SEEN))
        .order_by(Appointment.start_at, Appointment.id)
    )
    return [_own(row, site) for row, site in rows]


def _own(row: Appointment, site: Site) -> OwnVisit:
    return OwnVisit(
        course_id=row.course_id,
        definition_id=row.definition_id,
        start_at=row.start_at,
        end_at=row.end_at,
        on=row.local_on,
        local_min=row.local_min,
        length_min=row.length_min,
        place=row.place,
        status=row.status,
        outcome=row.outcome,
        is_make_up=row.make_up_for_id is not None,
        appointment_id=row.id,
        clinic=site.patient_name,
        address=site.address,
        phone=site.phone,
        zone=site.zone,
    )
