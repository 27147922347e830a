"""The outbox as it is read: what is due, and the facts a message is judged by before it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from clinic.models.appointments import Appointment, StatusChange
from clinic.models.courses import ChangeSet
from clinic.models.messages import Message, MessageState
from clinic.models.patients import Patient
from clinic.models.sites import Site
from clinic.rules.appointments import HOLDING, Status
from clinic.rules.messages import MessageKind

MOVES = ("move", "undo_move")
BOOK_VERB = "book"
PROMISES = (BOOK_VERB, "move", "approve")


def is_claimable(now: datetime, machine_now: datetime) -> ColumnElement[bool]:
    """Return the condition of a message that may be claimed: due, or left by a dead process.

    `now` is the clinic's time, `machine_now` the machine's, by which leases run.
    """
    return or_(
        and_(
            Message.state == MessageState.DUE,
            Message.next_at <= now,
        ),
        and_(
            Message.state.in_([MessageState.LEASED, MessageState.DATA]),
            Message.lease_until < machine_now,
        ),
    )


def claimable(now: datetime, machine_now: datetime) -> Select[int]:
    """Return the ids of messages that may be claimed, the longest due first."""
    return (
        select(Message.id)
        .where(is_claimable(now, machine_now))
        .order_by(Message.next_at, Message.id)
    )


def schedule_version() -> ColumnElement[int]:
    """Return the schedule version of an appointment in the query: one, and one more for each move.

    A move that was undone counts twice: versions only rise.

    Unlike the row's version it does not rise when the patient arrives or confirms, so that a
    reminder of an unchanged time is never written twice.
    """
    moves = aliased(StatusChange)
    return (
        1
        + select(func.count(moves.id))
        .where(moves.appointment_id == Appointment.id, moves.verb.in_(MOVES))
        .correlate(Appointment)
        .scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """An appointment as a message sees it when it is about to go."""

    appointment: Appointment
    site: Site
    schedule_version: int


def reminded(session: Session, appointment_id: int) -> VisitFacts:
    """Return the appointment of a reminder as it is now."""
    row = session.execute(
        select(Appointment, Site, schedule_version())
        .join(Site, Site.id == Appointment.site_id)
        .where(Appointment.id == appointment_id)
    ).one()
    return VisitFacts(row[0], row[1], row[2])


def changed_by(session: Session, change_set_id: int) -> Sequence[VisitFacts]:
    """Return the appointments of a change set that no later change set has touched, by time.

    What was undone meanwhile has not touched them.
    """
    mine, later, later_set = aliased(StatusChange), aliased(StatusChange), aliased(ChangeSet)
    is_touched_later = exists().where(
        later.appointment_id == Appointment.id,
        later.change_set_id > change_set_id,
        later_set.id == later.change_set_id,
        stands(later_set),
    )
    is_mine = exists().where(
        mine.appointment_id == Appointment.id, mine.change_set_id == change_set_id
    )
    rows = session.execute(
        select(Appointment, Site)
        .join(Site, Site.id == Appointment.site_id)
        .where(is_mine, ~is_touched_later)
        .order_by(Appointment.start_at, Appointment.id)
    )
    return [VisitFacts(appointment, site, 0) for appointment, site in rows]


def stands(change_set: type[ChangeSet]) -> ColumnElement[bool]:
    """Return the condition of a change set that is no undo and was not undone."""
    undo = aliased(ChangeSet)
    return change_set.undoes_id.is_(None) & ~exists().where(undo.undoes_id == change_set.id)


def changed_again_at(session: Session, change_set_id: int) -> datetime | None:
    """Return when the appointments of a change set were last changed again, None if they stand."""
    mine, later = aliased(StatusChange), aliased(StatusChange)
    return session.scalar(
        select(func.max(ChangeSet.created_at))
        .join(later, later.change_set_id == ChangeSet.id)
        .join(mine, mine.appointment_id == later.appointment_id)
        .where(mine.change_set_id == change_set_id, ChangeSet.id > change_set_id, stands(ChangeSet))
    )


def last_changed_at(session: Session, appointment_id: int) -> datetime | None:
    """Return when an appointment was last changed by a change set that stands."""
    return session.scalar(
        select(func.max(ChangeSet.created_at))
        .join(StatusChange, StatusChange.change_set_id == ChangeSet.id)
        .where(StatusChange.appointment_id == appointment_id, stands(ChangeSet))
    )


def was_never_told(session: Session, appointment_id: int) -> bool:
    """Say whether the notice of an appointment's booking was dropped before it went out."""
    booked = (
        select(Message.id)
        .join(StatusChange, StatusChange.change_set_id == Message.change_set_id)
        .where(
            StatusChange.appointment_id == appointment_id,
            StatusChange.verb == BOOK_VERB,
            Message.state == MessageState.SUPERSEDED,
        )
    )
    return session.scalar(select(booked.exists())) or False


def addressee(session: Session, patient_id: int) -> Patient:
    """Return whom a message is for."""
    return session.get_one(Patient, patient_id)


@dataclass(frozen=True, slots=True)
class Unreminded:
    """A booked appointment that has no reminder for its present time yet."""

    appointment: Appointment
    site_zone: str
    patient_zone: str | None
    schedule_version: int
    promised_at: datetime


def unreminded(session: Session, *, now: datetime, until: datetime) -> Sequence[Unreminded]:
    """Return the booked appointments up to an instant that lack a reminder, by time.

    Of several sessions of one kind that a course has on a day the first one stands for all.
    """
    version = schedule_version()
    reminder = aliased(Message)
    has_one = exists().where(
        reminder.appointment_id == Appointment.id,
        reminder.kind == MessageKind.REMINDER.value,
        reminder.schedule_version == version,
    )
    earlier = aliased(Appointment)
    is_later_session = exists().where(
        earlier.course_id == Appointment.course_id,
        earlier.local_on == Appointment.local_on,
        earlier.kind_key == Appointment.kind_key,
        earlier.status.in_(HOLDING),
        earlier.start_at < Appointment.start_at,
    )
    rows = session.execute(
        select(Appointment, Site.zone, Patient.zone, version, _promised_at())
        .join(Site, Site.id == Appointment.site_id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(
            Appointment.site_id.in_(select(Site.id)),
            Appointment.local_on.between(_day(now, -1), _day(until, 1)),
            Appointment.start_at > now,
            Appointment.start_at <= until,
            Appointment.status == Status.BOOKED,
            ~has_one,
            ~is_later_session,
        )
        .order_by(Appointment.start_at, Appointment.id)
    )
    return [
        Unreminded(appointment, site_zone, patient_zone, number, promised_at)
        for appointment, site_zone, patient_zone, number, promised_at in rows
    ]


def _promised_at() -> ColumnElement[datetime]:
    """Return when the present time of an appointment was promised: booked, approved or moved."""
    last = aliased(StatusChange)
    promised = (
        select(func.max(last.at))
        .where(last.appointment_id == Appointment.id, last.verb.in_(PROMISES))
        .correlate(Appointment)
        .scalar_subquery()
    )
    return func.coalesce(promised, Appointment.created_at)


def _day(instant: datetime, days: int) -> date:
    """Return a date that surely lies on that side of the instant, whatever the zone."""
    return (instant + timedelta(days=days)).date()
