"""A patient's own visits, as the patient's page shows them: every query starts from the patient."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.sites import Site
from clinic.queries.boards import prescribed
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import RUNNING

SEEN = frozenset(Status) - {Status.ENTERED_IN_ERROR, Status.CANCELLED}


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """One visit of the patient who asks.

    `prescribed` is how many visits its course has; 0 for a single visit, and for a course that is
    over, of which nothing is to be booked any more. `uid` and `version` name it in a calendar.
    """

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
    prescribed: int
    uid: str
    version: int


def own_visits(session: Session, *, patient_id: int) -> list[OwnVisit]:
    """Return the patient's visits in time order, in one query."""
    rows = session.execute(
        select(Appointment, Site, Course)
        .join(Site, Site.id == Appointment.site_id)
        .outerjoin(Course, Course.id == Appointment.course_id)
        .where(Appointment.patient_id == patient_id, Appointment.status.in_(SEEN))
        .order_by(Appointment.start_at, Appointment.id)
    )
    return [_own(row, site, course) for row, site, course in rows]


def _own(row: Appointment, site: Site, course: Course | None) -> OwnVisit:
    is_running = course is not None and course.status in RUNNING
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
        prescribed=(prescribed(course.counts) or 0) if course and is_running else 0,
        uid=row.uid,
        version=row.version,
    )
