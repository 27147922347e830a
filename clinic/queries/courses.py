"""Courses and single visits as the desk's pages show them: where, who, number, history."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.accounts import Account
from clinic.models.appointments import Appointment, Assignment, StatusChange
from clinic.models.base import JsonValue
from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.resources import PATIENT, PERSON, Resource
from clinic.models.sites import Site
from clinic.models.staff import Staff
from clinic.queries.availability import SiteFrame, frame_of
from clinic.queries.boards import prescribed
from clinic.queries.definitions import protocol, visit_kind
from clinic.queries.treatments import Repeated, reference_of, repeated_of, treatment
from clinic.rules.appointments import (
    CancelledBy,
    Numbered,
    Outcome,
    Status,
    number_visits,
)
from clinic.rules.courses import CourseStatus
from clinic.rules.protocols import Protocol

OPEN = (Status.PROPOSED, Status.PENDING, Status.BOOKED, Status.WAITLIST)


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Whose it is; no clinical word."""

    id: int
    public_id: str
    record_number: str
    family: str
    given: str
    preferred: str
    birth_on: date | None
    phone: str


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit with where and who; `number` is None where it uses none."""

    id: int
    public_id: str
    version: int
    course_id: int | None
    step_key: str | None
    phase: str | None
    kind_key: str
    kind_label: str
    site_id: int
    zone: str
    place: str
    on: date
    local_min: int
    length_min: int
    start_at: datetime
    status: Status
    outcome: Outcome | None
    is_confirmed: bool
    arrived_at: datetime | None
    cancelled_by: CancelledBy | None
    make_up_for_id: int | None
    number: int | None
    where: tuple[str, ...]
    who: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """A course with its visits in time order; `total` is what was prescribed.

    `repeats` is the name of the treatment it repeats, "" for none.
    """

    id: int
    public_id: str
    name: str
    status: CourseStatus
    start_on: date
    total: int
    site_id: int
    site_name: str
    zone: str
    device_tags: frozenset[str]
    patient: PatientFacts
    version: int
    lapses_on: date | None
    repeats: str
    visits: tuple[VisitRow, ...]


@dataclass(frozen=True, slots=True)
class CourseAgain:
    """What was wished for a course, so that it can be planned once more.

    `repeats` names what it repeats, as `propose_course` takes it; "" for nothing.
    """

    protocol_key: str
    variant: str | None
    site_id: int
    wishes: Mapping[str, JsonValue]
    repeats: str


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """One visit with its patient, site and course (None for a single one)."""

    visit: VisitRow
    patient: PatientFacts
    site: SiteFrame
    site_key: str
    site_name: str
    course: CourseFacts | None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of a visit; `by` is empty for the clinic's own jobs."""

    at: datetime
    verb: str
    to_status: Status
    from_start_at: datetime | None
    to_start_at: datetime
    reason: str
    by: str


def patient_facts(patient: Patient) -> PatientFacts:
    """Return what a page says of a patient."""
    return PatientFacts(
        id=patient.id,
        public_id=patient.public_id,
        record_number=patient.record_number,
        family=patient.family,
        given=patient.given,
        preferred=patient.preferred,
        birth_on=patient.birth_on,
        phone=patient.phone,
    )


def read_visit(session: Session, *, public_id: str, site_ids: Collection[int] | None) -> VisitFacts:
    """Return a visit at a site one works at, with its course, or raise NotFound."""
    row = session.execute(
        select(Appointment, Patient, Site)
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Site, Site.id == Appointment.site_id)
        .where(Appointment.public_id == public_id)
    ).one_or_none()
    if row is None or (site_ids is not None and row.Site.id not in site_ids):
        raise NotFound("no_such_thing")
    course = None
    if row.Appointment.course_id is not None:
        (course,) = _facts_of(session, [session.get_one(Course, row.Appointment.course_id)])
        visit = next(one for one in course.visits if one.id == row.Appointment.id)
    else:
        visit = visit_rows(session, [row.Appointment])[0]
    return VisitFacts(
        visit, patient_facts(row.Patient), frame_of(row.Site), row.Site.key, row.Site.name, course
    )


def read_course(
    session: Session, *, public_id: str, site_ids: Collection[int] | None
) -> CourseFacts:
    """Return a course at a site one works at, or raise NotFound."""
    course = session.scalar(select(Course).where(Course.public_id == public_id))
    if course is None or (site_ids is not None and course.site_id not in site_ids):
        raise NotFound("no_such_thing")
    return _facts_of(session, [course])[0]


def patient_courses(
    session: Session, *, patient_id: int, site_ids: Collection[int] | None = None
) -> list[CourseFacts]:
    """Return the courses of a patient at sites (None: at all), newest first."""
    query = select(Course).where(Course.patient_id == patient_id).order_by(Course.id.desc())
    if site_ids is not None:
        query = query.where(Course.site_id.in_(site_ids))
    return _facts_of(session, session.scalars(query).all())


def course_again(session: Session, *, public_id: str, patient_id: int) -> CourseAgain | None:
    """Return what was wished for a course of a patient; None when there is no such course."""
    course = session.scalar(
        select(Course).where(Course.public_id == public_id, Course.patient_id == patient_id)
    )
    if course is None:
        return None
    key = protocol(session, course.definition_id).key
    repeats = reference_of(session, course)
    return CourseAgain(key, course.variant, course.site_id, dict(course.wishes), repeats)


