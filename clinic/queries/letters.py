"""Whether a claimed message may still go, and what its letter says: judged at the last moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.models.messages import Message, MessageState
from clinic.models.patients import Patient
from clinic.queries.definitions import policies
from clinic.queries.messages import (
    VisitFacts,
    addressee,
    changed_again_at,
    changed_by,
    last_changed_at,
    reminded,
    was_never_told,
)
from clinic.rules.appointments import Status
from clinic.rules.decent_hours import next_decent_time, reminder_window
from clinic.rules.messages import Letter, LetterVisit, MessageKind, message_policy

COMING = frozenset({Status.BOOKED, Status.PENDING})
CANCELLINGS = frozenset({MessageKind.APPOINTMENT_CANCELLED, MessageKind.COURSE_ENDED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message does not go now: its new state, a code, and when to look again if ever."""

    state: MessageState
    code: str
    next_at: datetime | None = None
    tells_desk: bool = False


def judge(session: Session, *, message: Message, now: datetime) -> Letter | Verdict:
    """Return the letter of a message, or the verdict that keeps it from going now."""
    if now > message.not_after:
        return Verdict(MessageState.CANCELLED, "too_late")
    patient = addressee(session, message.patient_id)
    kind = MessageKind(message.kind)
    about = (
        _reminder(session, message, patient, now)
        if kind is MessageKind.REMINDER
        else _notice(session, message, kind, now)
    )
    if isinstance(about, Verdict):
        return about
    if not patient.wants_email:
        is_notice = kind is not MessageKind.REMINDER
        return Verdict(MessageState.CANCELLED, "opted_out", tells_desk=is_notice)
    if not patient.email:
        return Verdict(MessageState.FAILED, "no_address", tells_desk=True)
    return _letter(message, kind, patient, about)


def is_reachable(session: Session, patient_id: int) -> bool:
    """Say whether a message about a change would go out to a patient at all."""
    patient = addressee(session, patient_id)
    return patient.wants_email and bool(patient.email)


def _reminder(
    session: Session, message: Message, patient: Patient, now: datetime
) -> Sequence[VisitFacts] | Verdict:
    if message.appointment_id is None:
        return Verdict(MessageState.CANCELLED, "no_appointment")
    facts = reminded(session, message.appointment_id)
    if facts.schedule_version != message.schedule_version:
        return Verdict(MessageState.SUPERSEDED, "moved")
    if facts.appointment.status is not Status.BOOKED:
        changed_at = last_changed_at(session, facts.appointment.id)
        return _unless_undone(session, changed_at, now) or Verdict(
            MessageState.CANCELLED, f"visit_{facts.appointment.status.value}"
        )
    if facts.appointment.start_at <= now:
        return Verdict(MessageState.CANCELLED, "over")
    return _at_a_decent_hour(session, facts, patient, now)


def _at_a_decent_hour(
    session: Session, facts: VisitFacts, patient: Patient, now: datetime
) -> Sequence[VisitFacts] | Verdict:
    """Put a reminder off until the window opens; a change is told at any hour by e-mail."""
    window = reminder_window(policies(session))
    decent = next_decent_time(now, window=window, zone=patient.zone or facts.site.zone)
    if decent <= now:
        return [facts]
    if decent >= facts.appointment.start_at:
        return Verdict(MessageState.CANCELLED, "no_decent_hour")
    return Verdict(MessageState.DUE, "quiet_hours", next_at=decent)


def _unless_undone(session: Session, changed_at: datetime | None, now: datetime) -> Verdict | None:
    """Put a message off while a later change may still be undone: then it would be true again."""
    if changed_at is None:
        return None
    policy = message_policy(policies(session))
    if not policy.can_undo(changed_at, now):
        return None
    until = changed_at + policy.notice_wait
    return Verdict(MessageState.DUE, "may_be_undone", next_at=until)


def _notice(
    session: Session, message: Message, kind: MessageKind, now: datetime
) -> Sequence[VisitFacts] | Verdict:
    if message.change_set_id is None:
        return Verdict(MessageState.CANCELLED, "no_change_set")
    may_be_undone = _unless_undone(session, changed_again_at(session, message.change_set_id), now)
    if may_be_undone is not None:
        return may_be_undone
    untouched = changed_by(session, message.change_set_id)
    if not untouched:
        return Verdict(MessageState.SUPERSEDED, "changed_again")
    wanted = {Status.CANCELLED} if kind in CANCELLINGS else COMING
    ahead = [
        facts
        for facts in untouched
        if facts.appointment.status in wanted and facts.appointment.start_at > now
    ]
    if not ahead:
        return Verdict(MessageState.CANCELLED, "over")
    if wanted is not COMING and was_never_told(session, ahead[0].appointment.id):
        return Verdict(MessageState.SUPERSEDED, "never_told")
    return ahead


def _letter(
    message: Message, kind: MessageKind, patient: Patient, about: Sequence[VisitFacts]
) -> Letter:
    site = about[0].site
    return Letter(
        kind=kind,
        message_id=message.message_id,
        to=patient.email,
        language=patient.language,
        clinic=site.patient_name,
        phone=site.phone,
        visits=tuple(
            LetterVisit(
                on=facts.appointment.local_on,
                minute=facts.appointment.local_min,
                is_fixed=facts.appointment.status is not Status.PENDING,
            )
            for facts in about
        ),
    )
