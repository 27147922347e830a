"""The sending of the outbox, step by step; each function is one short write unit of its own.

claim -> open (look again at the appointment) -> begin data -> settle. Whoever holds the lease may
go on; a process that lost it finds Conflict and sends nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from clinic.actions.worklists import raise_item
from clinic.errors import Conflict
from clinic.models.messages import Message, MessageState
from clinic.queries.definitions import policies
from clinic.queries.letters import Verdict, judge
from clinic.queries.messages import is_claimable
from clinic.rules.messages import Letter, MessagePolicy, message_policy, pause_after

LEASE = timedelta(minutes=2)
"""Longer than the slowest exchange with a mail server: four time-outs of 10 seconds."""

IN_HAND = (MessageState.LEASED, MessageState.DATA)


def claim_message(
    session: Session, *, message_id: int, owner: str, now: datetime, machine_now: datetime
) -> bool:
    """Take the lease of one message; False when another process has it or it is settled.

    A message found in its DATA phase was left by a process that died there: that try is ambiguous,
    and after the last one allowed the message is closed as unconfirmed.
    """
    is_given_up = (Message.state == MessageState.DATA) & (
        Message.ambiguous_tries + 1 >= _policy(session).most_ambiguous
    )
    mine = (Message.id == message_id) & is_claimable(now, machine_now)
    if _change(session, mine & is_given_up, _closed(MessageState.UNCONFIRMED, "crashed_in_data")):
        _tell_desk(session, session.get_one(Message, message_id), now)
        return False
    lost_in_data = mine & (Message.state == MessageState.DATA)
    session.execute(
        update(Message)
        .where(lost_in_data)
        .values(ambiguous_tries=Message.ambiguous_tries + 1)
        .execution_options(synchronize_session=False)
    )
    return _change(
        session,
        mine,
        {
            "state": MessageState.LEASED,
            "lease_owner": owner,
            "lease_until": machine_now + LEASE,
        },
    )


def open_letter(session: Session, *, message_id: int, owner: str, now: datetime) -> Letter | None:
    """Look again at what a claimed message is about; return the letter, or close it and say None.

    Cancelled, moved, opted out, over, outside decent hours: none of these is sent.
    """
    message = _held(session, message_id, owner)
    verdict = judge(session, message=message, now=now)
    if isinstance(verdict, Letter):
        return verdict
    _apply(session, message, verdict, now)
    return None


def _apply(session: Session, message: Message, verdict: Verdict, now: datetime) -> None:
    message.state = verdict.state
    message.outcome_code = verdict.code
    message.lease_owner = message.lease_until = None
    if verdict.next_at is not None:
        message.next_at = verdict.next_at
    if verdict.tells_desk:
        _tell_desk(session, message, now)


def begin_data(session: Session, *, message_id: int, owner: str, machine_now: datetime) -> None:
    """Note that the text now goes over the wire; Conflict when the lease is lost.

    Committed before the first byte, so that a crash from here on is known to be ambiguous.
    """
    mine = (
        (Message.id == message_id)
        & (Message.lease_owner == owner)
        & (Message.state == MessageState.LEASED)
    )
    values = {"state": MessageState.DATA, "lease_until": machine_now + LEASE}
    if not _change(session, mine, values):
        raise Conflict("lease_lost", message=message_id)


def settle_sent(session: Session, *, message_id: int, owner: str, now: datetime) -> None:
    """Note that the other side took the message."""
    message = _held(session, message_id, owner)
    message.state = MessageState.SENT
    message.sent_at = now
    message.tries += 1
    message.outcome_code = ""
    message.lease_owner = message.lease_until = None


def settle_temporary(
    session: Session, *, message_id: int, owner: str, code: str, jitter: float, now: datetime
) -> None:
    """Put the message back with a pause that grows; past its time it is closed."""
    message = _held(session, message_id, owner)
    _put_back(session, message, code, jitter, now)


def settle_ambiguous(
    session: Session, *, message_id: int, owner: str, code: str, jitter: float, now: datetime
) -> None:
    """Put the message back once; the second time it is closed as unconfirmed and the desk told."""
    message = _held(session, message_id, owner)
    message.ambiguous_tries += 1
    if message.ambiguous_tries < _policy(session).most_ambiguous:
        _put_back(session, message, code, jitter, now)
        return
    _close(session, message, MessageState.UNCONFIRMED, code, now)


def settle_permanent(
    session: Session, *, message_id: int, owner: str, code: str, now: datetime
) -> None:
    """Close the message as failed and put the patient's contact on the desk's list."""
    message = _held(session, message_id, owner)
    _close(session, message, MessageState.FAILED, code, now)


def hold_past(session: Session, *, now: datetime) -> int:
    """Hold every message that was due in the past, and say how many; for a restored backup."""
    held = session.scalars(
        update(Message)
        .where(Message.state.in_([MessageState.DUE, *IN_HAND]), Message.send_after < now)
        .values(**_closed(MessageState.HELD, "restored"))
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(held)


def _closed(state: MessageState, code: str) -> dict[str, object]:
    return {"state": state, "outcome_code": code, "lease_owner": None, "lease_until": None}


def _change(session: Session, condition: ColumnElement[bool], values: Mapping[str, object]) -> bool:
    """Change the one message that meets the condition; False when none does any more."""
    changed = session.scalars(
        update(Message)
        .where(condition)
        .values(**values)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(changed)


def _held(session: Session, message_id: int, owner: str) -> Message:
    """Return the message under our lease, or raise Conflict."""
    message = session.get_one(Message, message_id, with_for_update=True)
    if message.lease_owner != owner or message.state not in IN_HAND:
        raise Conflict("lease_lost", message=message_id)
    return message


def _policy(session: Session) -> MessagePolicy:
    return message_policy(policies(session))


def _put_back(session: Session, message: Message, code: str, jitter: float, now: datetime) -> None:
    message.tries += 1
    message.state = MessageState.DUE
    message.next_at = now + pause_after(message.tries, jitter, _policy(session))
    message.outcome_code = code
    message.lease_owner = message.lease_until = None


def _close(
    session: Session, message: Message, state: MessageState, code: str, now: datetime
) -> None:
    message.tries += 1
    message.state = state
    message.outcome_code = code
    message.lease_owner = message.lease_until = None
    _tell_desk(session, message, now)


def _tell_desk(session: Session, message: Message, now: datetime) -> None:
    """Put on the desk's list that a patient was not reached."""
    raise_item(
        session,
        kind="not_reached",
        subject=str(message.id),
        patient_id=message.patient_id,
        appointment_id=message.appointment_id,
        now=now,
    )
