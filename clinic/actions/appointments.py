"""Appointments: booking, moving and cancelling one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from clinic.actions.audit import require_at
from clinic.actions.bookings import (
    PATIENT_REQUIREMENT,
    Claim,
    Seating,
    claim_seats,
    insert_appointments,
    move_seats,
    raise_board_versions,
    release_seats,
    start_of,
)
from clinic.actions.change_sets import add_change_set
from clinic.actions.joinings import require_course, require_day, require_fit
from clinic.actions.messages import queue_change_notice
from clinic.actions.pictures import picture_with_seats
from clinic.actions.status_steps import (
    add_status_change,
    audit_appointment,
    check_version,
    next_of,
    touch,
)
from clinic.actions.worklists import settle_missed
from clinic.errors import RuleBroken
from clinic.models.appointments import Appointment, StatusChange
from clinic.models.base import new_public_id
from clinic.models.courses import ChangeSet
from clinic.models.patients import Patient
from clinic.planning.courses import PlannedVisit
from clinic.queries.availability import SiteFrame
from clinic.queries.kinds import KindFrame
from clinic.rules.actors import Actor
from clinic.rules.appointments import CancelledBy, Status, Verb, is_late_cancel, missed_due_at
from clinic.rules.permissions import Permission
from clinic.rules.wall_days import CELL_MIN


@dataclass(frozen=True, slots=True)
class VisitDraft:
    """One appointment to be: a planned visit, whose it is and where."""

    visit: PlannedVisit
    site: SiteFrame
    patient_id: int
    patient_resource_id: int
    kind: KindFrame
    course_id: int | None
    status: Status
    make_up_for_id: int | None = None
    note: str = ""

    @property
    def seating(self) -> Seating:
        """Return all that the visit holds, the patient included."""
        return seating_of(self.visit, self.site, self.patient_resource_id)


def seating_of(visit: PlannedVisit, site: SiteFrame, patient_resource_id: int) -> Seating:
    """Return the claims of a planned visit; turnover lies after the visit's own end."""
    end = visit.start_cell + visit.length_cells
    claims = [
        Claim(
            requirement=hold.requirement,
            resource_id=hold.resource_id,
            from_cell=hold.from_cell,
            to_cell=hold.to_cell,
            open_to_cell=min(hold.to_cell, end),
            seats=hold.seats,
        )
        for hold in visit.holds
    ]
    claims.append(
        Claim(PATIENT_REQUIREMENT, patient_resource_id, visit.start_cell, end, visit.start_cell)
    )
    return Seating(site, visit.on, tuple(claims))


def insert_drafts(
    session: Session,
    *,
    drafts: Sequence[VisitDraft],
    change_set: ChangeSet,
    by: Actor,
    now: datetime,
) -> list[Appointment]:
    """Insert appointments with their seats, status rows and board versions; all or none."""
    made = insert_appointments(session, [_row(draft, change_set, now) for draft in drafts])
    seatings = {row.id: draft.seating for row, draft in zip(made, drafts, strict=True)}
    claim_seats(session, seatings=seatings)
    session.execute(insert(StatusChange), [_first_change(row, change_set, by, now) for row in made])
    raise_board_versions(session, days=[(row.site_id, row.local_on) for row in made])
    return made


def _row(draft: VisitDraft, change_set: ChangeSet, now: datetime) -> dict[str, object]:
    visit, seating = draft.visit, draft.seating
    start = start_of(seating, visit.start_cell)
    length = timedelta(minutes=visit.length_cells * CELL_MIN)
    return {
        "public_id": new_public_id(),
        "uid": new_public_id(),
        "version": 1,
        "patient_id": draft.patient_id,
        "course_id": draft.course_id,
        "step_key": visit.step_key if draft.course_id else None,
        "phase": visit.phase if draft.course_id else None,
        "definition_id": draft.kind.definition_id,
        "kind_key": visit.kind_key,
        "site_id": draft.site.id,
        "place": visit.place,
        "start_at": start,
        "end_at": start + length,
        "zone": draft.site.zone,
        "local_on": visit.on,
        "local_min": visit.start_cell * CELL_MIN,
        "length_min": visit.length_cells * CELL_MIN,
        "status": draft.status,
        "is_late": False,
        "make_up_for_id": draft.make_up_for_id,
        "change_set_id": change_set.id,
        "flag_at": missed_due_at(start, draft.kind.visit_kind.missed_grace_min),
        "note": draft.note,
        "created_at": now,
    }


def _first_change(
    row: Appointment, change_set: ChangeSet, by: Actor, now: datetime
) -> dict[str, object]:
    return {
        "appointment_id": row.id,
        "verb": "book",
        "from_status": None,
        "to_status": row.status,
        "to_start_at": row.start_at,
        "reason": "",
        "change_set_id": change_set.id,
        "at": now,
        "by": by.account_id,
    }


def book_appointment(
    session: Session,
    *,
    draft: VisitDraft,
    by: Actor,
    now: datetime,
    is_second_allowed: bool = False,
) -> Appointment:
    """Book one appointment (a consult, an extra or a make-up) and return it.

    RuleBroken for a day that is over, and a treatment without a course or room in it.
    """
    require_at(by, Permission.SCHEDULE, draft.site.id)
    require_day(draft.visit.on, site=draft.site, now=now)
    is_make_up = draft.make_up_for_id is not None
    require_course(draft.kind, course_id=draft.course_id, is_make_up=is_make_up)
    if draft.course_id is not None:
        require_fit(
            session,
            course_id=draft.course_id,
            visit=draft.visit,
            site_id=draft.site.id,
            by=by,
            now=now,
            is_second_allowed=is_second_allowed,
        )
    change_set = add_change_set(
        session,
        kind="appointment_booked",
        patient_id=draft.patient_id,
        course_id=draft.course_id,
        by=by,
        now=now,
    )
    (made,) = insert_drafts(session, drafts=[draft], change_set=change_set, by=by, now=now)
    if draft.make_up_for_id is not None:
        settle_missed(session, appointment_id=draft.make_up_for_id, by=by, now=now)
    queue_change_notice(session, change_set=change_set, now=now)
    audit_appointment(session, made, "book_appointment", by, now)
    return made


