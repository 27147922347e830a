"""The outbox: messages are written with the change that causes them and sent later, once."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic.actions.upserts import insert_into
from clinic.errors import Conflict
from clinic.models.appointments import Appointment
from clinic.models.base import new_public_id
from clinic.models.courses import ChangeSet
from clinic.models.messages import Message, MessageState
from clinic.queries.definitions import policies, visit_kind
from clinic.queries.messages import Unreminded, unreminded
from clinic.rules.decent_hours import day_before, reminder_window
from clinic.rules.messages import MessageKind, message_policy

EMAIL = "email"
HORIZON = timedelta(days=8)
NO_REMINDER = "none"
UNDONE = "undone"
ON_ITS_WAY = (
    MessageState.LEASED,
    MessageState.DATA,
    MessageState.SENT,
    MessageState.UNCONFIRMED,
)


def queue_message(
    session: Session,
    *,
    kind: MessageKind,
    patient_id: int,
    send_after: datetime,
    not_after: datetime,
    dedupe_key: str,
    now: datetime,
    appointment: Appointment | None = None,
    change_set: ChangeSet | None = None,
    schedule_version: int = 1,
) -> bool:
    """Write one message to the outbox; False when the dedupe key is there already."""
    statement = insert_into(session, Message).values(
        dedupe_key=dedupe_key,
        kind=kind.value,
        channel=EMAIL,
        patient_id=patient_id,
        appointment_id=None if appointment is None else appointment.id,
        change_set_id=None if change_set is None else change_set.id,
        schedule_version=schedule_version,
        values={},
        send_after=send_after,
        not_after=not_after,
        next_at=send_after,
        state=MessageState.DUE,
        message_id=f"{new_public_id()}@coursekeeper",
        created_at=now,
    )
    written = session.scalars(
        statement.on_conflict_do_nothing(index_elements=[Message.dedupe_key]).returning(Message.id)
    ).all()
    return bool(written)


def queue_change_notice(session: Session, *, change_set: ChangeSet, now: datetime) -> bool:
    """Write the one message that tells the patient of a change set; False when it is there already.

    It waits as long as undo is offered, so that undo sends nothing. Its text is made when it is
    sent, from the appointments as they are then: several changes in one set make one message. The
    change set must have been flushed; its kind must be a MessageKind.
    """
    policy = message_policy(policies(session))
    return queue_message(
        session,
        kind=MessageKind(change_set.kind),
        patient_id=change_set.patient_id,
        change_set=change_set,
        send_after=now + policy.notice_wait,
        not_after=now + policy.notice_life,
        dedupe_key=f"change:{change_set.public_id}",
        now=now,
    )


def cancel_notices(session: Session, *, change_set_id: int) -> None:
    """Cancel the waiting messages of a change set; Conflict when one is already on its way."""
    session.execute(
        update(Message)
        .where(
            Message.change_set_id == change_set_id,
            Message.state.in_([MessageState.DUE, MessageState.HELD]),
        )
        .values(state=MessageState.CANCELLED, outcome_code=UNDONE)
        .execution_options(synchronize_session=False)
    )
    gone = session.scalars(
        select(Message.id).where(
            Message.change_set_id == change_set_id, Message.state.in_(ON_ITS_WAY)
        )
    ).all()
    if gone:
        raise Conflict("undo_too_late")


def materialise_reminders(session: Session, *, now: datetime) -> int:
    """Write the reminders of the next eight days, one a day before each visit; say how many.

    Repeating it changes nothing: the key is the appointment and its schedule version, so a moved
    visit gets a new one. A visit promised after its reminder would have gone gets none, because
    the notice of the booking has just told the patient.
    """
    window = reminder_window(policies(session))
    written = 0
    for one in unreminded(session, now=now, until=now + HORIZON):
        if visit_kind(session, one.appointment.definition_id).reminder_policy == NO_REMINDER:
            continue
        send_after = day_before(
            one.appointment.local_on,
            one.appointment.local_min,
            zone=one.appointment.zone,
            window=window,
            patient_zone=one.patient_zone or one.site_zone,
        )
        if send_after > one.promised_at:
            written += _queue_reminder(session, one, send_after, now)
    return written


def _queue_reminder(session: Session, one: Unreminded, send_after: datetime, now: datetime) -> bool:
    return queue_message(
        session,
        kind=MessageKind.REMINDER,
        patient_id=one.appointment.patient_id,
        appointment=one.appointment,
        schedule_version=one.schedule_version,
        send_after=send_after,
        not_after=one.appointment.start_at,
        dedupe_key=f"reminder:{one.appointment.id}:-1d:{one.schedule_version}",
        now=now,
    )
