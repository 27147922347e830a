"""Processes that fight for the same seats, and are killed; run by test_contention.py.

Reads its orders as JSON from the command line. One process loads the program and forks the
others, so that a thousand of them are affordable. Each keeps a journal of its own, one JSON line
for each word, written past any buffer: what was asked before the write unit, what was promised
after its commit.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, book_appointment, cancel_appointment
from clinic.actions.request_keys import once
from clinic.errors import Busy, Conflict
from clinic.models.appointments import Appointment
from clinic.models.engine import make_engine, reading, write
from clinic.models.patients import Patient
from clinic.planning.courses import Hold, PlannedVisit
from clinic.queries.availability import SiteFrame
from clinic.queries.kinds import KindFrame
from clinic.rules.actors import system_actor
from clinic.rules.appointments import CancelledBy, Status
from clinic.rules.visit_kinds import VisitKind

ON = date(2026, 3, 9)
FIRST, STARTS, LENGTH = 108, 24, 6
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
BY = system_actor("contender")
ROUTE = "contender.book"
MOST_WORDS, LONGEST_WAIT = 12, 0.03
"""A contender is killed so many seconds after one of its first words: anywhere in a booking."""

ASKED, BOOKED, REFUSED, CANCELLED = "asked", "booked", "refused", "cancelled"


@dataclass(frozen=True)
class Orders:
    """Where to fight, how many, how often; `kills` 0 lets every process finish its tries."""

    url: str
    folder: str
    site_id: int
    zone: str
    resource_id: int
    definition_id: int
    account_id: int
    patient_ids: list[int]
    processes: int = 4
    tries: int = 100
    kills: int = 0


def kind_frame(definition_id: int) -> KindFrame:
    kind = VisitKind(
        key="check",
        version=1,
        staff_label="Check",
        patient_label="Visit",
        default_length_min=30,
        turnover_min=0,
        places=("room",),
        requirements=(),
        missed_grace_min=20,
        counts_as_delivered=False,
        reminder_policy="none",
    )
    return KindFrame(definition_id, kind)


def book(session: Session, orders: Orders, start: int, patient_id: int) -> str:
    """Book half an hour for a patient and return the appointment's id as text."""
    patient = session.get_one(Patient, patient_id)
    visit = PlannedVisit(
        step_key="",
        phase="",
        kind_key="check",
        on=ON,
        start_cell=start,
        length_cells=LENGTH,
        place="room",
        holds=(Hold("room", orders.resource_id, start, start + LENGTH, 1),),
    )
    draft = VisitDraft(
        visit=visit,
        site=SiteFrame(orders.site_id, orders.zone, {}),
        patient_id=patient.id,
        patient_resource_id=patient.resource_id,
        kind=kind_frame(orders.definition_id),
        course_id=None,
        status=Status.BOOKED,
    )
    return str(book_appointment(session, draft=draft, by=BY, now=NOW).id)


def send(engine: Engine, orders: Orders, key: str, start: int, patient_id: int) -> int:
    """Send the form of one booking, as often as one likes, and return the appointment's id."""
    return int(
        write(
            engine,
            lambda session: once(
                session,
                account_id=orders.account_id,
                key=key,
                route=ROUTE,
                body=f"{start} {patient_id}",
                machine_at=NOW,
                act=lambda: book(session, orders, start, patient_id),
            ),
        )
    )


def cancel(session: Session, appointment_id: int) -> bool:
    """Cancel an appointment unless somebody did; say whether it was this time."""
    row = session.get_one(Appointment, appointment_id, with_for_update=True)
    if row.status is not Status.BOOKED:
        return False
    cancel_appointment(
        session,
        appointment=row,
        cancelled_by=CancelledBy.CLINIC,
        reason="fight",
        late_under_hours=24,
        version=row.version,
        tell_patient=False,
        by=BY,
        now=NOW,
    )
    return True


@dataclass
class Contender:
    """One of the processes: it asks, books, and cancels, and writes each word down."""

    orders: Orders
    seed: int
    engine: Engine
    journal: int
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def say(self, *words: str | int) -> None:
        os.write(self.journal, f"{json.dumps(words)}\n".encode())

    def fight(self) -> None:
        """Try as often as ordered, or until killed."""
        done = 0
        while self.orders.kills or done < self.orders.tries:
            done += 1
            self.attempt(f"{self.seed}-{done}")

    def attempt(self, key: str) -> None:
        start = FIRST + self.rng.randrange(STARTS)
        patient_id = self.rng.choice(self.orders.patient_ids)
        self.say(ASKED, key, start, patient_id)
        try:
            made = send(self.engine, self.orders, key, start, patient_id)
        except (Conflict, Busy) as error:
            self.say(REFUSED, key, error.code)
            self.make_room()
            return
        self.say(BOOKED, key, made)
        if self.rng.random() < 0.7:
            self.cancel(made)

    def make_room(self) -> None:
        """Cancel somebody's visit now and then: without it the room fills and all is refused."""
        if self.rng.random() < 0.5:
            return
        with reading(self.engine) as session:
            standing = select(Appointment.id).where(Appointment.status == Status.BOOKED)
            found = session.scalars(standing).all()
        if found:
            self.cancel(self.rng.choice(found))

    def cancel(self, appointment_id: int) -> None:
        try:
            was_standing = write(self.engine, lambda session: cancel(session, appointment_id))
        except (Conflict, Busy):
            return
        if was_standing:
            self.say(CANCELLED, appointment_id)


def fork(orders: Orders, seed: int) -> int:
    """Start one contender and return its process id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        path = journal_of(orders, seed)
        journal = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        engine = make_engine(orders.url)
        Contender(orders, seed, engine, journal).fight()
        engine.dispose()
        status = 0
    except Exception:
        # a fork must never return into its mother's program: say it, and end with 1
        traceback.print_exc()
    os._exit(status)


def journal_of(orders: Orders, seed: int) -> Path:
    return Path(orders.folder) / f"journal-{seed}"


def run_all(orders: Orders) -> int:
    """Let all fight to the end; return how many ended badly."""
    children = [fork(orders, seed) for seed in range(orders.processes)]
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


def kill_all(orders: Orders) -> int:
    """Kill one after the other at random moments, each replaced; return how many ended otherwise.

    Nobody is killed before having asked for something.
    """
    rng = random.Random(orders.kills)
    alive = {fork(orders, seed): seed for seed in range(orders.processes)}
    badly = 0
    for number in range(orders.kills):
        child, seed = rng.choice(sorted(alive.items()))
        wait_for_words(journal_of(orders, seed), rng.randint(1, MOST_WORDS))
        time.sleep(rng.uniform(0, LONGEST_WAIT))
        os.kill(child, signal.SIGKILL)
        badly += os.waitpid(child, 0)[1] != signal.SIGKILL
        del alive[child]
        if number + orders.processes < orders.kills:
            following = orders.processes + number
            alive[fork(orders, following)] = following
    return badly


def wait_for_words(path: Path, words: int) -> None:
    """Wait until a contender has said so many words."""
    for _ in range(10_000):
        if path.exists() and path.read_bytes().count(b"\n") >= words:
            return
        time.sleep(0.003)
    raise SystemExit("a contender did not begin within 30 seconds")


if __name__ == "__main__":
    given = Orders(**json.loads(sys.argv[1]))
    sys.exit(min(1, kill_all(given) if given.kills else run_all(given)))