def move_appointment(
    session: Session,
    *,
    appointment: Appointment,
    to: PlannedVisit,
    site: SiteFrame,
    kind: KindFrame,
    version: int,
    tell_patient: bool,
    by: Actor,
    now: datetime,
    is_second_allowed: bool = False,
) -> ChangeSet:
    """Move an appointment to another time or other resources; the old seats go in the same step.

    Conflict when it changed since it was shown (`version`) or the new time is taken; RuleBroken
    for a day that is over, and when its course has no room for it on another day.
    """
    require_at(by, Permission.SCHEDULE, appointment.site_id)
    check_version(appointment, version)
    if appointment.status not in (Status.BOOKED, Status.PENDING):
        raise RuleBroken("move_refused", status=appointment.status.value)
    require_day(to.on, site=site, now=now)
    picture, old_on = picture_with_seats(session, appointment), appointment.local_on
    _require_room(session, appointment, to, by=by, now=now, is_second_allowed=is_second_allowed)
    _reseat(session, appointment, to, site, kind)
    change_set = _change(
        session, appointment, "appointment_moved", by=by, now=now, tell=tell_patient
    )
    add_status_change(
        session, appointment, verb="move", before=picture, change_set=change_set, by=by, now=now
    )
    days = [(site.id, old_on), (appointment.site_id, appointment.local_on)]
    raise_board_versions(session, days=days)
    audit_appointment(session, appointment, "move_appointment", by, now)
    return change_set


def _require_room(
    session: Session,
    appointment: Appointment,
    to: PlannedVisit,
    *,
    by: Actor,
    now: datetime,
    is_second_allowed: bool,
) -> None:
    """Raise RuleBroken when the course has no room for the visit on another day than its own."""
    if appointment.course_id is None or to.on == appointment.local_on:
        return
    require_fit(
        session,
        course_id=appointment.course_id,
        visit=replace(to, step_key=appointment.step_key or ""),
        site_id=appointment.site_id,
        by=by,
        now=now,
        leave_out=[appointment.id],
        is_second_allowed=is_second_allowed,
    )


def _reseat(
    session: Session, appointment: Appointment, to: PlannedVisit, site: SiteFrame, kind: KindFrame
) -> None:
    """Take the new seats for the old ones, and set the appointment's times."""
    patient = session.get_one(Patient, appointment.patient_id)
    seating = seating_of(to, site, patient.resource_id)
    start = start_of(seating, to.start_cell)
    move_seats(session, seatings={appointment.id: seating})
    _retime(appointment, to, start, kind)


def _retime(appointment: Appointment, to: PlannedVisit, start: datetime, kind: KindFrame) -> None:
    length = to.length_cells * CELL_MIN
    if appointment.start_at != start:
        appointment.confirmed_at = None  # what was confirmed is the time, not the device
    appointment.start_at = start
    appointment.end_at = start + timedelta(minutes=length)
    appointment.local_on = to.on
    appointment.local_min = to.start_cell * CELL_MIN
    appointment.length_min = length
    appointment.flag_at = missed_due_at(start, kind.visit_kind.missed_grace_min)
    appointment.version += 1


def _change(
    session: Session, appointment: Appointment, kind: str, *, by: Actor, now: datetime, tell: bool
) -> ChangeSet:
    change_set = add_change_set(
        session,
        kind=kind,
        patient_id=appointment.patient_id,
        course_id=appointment.course_id,
        by=by,
        now=now,
    )
    appointment.change_set_id = change_set.id
    session.flush()
    if tell:
        queue_change_notice(session, change_set=change_set, now=now)
    return change_set


def cancel_appointment(
    session: Session,
    *,
    appointment: Appointment,
    cancelled_by: CancelledBy,
    reason: str,
    late_under_hours: int,
    version: int,
    tell_patient: bool,
    by: Actor,
    now: datetime,
) -> ChangeSet:
    """Cancel an appointment: its seats are free at once, its history stays."""
    require_at(by, Permission.SCHEDULE, appointment.site_id)
    check_version(appointment, version)
    picture = picture_with_seats(session, appointment)
    appointment.status = next_of(appointment, Verb.CANCEL)
    appointment.cancelled_at = now
    appointment.cancelled_by = cancelled_by
    appointment.is_late = cancelled_by is CancelledBy.PATIENT and is_late_cancel(
        appointment.start_at, now, late_under_hours
    )
    appointment.flag_at = None
    appointment.version += 1
    release_seats(session, appointment_ids=[appointment.id])
    change_set = _change(
        session, appointment, "appointment_cancelled", by=by, now=now, tell=tell_patient
    )
    add_status_change(
        session,
        appointment,
        verb=Verb.CANCEL,
        before=picture,
        change_set=change_set,
        by=by,
        now=now,
        reason=reason,
    )
    touch(session, appointment, Verb.CANCEL, by, now)
    return change_set
