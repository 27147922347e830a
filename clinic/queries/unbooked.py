"""Sessions without a date: what was missed, cancelled or not given, and has no visit instead."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.worklists import WorkItem
from clinic.queries.boards import prescribed
from clinic.queries.definitions import protocol, visit_kind
from clinic.rules.appointments import COUNTING, Outcome, Status
from clinic.rules.courses import RUNNING
from clinic.rules.worklists import NoNewDate

MISSED = "missed"


@dataclass(frozen=True, slots=True)
class LostVisit:
    """A visit that came to nothing: it was missed or cancelled, or nothing was given."""

    id: int
    public_id: str
    course_id: int | None
    kind_label: str
    status: Status
    on: date
    local_min: int
    start_at: datetime


@dataclass(frozen=True, slots=True)
class UnbookedRow:
    """A patient whose course, or single visit, needs a new date.

    `missing` sessions have no date, `done` of `total` are delivered; `lost` is the latest visit
    that came to nothing, None where the sessions were never booked. `course` is None for a single
    visit; `can_drop`: it may be taken off the list.
    """

    patient_public_id: str
    family: str
    given: str
    phone: str
    course_public_id: str | None
    course_name: str
    missing: int
    done: int
    total: int
    lost: LostVisit | None


def is_lost() -> ColumnElement[bool]:
    """Return the condition that a visit came to nothing, so that its session is still to be had."""
    return or_(
        Appointment.status.in_([Status.NOSHOW, Status.CANCELLED]),
        and_(Appointment.status == Status.FULFILLED, Appointment.outcome == Outcome.NOT_TREATED),
    )


def is_counted() -> ColumnElement[bool]:
    """Return the condition that a visit is delivered or planned, so that it has a number."""
    return and_(
        Appointment.status.in_(COUNTING),
        or_(Appointment.outcome.is_(None), Appointment.outcome != Outcome.NOT_TREATED),
    )


def lost_visit(session: Session, *, course_id: int, step_key: str) -> int | None:
    """Return the latest visit of a step that came to nothing and has no visit instead."""
    query = select(Appointment.id).where(
        Appointment.course_id == course_id,
        Appointment.step_key == step_key,
        is_lost(),
        ~_has_instead(),
    )
    return session.scalar(query.order_by(Appointment.start_at.desc()).limit(1))


def unbooked_rows(session: Session, *, site_id: int) -> list[UnbookedRow]:
    """Return who needs a new date at a site, whose visit came to nothing last first."""
    rows = [*_course_rows(session, site_id), *_single_rows(session, site_id)]
    return sorted(rows, key=_latest, reverse=True)


def _latest(row: UnbookedRow) -> tuple[bool, float]:
    return (row.lost is not None, 0.0 if row.lost is None else row.lost.start_at.timestamp())


def _has_instead() -> ColumnElement[bool]:
    """Return the condition that a visit has another one that counts in its place."""
    other = aliased(Appointment)
    return (
        select(other.id)
        .where(
            other.make_up_for_id == Appointment.id,
            other.status.in_(COUNTING),
            or_(other.outcome.is_(None), other.outcome != Outcome.NOT_TREATED),
        )
        .exists()
    )


def _is_dropped() -> ColumnElement[bool]:
    """Return the condition that somebody said that a visit gets no new date."""
    return (
        select(WorkItem.id)
        .where(
            WorkItem.appointment_id == Appointment.id,
            WorkItem.kind == MISSED,
            WorkItem.outcome.in_([reason.value for reason in NoNewDate]),
        )
        .exists()
    )


def _course_rows(session: Session, site_id: int) -> list[UnbookedRow]:
    query = (
        select(Course, Patient, _count(is_counted()), _count(_is_done()))
        .join(Patient, Patient.id == Course.patient_id)
        .where(Course.site_id == site_id, Course.status.in_(RUNNING), Course.lapses_on.is_(None))
        .order_by(Course.id)
    )
    short = [
        (course, patient, (prescribed(course.counts) or 0) - counted, done)
        for course, patient, counted, done in session.execute(query)
    ]
    short = [row for row in short if row[2] > 0]
    ids = [course.id for course, _, _, _ in short]
    lost = _lost_by_course(session, ids)
    dropped = _dropped_by_course(session, ids)
    return [
        UnbookedRow(
            patient_public_id=patient.public_id,
            family=patient.family,
            given=patient.given,
            phone=patient.phone,
            course_public_id=course.public_id,
            course_name=protocol(session, course.definition_id).name,
            missing=missing - dropped.get(course.id, 0),
            done=done,
            total=prescribed(course.counts) or 0,
            lost=next(iter(lost[course.id]), None),
        )
        for course, patient, missing, done in short
        if missing > dropped.get(course.id, 0)
    ]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return (
        select(func.count())
        .where(Appointment.course_id == Course.id, condition)
        .correlate(Course)
        .scalar_subquery()
    )


def _is_done() -> ColumnElement[bool]:
    return and_(is_counted(), Appointment.status == Status.FULFILLED)


def _lost_by_course(session: Session, ids: Sequence[int]) -> dict[int, list[LostVisit]]:
    """Return the visits of courses that wait for a new date, latest first."""
    found: dict[int, list[LostVisit]] = defaultdict(list)
    query = _lost().where(
        Appointment.course_id.in_(ids), is_lost(), ~_has_instead(), ~_is_dropped()
    )
    for row in session.scalars(query) if ids else ():
        found[row.course_id or 0].append(_lost_row(session, row))
    return found


def _dropped_by_course(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Return how many sessions of courses get no new date, because somebody said so."""
    query = (
        select(Appointment.course_id, func.count())
        .where(Appointment.course_id.in_(ids), is_lost(), ~_has_instead(), _is_dropped())
        .group_by(Appointment.course_id)
    )
    return {course_id or 0: n for course_id, n in session.execute(query)} if ids else {}


def _single_rows(session: Session, site_id: int) -> list[UnbookedRow]:
    """Return the missed visits without a course for which nobody has found a new date."""
    query = (
        select(Appointment, Patient)
        .join(WorkItem, WorkItem.appointment_id == Appointment.id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(
            WorkItem.kind == MISSED,
            WorkItem.done_at.is_(None),
            Appointment.course_id.is_(None),
            Appointment.site_id == site_id,
        )
    )
    return [
        UnbookedRow(
            patient_public_id=patient.public_id,
            family=patient.family,
            given=patient.given,
            phone=patient.phone,
            course_public_id=None,
            course_name="",
            missing=1,
            done=0,
            total=0,
            lost=_lost_row(session, visit),
        )
        for visit, patient in session.execute(query)
    ]


def _lost() -> Select[Appointment]:
    return select(Appointment).order_by(Appointment.start_at.desc(), Appointment.id.desc())


def _lost_row(session: Session, row: Appointment) -> LostVisit:
    return LostVisit(
        id=row.id,
        public_id=row.public_id,
        course_id=row.course_id,
        kind_label=visit_kind(session, row.definition_id).staff_label,
        status=row.status,
        on=row.local_on,
        local_min=row.local_min,
        start_at=row.start_at,
    )
