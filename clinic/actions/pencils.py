"""Pencilled courses: approved, given up, renewed, and given up by themselves when they lapse.

A pencilled course holds all its seats and promises nothing: its appointments are pending and no
message tells of them. `book_course` makes one; approval writes the one message.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit
from clinic.actions.bookings import raise_board_versions
from clinic.actions.cancellings import cancel_visits
from clinic.actions.change_sets import add_change_set
from clinic.actions.messages import queue_change_notice
from clinic.actions.pictures import picture_of
from clinic.actions.status_steps import add_status_change, next_of
from clinic.actions.worklists import raise_item
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.courses import ChangeSet, Course
from clinic.models.sites import Site
from clinic.models.worklists import WorkItem
from clinic.queries.definitions import policies
from clinic.queries.pencils import LAPSED
from clinic.queries.undos import COURSE_APPROVED, PENCIL_GIVEN_UP
from clinic.rules.actors import Actor
from clinic.rules.appointments import CancelledBy, Status, Verb
from clinic.rules.courses import CourseVerb, next_course_status
from clinic.rules.pencils import lapse_day
from clinic.rules.permissions import Permission
from clinic.rules.times import local_minutes

SEEN = "seen"


def pencilled_course(session: Session, *, public_id: str, version: int, by: Actor) -> Course:
    """Return a pencilled course locked for change.

    NotFound for an unknown id or where one may not book, Conflict when it changed since it was
    shown, RuleBroken when it is not pencilled (any more).
    """
    course = session.scalar(select(Course).where(Course.public_id == public_id).with_for_update())
    if course is None or not by.may_at(Permission.SCHEDULE, course.site_id):
        raise NotFound("no_such_thing")
    if course.lapses_on is None:
        raise RuleBroken("not_pencilled")
    if course.version != version:
        raise Conflict("course_changed", version=course.version)
    return course


def approve_pencil(session: Session, *, course: Course, by: Actor, now: datetime) -> ChangeSet:
    """Book every pending visit of a pencilled course, and write the one message to the patient."""
    change_set = _change(session, course, COURSE_APPROVED, by, now)
    pending = _pending(session, course)
    lapses_on = None if course.lapses_on is None else course.lapses_on.isoformat()
    for appointment in pending:
        picture = picture_of(session, appointment) | {"lapses_on": lapses_on}
        appointment.status = next_of(appointment, Verb.APPROVE)
        appointment.version += 1
        appointment.change_set_id = change_set.id
        add_status_change(
            session,
            appointment,
            verb=Verb.APPROVE,
            before=picture,
            change_set=change_set,
            by=by,
            now=now,
        )
    course.status = next_course_status(course.status, CourseVerb.AUTHORISE)
    queue_change_notice(session, change_set=change_set, now=now)
    _close(session, course, pending, "approve_pencil", by, now)
    return change_set


def give_up_pencil(session: Session, *, course: Course, by: Actor, now: datetime) -> ChangeSet:
    """Free every pending visit of a pencilled course; nothing was promised, so nobody is told.

    A course of which nothing has been delivered is cancelled before its start.
    """
    change_set = _change(session, course, PENCIL_GIVEN_UP, by, now)
    pending = _pending(session, course)
    cancel_visits(
        session,
        course=course,
        visits=pending,
        change_set=change_set,
        cancelled_by=CancelledBy.CLINIC,
        by=by,
        now=now,
    )
    course.status = next_course_status(course.status, CourseVerb.CANCEL_BEFORE_START)
    _close(session, course, pending, "give_up_pencil", by, now)
    return change_set


def renew_pencil(session: Session, *, course: Course, by: Actor, now: datetime) -> None:
    """Hold the seats of a pencilled course anew, for as many days from today as the policy says.

    Never longer than to the day of its first visit; RuleBroken when that has come.
    """
    today, pending = _today(session, course, now), _pending(session, course)
    first_on = min((one.local_on for one in pending), default=today)
    if first_on <= today:
        raise RuleBroken("pencil_must_be_decided")
    course.lapses_on = lapse_day(policies(session), today, first_on)
    course.version += 1
    _audit(session, course, "renew_pencil", 0, by, now)


def lapse_pencil(session: Session, *, course_id: int, by: Actor, now: datetime) -> bool:
    """Give up a course whose day has come and ask the desk to look; False when it was decided.

    Never silently: the worklist keeps it until somebody has seen it.
    """
    course = session.get(Course, course_id, with_for_update=True)
    if course is None or course.lapses_on is None:
        return False
    if course.lapses_on > _today(session, course, now):
        return False
    give_up_pencil(session, course=course, by=by, now=now)
    raise_item(
        session,
        kind=LAPSED,
        subject=str(course.id),
        patient_id=course.patient_id,
        course_id=course.id,
        now=now,
    )
    return True


def note_lapse(session: Session, *, item: str, by: Actor, now: datetime) -> None:
    """Take a lapsed course off the worklist, because somebody has seen it; Conflict when it is."""
    row = session.scalar(
        select(WorkItem)
        .where(WorkItem.public_id == item, WorkItem.kind == LAPSED)
        .with_for_update()
    )
    course = None if row is None or row.course_id is None else session.get(Course, row.course_id)
    if row is None or course is None or not by.may_at(Permission.SCHEDULE, course.site_id):
        raise NotFound("no_such_thing")
    if row.done_at is not None:
        raise Conflict("missed_settled")
    row.done_at, row.done_by, row.outcome = now, by.account_id, SEEN
    _audit(session, course, "note_lapse", 0, by, now)


def _today(session: Session, course: Course, now: datetime) -> date:
    """Return the local day of the course's site."""
    return local_minutes(now, session.get_one(Site, course.site_id).zone)[0]


def _change(session: Session, course: Course, kind: str, by: Actor, now: datetime) -> ChangeSet:
    return add_change_set(
        session, kind=kind, patient_id=course.patient_id, course_id=course.id, by=by, now=now
    )


def _pending(session: Session, course: Course) -> Sequence[Appointment]:
    return session.scalars(
        select(Appointment)
        .where(Appointment.course_id == course.id, Appointment.status == Status.PENDING)
        .order_by(Appointment.id)
        .with_for_update()
    ).all()


def _close(
    session: Session,
    course: Course,
    visits: Sequence[Appointment],
    verb: str,
    by: Actor,
    now: datetime,
) -> None:
    """End the pencilling: no lapse day any more, boards drawn anew, one audit row."""
    course.lapses_on = None
    course.version += 1
    raise_board_versions(session, days=[(one.site_id, one.local_on) for one in visits])
    _audit(session, course, verb, len(visits), by, now)


def _audit(
    session: Session, course: Course, verb: str, visits: int, by: Actor, now: datetime
) -> None:
    record_audit(
        session,
        verb=verb,
        subject="course",
        subject_id=course.id,
        patient_id=course.patient_id,
        values={"visits": visits},
        by=by,
        now=now,
    )
