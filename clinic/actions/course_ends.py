"""Ending a course before all of it is given: what is still to come is cancelled in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit
from clinic.actions.cancellings import cancel_visits
from clinic.actions.change_sets import add_change_set
from clinic.actions.messages import queue_change_notice
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.courses import ChangeSet, Course
from clinic.queries.undos import COURSE_ENDED, has_delivered
from clinic.rules.actors import Actor
from clinic.rules.appointments import CancelledBy, Status
from clinic.rules.courses import RUNNING, ending_verb, next_course_status
from clinic.rules.permissions import Permission

GOING_ON = frozenset({Status.ARRIVED, Status.CHECKED_IN})
OPEN = frozenset({Status.PROPOSED, Status.PENDING, Status.WAITLIST, Status.BOOKED})


@dataclass(frozen=True, slots=True)
class CourseEnd:
    """How a course is ended: who wants it, why, and whether the patient gets a message.

    `visits` is how many the page said would be cancelled: not one more goes unseen.
    """

    cancelled_by: CancelledBy
    reason: str
    visits: int
    tell_patient: bool
    late_under_hours: int


def running_course(session: Session, *, public_id: str, version: int, by: Actor) -> Course:
    """Return a running course locked for change.

    NotFound for an unknown id or where one may not book, Conflict when it changed since it was
    shown, RuleBroken when it is over or only pencilled.
    """
    course = session.scalar(select(Course).where(Course.public_id == public_id).with_for_update())
    if course is None or not by.may_at(Permission.SCHEDULE, course.site_id):
        raise NotFound("no_such_thing")
    if course.status not in RUNNING:
        raise RuleBroken("course_is_over")
    if course.lapses_on is not None:
        raise RuleBroken("course_is_pencilled")
    if course.version != version:
        raise Conflict("course_changed", version=course.version)
    return course


def end_course(
    session: Session, *, course: Course, end: CourseEnd, by: Actor, now: datetime
) -> ChangeSet:
    """Cancel every visit of a course that is to come, and end the course; one change set.

    What was delivered or missed stays. Conflict when other visits are to come than were shown,
    RuleBroken while a visit is going on.
    """
    visits = _visits(session, course)
    if any(one.status in GOING_ON for one in visits):
        raise RuleBroken("course_visit_going_on")
    coming = [one for one in visits if one.status in OPEN and one.start_at >= now]
    if len(coming) != end.visits:
        raise Conflict("course_changed", version=course.version)
    change_set = add_change_set(
        session,
        kind=COURSE_ENDED,
        patient_id=course.patient_id,
        course_id=course.id,
        reason=end.reason,
        by=by,
        now=now,
    )
    cancel_visits(
        session,
        course=course,
        visits=coming,
        change_set=change_set,
        cancelled_by=end.cancelled_by,
        reason=end.reason,
        late_under_hours=end.late_under_hours,
        by=by,
        now=now,
    )
    _close(session, course, len(coming), by, now)
    if end.tell_patient and coming:
        queue_change_notice(session, change_set=change_set, now=now)
    return change_set


def _visits(session: Session, course: Course) -> Sequence[Appointment]:
    """Return the visits of a course that are not over, locked in the order of their ids."""
    return session.scalars(
        select(Appointment)
        .where(Appointment.course_id == course.id, Appointment.status.in_(OPEN | GOING_ON))
        .order_by(Appointment.id)
        .with_for_update()
    ).all()


def _close(session: Session, course: Course, cancelled: int, by: Actor, now: datetime) -> None:
    """Give the course its end and write the audit row."""
    verb = ending_verb(course.status, has_delivered=has_delivered(session, course.id))
    course.status = next_course_status(course.status, verb)
    course.version += 1
    record_audit(
        session,
        verb="end_course",
        subject="course",
        subject_id=course.id,
        patient_id=course.patient_id,
        values={"visits": cancelled},
        by=by,
        now=now,
    )
