"""Courses: booking a whole course at once, all visits or none."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, insert_drafts
from clinic.actions.audit import record_audit, require_at
from clinic.actions.change_sets import add_change_set
from clinic.actions.messages import queue_change_notice
from clinic.errors import NotFound, RuleBroken
from clinic.models.courses import ChangeSet, Course
from clinic.models.patients import Patient
from clinic.planning.courses import Plan
from clinic.queries.kinds import KindFrame
from clinic.queries.proposals import CourseOrder
from clinic.queries.undos import COURSE_BOOKED, COURSE_PENCILLED
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status
from clinic.rules.courses import CourseStatus
from clinic.rules.permissions import Permission


def book_course(
    session: Session,
    *,
    order: CourseOrder,
    plan: Plan,
    kinds: Mapping[str, KindFrame],
    by: Actor,
    now: datetime,
    pencilled_until: date | None = None,
) -> Course:
    """Book every visit of a plan and return the course; Conflict when something is taken since.

    Writes the course, one change set with one message to the patient, appointments with their
    seats, and the audit row; nothing at all when one visit cannot be had. With a day until which
    it is pencilled the seats are held, nothing is promised and no message is written.
    """
    require_at(by, Permission.SCHEDULE, order.site.id)
    if plan.unplaced or not plan.visits:
        raise RuleBroken("plan_incomplete", unplaced=plan.unplaced)
    patient = session.get(Patient, order.patient_id)
    if patient is None:
        raise NotFound("patient_unknown")
    course = _add_course(session, order, pencilled_until, by, now)
    change_set = _change_set(session, course, by, now)
    drafts = _drafts(order, plan, patient, kinds, course)
    insert_drafts(session, drafts=drafts, change_set=change_set, by=by, now=now)
    if pencilled_until is None:
        queue_change_notice(session, change_set=change_set, now=now)
    record_audit(
        session,
        verb="book_course" if pencilled_until is None else "pencil_course",
        subject="course",
        subject_id=course.id,
        patient_id=patient.id,
        values={"visits": len(drafts), "change_set": change_set.id},
        by=by,
        now=now,
    )
    return course


def _change_set(session: Session, course: Course, by: Actor, now: datetime) -> ChangeSet:
    return add_change_set(
        session,
        kind=COURSE_BOOKED if course.lapses_on is None else COURSE_PENCILLED,
        patient_id=course.patient_id,
        course_id=course.id,
        by=by,
        now=now,
    )


def _drafts(
    order: CourseOrder,
    plan: Plan,
    patient: Patient,
    kinds: Mapping[str, KindFrame],
    course: Course,
) -> list[VisitDraft]:
    return [
        VisitDraft(
            visit=visit,
            site=order.site,
            patient_id=patient.id,
            patient_resource_id=patient.resource_id,
            kind=kinds[visit.kind_key],
            course_id=course.id,
            status=Status.BOOKED if course.lapses_on is None else Status.PENDING,
        )
        for visit in plan.visits
    ]


def _add_course(
    session: Session, order: CourseOrder, lapses_on: date | None, by: Actor, now: datetime
) -> Course:
    course = Course(
        patient_id=order.patient_id,
        site_id=order.site.id,
        definition_id=order.definition_id,
        variant=order.variant,
        status=CourseStatus.DRAFT if lapses_on is None else CourseStatus.AWAITING_AUTHORISATION,
        start_on=order.start_on,
        counts=dict(order.counts),
        wishes=dict(order.wishes),
        lapses_on=lapses_on,
        created_at=now,
        created_by=by.account_id,
    )
    if order.repeated is not None:
        course.index_course_id = order.repeated.course_id
        course.index_definition_id = order.repeated.definition_id
        course.index_variant = order.repeated.variant
    session.add(course)
    session.flush()
    return course
