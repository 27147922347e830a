"""The visit as the people at the chair see it: whose it is, where it stands in its course."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, false, or_, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.appointments import Appointment, Assignment
from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.records import VisitRecord
from clinic.models.resources import Resource
from clinic.models.sites import Site
from clinic.queries.definitions import protocol
from clinic.rules.appointments import Numbered, Outcome, Status, number_visits
from clinic.rules.courses import CourseStatus
from clinic.rules.protocols import Protocol

SHOWN = frozenset(Status) - {Status.CANCELLED, Status.ENTERED_IN_ERROR, Status.PROPOSED}


@dataclass(frozen=True, slots=True)
class DayVisit:
    """One visit of a day at a site as the list at the chairs shows it."""

    public_id: str
    site_id: int
    patient_id: int
    family: str
    given: str
    kind_key: str
    definition_id: int
    local_min: int
    length_min: int
    start_at: datetime
    status: Status
    outcome: Outcome | None
    is_confirmed: bool
    course_id: int | None
    appointment_id: int
    started_at: datetime | None
    ended_at: datetime | None
    is_on_hold: bool
    protocol_id: int | None
    end_at: datetime


def visits_of_day(session: Session, *, days: Mapping[int, date]) -> list[DayVisit]:
    """Return the visits of one local day for each site (by site id), by time, in one query."""
    query = (
        select(Appointment, Patient.family, Patient.given, VisitRecord, Course)
        .join(Patient, Patient.id == Appointment.patient_id)
        .outerjoin(VisitRecord, VisitRecord.appointment_id == Appointment.id)
        .outerjoin(Course, Course.id == Appointment.course_id)
        .where(
            or_(
                false(),
                *(
                    and_(Appointment.site_id == site_id, Appointment.local_on == on)
                    for site_id, on in days.items()
                ),
            ),
            Appointment.status.in_(SHOWN),
        )
        .order_by(Appointment.start_at, Appointment.id)
    )
    return [
        _day_visit(row, family, given, record, course)
        for row, family, given, record, course in session.execute(query)
    ]


def _day_visit(
    row: Appointment,
    family: str,
    given: str,
    record: VisitRecord | None,
    course: Course | None,
) -> DayVisit:
    return DayVisit(
        public_id=row.public_id,
        site_id=row.site_id,
        patient_id=row.patient_id,
        family=family,
        given=given,
        kind_key=row.kind_key,
        definition_id=row.definition_id,
        local_min=row.local_min,
        length_min=row.length_min,
        start_at=row.start_at,
        status=row.status,
        outcome=row.outcome,
        is_confirmed=row.confirmed_at is not None,
        course_id=row.course_id,
        appointment_id=row.id,
        started_at=None if record is None else record.started_at,
        ended_at=None if record is None else record.ended_at,
        is_on_hold=course is not None and course.status is CourseStatus.ON_HOLD,
        protocol_id=None if course is None else course.definition_id,
        end_at=row.end_at,
    )


@dataclass(frozen=True, slots=True)
class CourseVisit:
    """One visit of a course as strips and numbers need it."""

    appointment_id: int
    course_id: int
    public_id: str
    site_id: int
    on: date
    local_min: int
    length_min: int
    start_at: datetime
    definition_id: int
    status: Status
    outcome: Outcome | None
    is_make_up: bool


def course_visits(session: Session, course_ids: Sequence[int]) -> dict[int, list[CourseVisit]]:
    """Return the visits of courses in time order by course, in one query."""
    found: dict[int, list[CourseVisit]] = {course_id: [] for course_id in course_ids}
    query = (
        select(Appointment)
        .where(Appointment.course_id.in_(course_ids))
        .order_by(Appointment.course_id, Appointment.start_at, Appointment.id)
    )
    for row in session.scalars(query):
        if row.course_id is not None:
            found[row.course_id].append(_course_visit(row, row.course_id))
    return found


def _course_visit(row: Appointment, course_id: int) -> CourseVisit:
    return CourseVisit(
        appointment_id=row.id,
        course_id=course_id,
        public_id=row.public_id,
        site_id=row.site_id,
        on=row.local_on,
        local_min=row.local_min,
        length_min=row.length_min,
        start_at=row.start_at,
        definition_id=row.definition_id,
        status=row.status,
        outcome=row.outcome,
        is_make_up=row.make_up_for_id is not None,
    )


def numbers(visits: Sequence[CourseVisit]) -> dict[int, int]:
    """Return the derived number of each visit that has one, by appointment."""
    return number_visits(
        Numbered(visit.appointment_id, visit.start_at, visit.status, visit.outcome)
        for visit in visits
    )


@dataclass(frozen=True, slots=True)
class Chart:
    """One visit with all that its page shows beside the readings."""

    appointment: Appointment
    patient: Patient
    site: Site
    course: Course | None
    protocol: Protocol | None
    record: VisitRecord | None
    visits: tuple[CourseVisit, ...]
    places: tuple[str, ...]


def chart(session: Session, *, public_id: str, site_ids: frozenset[int] | None) -> Chart:
    """Return the visit with this public id at one of the sites, or raise NotFound.

    Its course is told whole, visits at other sites too: who treats somebody must know all that was
    given, and half a history at the chair is more dangerous than a date seen from next door.
    """
    row = session.execute(_chart_query(public_id)).one_or_none()
    if row is None or (site_ids is not None and row.Appointment.site_id not in site_ids):
        raise NotFound("no_such_thing")
    course: Course | None = row.Course
    return Chart(
        appointment=row.Appointment,
        patient=row.Patient,
        site=row.Site,
        course=course,
        protocol=None if course is None else protocol(session, course.definition_id),
        record=row.VisitRecord,
        visits=() if course is None else tuple(course_visits(session, [course.id])[course.id]),
        places=tuple(session.scalars(_places(row.Appointment.id))),
    )


def _chart_query(
    public_id: str,
) -> Select[Appointment, Patient, Site, Course, VisitRecord]:
    return (
        select(Appointment, Patient, Site, Course, VisitRecord)
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Site, Site.id == Appointment.site_id)
        .outerjoin(Course, Course.id == Appointment.course_id)
        .outerjoin(VisitRecord, VisitRecord.appointment_id == Appointment.id)
        .where(Appointment.public_id == public_id)
    )


def _places(appointment_id: int) -> Select[str]:
    return (
        select(Resource.name)
        .join(Assignment, Assignment.resource_id == Resource.id)
        .where(
            Assignment.appointment_id == appointment_id, Resource.kind.not_in(["patient", "person"])
        )
        .order_by(Assignment.id)
    )


@dataclass(frozen=True, slots=True)
class SiteName:
    """A site as a list is headed by it."""

    id: int
    public_id: str
    name: str
    zone: str

    def today(self, now: datetime) -> date:
        """Return the local day at the site."""
        return now.astimezone(ZoneInfo(self.zone)).date()


def sites(session: Session, site_ids: frozenset[int] | None) -> list[SiteName]:
    """Return the sites one works at, or all, by name."""
    query = select(Site.id, Site.public_id, Site.name, Site.zone).order_by(Site.name)
    if site_ids is not None:
        query = query.where(Site.id.in_(site_ids))
    return [SiteName(*row) for row in session.execute(query)]
