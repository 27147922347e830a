"""The jobs of the minute tick: open a session, call one action, commit. Any number may run at once.

Each job goes on after a row that fails; what failed is in the report and in the log, by id.
"""

import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from clinic.actions.heartbeats import SCHEDULER, beat
from clinic.actions.messages import materialise_reminders
from clinic.actions.outbox import (
    begin_data,
    claim_message,
    hold_past,
    open_letter,
    settle_ambiguous,
    settle_permanent,
    settle_sent,
    settle_temporary,
)
from clinic.actions.pencils import lapse_pencil
from clinic.actions.request_keys import prune_request_keys
from clinic.actions.sessions import prune_sessions
from clinic.actions.sweeps import flag_missed, postpone_flag, prune_cells
from clinic.clock import machine_now
from clinic.errors import ClinicError
from clinic.messaging.base import (
    PermanentFailure,
    Sender,
    TemporaryFailure,
    UnconfirmedDelivery,
)
from clinic.messaging.texts import compose
from clinic.models.engine import reading, writing
from clinic.queries.courses import lapsing
from clinic.queries.messages import claimable
from clinic.queries.worklists import due_flags
from clinic.rules.actors import system_actor
from clinic.rules.messages import Letter

log = logging.getLogger(__name__)

SEND_CAP = 200
"""The most messages one run sends; the rest waits for the next minute."""

SWEEP_CAP = 500
SWEEPER = system_actor("missed_sweep")
LAPSER = system_actor("pencil_lapse")


@dataclass(frozen=True, slots=True)
class Works:
    """What every job needs: the database, the channel, and a name by which leases are held."""

    engine: Engine
    sender: Sender
    now: Callable[[], datetime]
    owner: str


@dataclass(slots=True)
class TickReport:
    """What one tick did: counts, and the ids of rows that failed."""

    reminders_written: int = 0
    sent: int = 0
    closed: int = 0
    put_back: int = 0
    flagged: int = 0
    lapsed: int = 0
    failed_messages: list[int] = field(default_factory=list)
    failed_flags: list[int] = field(default_factory=list)
    failed_courses: list[int] = field(default_factory=list)


def new_owner() -> str:
    """Return a name for this process under which it holds leases; never used twice."""
    return f"{os.getpid()}-{secrets.token_hex(8)}"


def tick(works: Works) -> TickReport:
    """Do all that is due now, once, and report it."""
    report = TickReport()
    say_alive(works)
    sweep_missed(works, report)
    lapse_pencils(works, report)
    write_reminders(works, report)
    send_due(works, report)
    return report


def say_alive(works: Works) -> None:
    """Write the scheduler's heartbeat."""
    with writing(works.engine) as session:
        beat(session, name=SCHEDULER, machine_now=machine_now())


def write_reminders(works: Works, report: TickReport) -> None:
    """Write the reminders of the coming days into the outbox; repeating it changes nothing."""
    with writing(works.engine) as session:
        report.reminders_written += materialise_reminders(session, now=works.now())


def sweep_missed(works: Works, report: TickReport) -> None:
    """Flag the visits at which nobody arrived, each in its own write unit."""
    with reading(works.engine) as session:
        due = session.scalars(due_flags(works.now()).limit(SWEEP_CAP)).all()
    for appointment_id in due:
        try:
            with writing(works.engine) as session:
                report.flagged += flag_missed(
                    session, appointment_id=appointment_id, by=SWEEPER, now=works.now()
                )
        except Exception:  # one bad row must not jam the sweep: it waits an hour and is reported
            log.exception("the sweep could not judge appointment %d", appointment_id)
            report.failed_flags.append(appointment_id)
            with writing(works.engine) as session:
                postpone_flag(session, appointment_id=appointment_id, now=works.now())


def lapse_pencils(works: Works, report: TickReport) -> None:
    """Give up the pencilled courses whose day has come, each in its own write unit."""
    tomorrow = works.now().date() + timedelta(days=1)  # it is tomorrow already somewhere
    with reading(works.engine) as session:
        due = session.scalars(lapsing(tomorrow).limit(SWEEP_CAP)).all()
    for course_id in due:
        try:
            with writing(works.engine) as session:
                report.lapsed += lapse_pencil(
                    session, course_id=course_id, by=LAPSER, now=works.now()
                )
        except Exception:  # one bad course must not keep the others; it is tried again and reported
            log.exception("course %d could not be given up", course_id)
            report.failed_courses.append(course_id)


def send_due(works: Works, report: TickReport) -> None:
    """Send what is due in the outbox, one after the other, up to the cap of a run."""
    with reading(works.engine) as session:
        due = session.scalars(claimable(works.now(), machine_now()).limit(SEND_CAP)).all()
    for message_id in due:
        try:
            _send_one(works, report, message_id)
        except Exception:  # one bad message must not stop the others; its lease runs out by itself
            log.exception("message %d could not be handled", message_id)
            report.failed_messages.append(message_id)


def _send_one(works: Works, report: TickReport, message_id: int) -> None:
    with writing(works.engine) as session:
        if not claim_message(
            session,
            message_id=message_id,
            owner=works.owner,
            now=works.now(),
            machine_now=machine_now(),
        ):
            return
    with writing(works.engine) as session:
        letter = open_letter(session, message_id=message_id, owner=works.owner, now=works.now())
    if letter is None:
        report.closed += 1
        return
    settle = _deliver(works, report, message_id, letter)
    with writing(works.engine) as session:
        settle(session, message_id=message_id, owner=works.owner, now=works.now())


def _deliver(
    works: Works, report: TickReport, message_id: int, letter: Letter
) -> Callable[..., None]:
    """Hand the letter to the channel, no transaction open; return the action that settles it."""
    try:
        works.sender.send(compose(letter), before_data=partial(_begin, works, message_id))
    except TemporaryFailure as failure:
        report.put_back += 1
        return partial(settle_temporary, code=failure.code, jitter=_jitter())
    except UnconfirmedDelivery as failure:
        report.put_back += 1
        return partial(settle_ambiguous, code=failure.code, jitter=_jitter())
    except PermanentFailure as failure:
        report.failed_messages.append(message_id)
        return partial(settle_permanent, code=failure.code)
    report.sent += 1
    return settle_sent


def _jitter() -> float:
    """Return a number from 0 to 1, so that many messages put back together do not come together."""
    return secrets.randbelow(1000) / 1000


def _begin(works: Works, message_id: int) -> None:
    with writing(works.engine) as session:
        begin_data(session, message_id=message_id, owner=works.owner, machine_now=machine_now())


def hold_restored(works: Works) -> int:
    """Hold all that was due in the past, for a person to release; after a restored backup."""
    with writing(works.engine) as session:
        return hold_past(session, now=works.now())


def prune(works: Works) -> None:
    """Drop what is no longer needed: cells of old visits, used form keys, ended sessions."""
    _prune(works, partial(prune_cells, now=works.now()))
    _prune(works, partial(prune_request_keys, machine_at=machine_now()))
    _prune(works, partial(prune_sessions, machine_at=machine_now()))


def _prune(works: Works, action: Callable[[Session], object]) -> None:
    try:
        with writing(works.engine) as session:
            action(session)
    except ClinicError as error:
        log.warning("pruning waits for the next hour: %s", error.code)
