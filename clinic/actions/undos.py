"""Undo: a new change that puts back exactly what one change set altered, while nobody was told.

Versions only rise: the history keeps the change and its undo. What was booked becomes entered in
error, what was moved, cancelled or marked stands again as its picture says, on the seats it had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require, require_at
from clinic.actions.bookings import put_back_seats, raise_board_versions, release_seats
from clinic.actions.change_sets import add_change_set
from clinic.actions.messages import cancel_notices
from clinic.actions.pictures import Held, Picture, put_back, read_picture
from clinic.actions.status_steps import next_of
from clinic.actions.visits import reopen_visit
from clinic.actions.worklists import raise_missed, reopen_made_up, withdraw_missed
from clinic.errors import Conflict, NotAllowed, NotFound
from clinic.models.appointments import Appointment, StatusChange
from clinic.models.courses import ChangeSet, Course
from clinic.queries.definitions import policies
from clinic.queries.undos import (
    DECISIONS,
    WHOLE_COURSES,
    blocked_since,
    changed_since,
    has_delivered,
    is_begun,
    is_used_since,
    undo_of,
)
from clinic.rules.actors import Actor
from clinic.rules.appointments import HERE, Verb
from clinic.rules.courses import UNSTARTED, CourseStatus, CourseVerb, next_course_status
from clinic.rules.messages import message_policy
from clinic.rules.permissions import Permission

UNDO = "undo"
STEPS = frozenset(verb.value for verb in Verb) - {Verb.CANCEL.value}


@dataclass(frozen=True, slots=True)
class Part:
    """One appointment of a change set, with the status row that says how it was changed."""

    appointment: Appointment
    change: StatusChange
    picture: Picture | None

    @property
    def holds(self) -> tuple[Held, ...] | None:
        """Return the seats it had; None when the change left them alone."""
        return None if self.picture is None else self.picture.holds


def undo_change_set(session: Session, *, public_id: str, by: Actor, now: datetime) -> ChangeSet:
    """Undo a change set and return the change set of the undo; its waiting messages are cancelled.

    NotAllowed for anybody but who made it. Conflict when it is too late, undone already, changed
    since, or when a seat it needs is taken or shut since; the values name it.
    """
    change_set = _locked(session, public_id)
    _check(session, change_set, by, now)
    parts = _parts(session, change_set)
    _check_sites(parts, change_set, by)
    _check_unchanged(session, change_set, parts)
    cancel_notices(session, change_set_id=change_set.id)
    days = [(part.appointment.site_id, part.appointment.local_on) for part in parts]
    undo = _undo_set(session, change_set, by, now)
    _seat(session, change_set, parts)
    for part in parts:
        _restore(session, part, undo, by, now)
    _restore_course(session, change_set, parts)
    days += [(part.appointment.site_id, part.appointment.local_on) for part in parts]
    if days:
        raise_board_versions(session, days=days)
    record_audit(
        session,
        verb="undo_change_set",
        subject="change_set",
        subject_id=change_set.id,
        patient_id=change_set.patient_id,
        values={"kind": change_set.kind, "visits": len(parts), "undo": undo.id},
        by=by,
        now=now,
    )
    return undo


def _locked(session: Session, public_id: str) -> ChangeSet:
    found = session.scalar(
        select(ChangeSet).where(ChangeSet.public_id == public_id).with_for_update()
    )
    if found is None:
        raise NotFound("no_such_thing")
    return found


def _check(session: Session, change_set: ChangeSet, by: Actor, now: datetime) -> None:
    """Raise unless this person may undo this change now."""
    require(by, _permission(change_set))
    if by.account_id is None or change_set.created_by != by.account_id:
        raise NotAllowed("undo_not_yours")
    if undo_of(session, change_set.id) is not None:
        raise Conflict("undone_already")
    policy = message_policy(policies(session))
    is_undo = change_set.undoes_id is not None
    if is_undo or not policy.can_undo(change_set.created_at, now):
        raise Conflict("undo_too_late")


def _permission(change_set: ChangeSet) -> Permission:
    return Permission.CHECK_IN if change_set.kind in STEPS else Permission.SCHEDULE


def _check_sites(parts: Sequence[Part], change_set: ChangeSet, by: Actor) -> None:
    """Raise NotAllowed when something of the change set stands where this person may not act."""
    for part in parts:
        require_at(by, _permission(change_set), part.appointment.site_id)


def _parts(session: Session, change_set: ChangeSet) -> list[Part]:
    """Return the appointments of a change set, locked in the order of their ids."""
    rows = session.execute(
        select(Appointment, StatusChange)
        .join(StatusChange, StatusChange.appointment_id == Appointment.id)
        .where(StatusChange.change_set_id == change_set.id)
        .order_by(Appointment.id)
        .with_for_update(of=Appointment)
    ).all()
    return [
        Part(row, change, None if change.before is None else read_picture(change.before))
        for row, change in rows
    ]


def _check_unchanged(session: Session, change_set: ChangeSet, parts: Sequence[Part]) -> None:
    """Raise Conflict when something of the change set was changed since, or built upon."""
    ids = [part.appointment.id for part in parts]
    changed = changed_since(session, change_set_id=change_set.id, appointment_ids=ids)
    if changed is not None:
        raise Conflict("undo_changed_since", on=changed.isoformat())
    leaving = [part.appointment.id for part in parts if _leaves(part)]
    if is_begun(session, leaving):
        raise Conflict("undo_visit_begun")
    if change_set.kind in WHOLE_COURSES and is_used_since(session, change_set.course_id, ids):
        raise Conflict("undo_course_used")


def _leaves(part: Part) -> bool:
    """Say whether undoing a part means that the patient is not in the house."""
    was = None if part.picture is None else part.picture.status
    return part.appointment.status in HERE and was not in HERE


def _undo_set(session: Session, change_set: ChangeSet, by: Actor, now: datetime) -> ChangeSet:
    return add_change_set(
        session,
        kind=UNDO,
        patient_id=change_set.patient_id,
        course_id=change_set.course_id,
        undoes_id=change_set.id,
        by=by,
        now=now,
    )


def _seat(session: Session, change_set: ChangeSet, parts: Sequence[Part]) -> None:
    """Give back the seats of what was booked; take again those of what was moved or cancelled."""
    booked = [part.appointment.id for part in parts if part.picture is None]
    if booked:
        release_seats(session, appointment_ids=booked)
    held = {part.appointment.id: part.holds for part in parts if part.holds is not None}
    if held:
        put_back_seats(session, held=held)
        _check_blocks(session, change_set, parts)


def _check_blocks(session: Session, change_set: ChangeSet, parts: Sequence[Part]) -> None:
    """Raise Conflict when a resource was shut since; what was shut before is as it was."""
    for part in parts:
        taken = [one.resource_id for one in part.holds or () if one.is_held]
        if part.picture is None or not taken:
            continue
        shut = blocked_since(
            session,
            since=change_set.created_at,
            site_id=part.appointment.site_id,
            resource_ids=taken,
            span=(part.picture.start_at, part.picture.end_at),
        )
        if shut is not None:
            raise Conflict("resource_shut", resource=shut, on=part.picture.local_on.isoformat())


def _restore(session: Session, part: Part, undo: ChangeSet, by: Actor, now: datetime) -> None:
    """Put one appointment back, with its version raised and a status row of its own."""
    appointment, change = part.appointment, part.change
    was = (appointment.status, appointment.start_at)
    if part.picture is None:
        appointment.status = next_of(appointment, Verb.ENTER_IN_ERROR)
        appointment.flag_at = None
    else:
        put_back(appointment, part.picture)
    appointment.version += 1
    appointment.change_set_id = undo.id
    session.add(
        StatusChange(
            appointment_id=appointment.id,
            verb=f"{UNDO}_{change.verb}",
            from_status=was[0],
            to_status=appointment.status,
            from_start_at=was[1],
            to_start_at=appointment.start_at,
            reason="",
            change_set_id=undo.id,
            at=now,
            by=by.account_id,
        )
    )
    _restore_beside(session, part, now)


def _restore_beside(session: Session, part: Part, now: datetime) -> None:
    """Restore what hangs on an appointment: the worklist's question and the record of the visit."""
    appointment = part.appointment
    match part.change.verb:
        case "book" if appointment.make_up_for_id is not None:
            reopen_made_up(session, appointment_id=appointment.make_up_for_id)
        case Verb.NO_SHOW:
            withdraw_missed(session, appointment=appointment, now=now)
        case Verb.WITHDRAW_NO_SHOW:
            raise_missed(session, appointment=appointment, now=now)
        case Verb.FULFIL:
            reopen_visit(session, appointment=appointment, ended_at=part.change.at)
        case _:
            pass