def _facts_of(session: Session, courses: Sequence[Course]) -> list[CourseFacts]:
    """Return courses with their visits; as many queries for one as for many."""
    visits = _visits_of(session, [course.id for course in courses])
    site_ids = {course.site_id for course in courses}
    patient_ids = {course.patient_id for course in courses}
    where = select(Site).where(Site.id.in_(site_ids))
    sites = {site.id: site for site in session.scalars(where)}
    whose = select(Patient).where(Patient.id.in_(patient_ids))
    patients = {patient.id: patient for patient in session.scalars(whose)}
    return [
        _course(
            course,
            treatment(session, course),
            repeated_of(session, course),
            sites[course.site_id],
            patients[course.patient_id],
            visits[course.id],
        )
        for course in courses
    ]


def _visits_of(session: Session, course_ids: Sequence[int]) -> dict[int, list[VisitRow]]:
    """Return the visits of courses in time order, in two queries however many courses."""
    rows = session.scalars(
        select(Appointment)
        .where(Appointment.course_id.in_(course_ids))
        .order_by(Appointment.start_at, Appointment.id)
    ).all()
    found: dict[int, list[VisitRow]] = defaultdict(list)
    for visit in visit_rows(session, rows):
        found[visit.course_id or 0].append(visit)
    return found


def single_visits(
    session: Session, *, patient_id: int, site_ids: Collection[int] | None = None
) -> list[VisitRow]:
    """Return the visits of a patient at sites (None: at all) without a course, in time order."""
    query = (
        select(Appointment)
        .where(Appointment.patient_id == patient_id, Appointment.course_id.is_(None))
        .order_by(Appointment.start_at)
    )
    if site_ids is not None:
        query = query.where(Appointment.site_id.in_(site_ids))
    return visit_rows(session, session.scalars(query).all())


def upcoming(rows: Iterable[VisitRow], now: datetime) -> list[VisitRow]:
    """Return the visits that are still to come, in time order."""
    found = [row for row in rows if row.status in OPEN and row.start_at >= now]
    return sorted(found, key=lambda row: row.start_at)


def _course(
    course: Course,
    version: Protocol,
    repeated: Repeated | None,
    site: Site,
    patient: Patient,
    visits: Sequence[VisitRow],
) -> CourseFacts:
    return CourseFacts(
        id=course.id,
        public_id=course.public_id,
        name=version.name,
        status=course.status,
        start_on=course.start_on,
        total=prescribed(course.counts) or 0,
        site_id=site.id,
        site_name=site.name,
        zone=site.zone,
        device_tags=version.device_tags,
        patient=patient_facts(patient),
        version=course.version,
        lapses_on=course.lapses_on,
        repeats="" if repeated is None else repeated.name,
        visits=tuple(visits),
    )


def visit_rows(session: Session, rows: Sequence[Appointment]) -> list[VisitRow]:
    """Return appointments as rows, with the number each has among those given of its course."""
    by_course: dict[int, list[Numbered]] = defaultdict(list)
    for row in rows:
        if row.course_id is not None:
            by_course[row.course_id].append(Numbered(row.id, row.start_at, row.status, row.outcome))
    numbers = {key: n for some in by_course.values() for key, n in number_visits(some).items()}
    held = _held(session, [row.id for row in rows])
    return [_row(session, row, numbers.get(row.id), held[row.id]) for row in rows]


def _row(
    session: Session, row: Appointment, number: int | None, held: Sequence[tuple[str, str]]
) -> VisitRow:
    return VisitRow(
        id=row.id,
        public_id=row.public_id,
        version=row.version,
        course_id=row.course_id,
        step_key=row.step_key,
        phase=row.phase,
        kind_key=row.kind_key,
        kind_label=visit_kind(session, row.definition_id).staff_label,
        site_id=row.site_id,
        zone=row.zone,
        place=row.place,
        on=row.local_on,
        local_min=row.local_min,
        length_min=row.length_min,
        start_at=row.start_at,
        status=row.status,
        outcome=row.outcome,
        is_confirmed=row.confirmed_at is not None,
        arrived_at=row.arrived_at,
        cancelled_by=row.cancelled_by,
        make_up_for_id=row.make_up_for_id,
        number=number,
        where=tuple(name for kind, name in held if kind != PERSON),
        who=tuple(name for kind, name in held if kind == PERSON),
        note=row.note,
    )


def _held(session: Session, ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Return what appointments hold or held as (kind, name), each once, in one query."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    query = (
        select(Assignment.appointment_id, Resource.kind, Resource.name, Staff.short_name)
        .join(Resource, Resource.id == Assignment.resource_id)
        .outerjoin(Staff, Staff.resource_id == Resource.id)
        .where(Assignment.appointment_id.in_(ids), Resource.kind != PATIENT)
        .order_by(Assignment.id)
    )
    for appointment_id, kind, name, short_name in session.execute(query):
        pair = (kind, short_name or name)
        if pair not in found[appointment_id]:
            found[appointment_id].append(pair)
    return found


def history(session: Session, *, appointment_id: int) -> list[HistoryRow]:
    """Return the changes of a visit, oldest first."""
    query = (
        select(
            StatusChange.at,
            StatusChange.verb,
            StatusChange.to_status,
            StatusChange.from_start_at,
            StatusChange.to_start_at,
            StatusChange.reason,
            Staff.short_name,
        )
        .outerjoin(Account, Account.id == StatusChange.by)
        .outerjoin(Staff, Staff.id == Account.staff_id)
        .where(StatusChange.appointment_id == appointment_id)
        .order_by(StatusChange.at, StatusChange.id)
    )
    return [
        HistoryRow(at, verb, to_status, from_start_at, to_start_at, reason, by or "")
        for at, verb, to_status, from_start_at, to_start_at, reason, by in session.execute(query)
    ]


def lapsing(on: date) -> Select[int]:
    """Return the ids of pencilled courses whose seats are given up by this day, oldest first."""
    return (
        select(Course.id)
        .where(Course.lapses_on.is_not(None), Course.lapses_on <= on)
        .order_by(Course.lapses_on, Course.id)
    )