def _restore_course(session: Session, change_set: ChangeSet, parts: Sequence[Part]) -> None:
    """Take a booked course back, and wake one no more whose first delivered visit was none."""
    if change_set.course_id is None:
        return
    course = session.get_one(Course, change_set.course_id, with_for_update=True)
    if change_set.kind in WHOLE_COURSES:
        course.status = next_course_status(course.status, CourseVerb.ENTER_IN_ERROR)
        course.lapses_on = None
        course.version += 1
        return
    if change_set.kind in DECISIONS:
        _decide_again(session, course, parts)
        return
    for part in parts:
        _put_to_sleep(session, course, part.picture)


def _decide_again(session: Session, course: Course, parts: Sequence[Part]) -> None:
    """Let a course stand as it did before it was decided on; one without visits simply runs."""
    picture = next((part.picture for part in parts if part.picture is not None), None)
    if picture is not None and picture.course_status is not None:
        course.status, course.lapses_on = picture.course_status, picture.lapses_on
    else:
        is_begun = has_delivered(session, course.id)
        course.status = CourseStatus.ACTIVE if is_begun else CourseStatus.DRAFT
    course.version += 1


def _put_to_sleep(session: Session, course: Course, picture: Picture | None) -> None:
    """Give a course the state it had, unless another of its visits is delivered."""
    before = None if picture is None else picture.course_status
    if before not in UNSTARTED or course.status is not CourseStatus.ACTIVE:
        return
    session.flush()
    if not has_delivered(session, course.id):
        course.status = before
        course.version += 1
