"""The ground of a fight for seats, and what is counted when it is over."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from sqlalchemy import Engine, Select, func, select, text

from clinic.actions.definitions import load_starter_data
from clinic.models import (
    Appointment,
    Assignment,
    AuditEntry,
    Cell,
    Message,
    RequestKey,
    StatusChange,
)
from clinic.models.engine import reading, writing
from clinic.queries.definitions import current_ids
from clinic.rules.appointments import Status
from tests.factories import make_account, make_staff
from tests.fault.contender import ASKED, BY, LENGTH, NOW, Orders
from tests.places import add_patient_row, add_resource, add_site

Word = list[str | int]
ROOT = Path(__file__).resolve().parents[2]


def prepare(url: str, engine: Engine, folder: Path, capacity: int) -> Orders:
    """Make one room of so many seats, and patients who all want it."""
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=NOW)
        site = add_site(session)
        room = add_resource(
            session, key="recovery", kind="recovery_seat", site=site, seats=capacity
        )
        account = make_account(session, staff=make_staff(session, key="dana", name="Dana Desk"))
        return Orders(
            url=url,
            folder=str(folder),
            site_id=site.id,
            zone=site.zone,
            resource_id=room,
            definition_id=current_ids(session, "visit_kind")["check"],
            account_id=account.id,
            patient_ids=[add_patient_row(session, number=n).id for n in range(24)],
        )


def fight(orders: Orders, **more: int) -> int:
    """Let the contenders loose and return the exit status of who leads them."""
    given = json.dumps(asdict(replace(orders, **more)))
    command = [sys.executable, "-m", "tests.fault.contender", given]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def journals(orders: Orders) -> Iterator[list[Word]]:
    """The words of each contender; a line cut off by a kill was never said."""
    for path in sorted(Path(orders.folder).glob("journal-*")):
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        yield [json.loads(line) for line in lines]


def said(words: Iterable[Word], what: str) -> list[Word]:
    """What was said of one kind, without the kind."""
    return [word[1:] for word in words if word[0] == what]


def spoken(orders: Orders) -> Counter[str]:
    """Count the words of all by kind."""
    return Counter(str(word[0]) for words in journals(orders) for word in words)


def unanswered(words: list[Word]) -> list[Word]:
    """The form that was sent and not answered when the process died, if any."""
    return [words[-1][1:]] if words and words[-1][0] == ASKED else []


def surplus(engine: Engine, capacity: int) -> int:
    """Count, from the assignments and not from the cells, how often capacity was exceeded."""
    taken: Counter[tuple[int, int]] = Counter()
    seats: dict[int, int] = {}
    with reading(engine) as session:
        rows = session.execute(
            select(
                Assignment.resource_id,
                Assignment.from_quantum,
                Assignment.to_quantum,
                Assignment.requirement,
            ).where(Assignment.is_held)
        )
        for resource_id, first, last, requirement in rows:
            seats[resource_id] = 1 if requirement == "patient" else capacity
            taken.update((resource_id, quantum) for quantum in range(first, last))
    return sum(count > seats[key[0]] for key, count in taken.items())


def standing(engine: Engine) -> int:
    """How many appointments are booked."""
    with reading(engine) as session:
        query = select(func.count()).where(Appointment.status == Status.BOOKED)
        return session.scalar(query) or 0


def half_written(engine: Engine) -> dict[str, int]:
    """Count the appointments of which some row is missing or too many, by what is wrong.

    A booking is one appointment, two assignments, twelve cells, one status row, one audit row,
    one message and one answered request key; a cancellation takes the cells and adds one of each.
    """
    with reading(engine) as session:

        def per(query: Select[tuple[int, int]]) -> Counter[int]:
            return Counter({int(key): number for key, number in session.execute(query)})

        rows = session.execute(
            select(Appointment.id, Appointment.status, Appointment.change_set_id)
        ).all()
        cells, held = (
            per(select(table.appointment_id, func.count()).group_by(table.appointment_id))
            for table in (Cell, Assignment)
        )
        steps = {verb: per(_steps(verb)) for verb in ("book", "cancel")}
        traces = {verb: per(_traces(verb)) for verb in ("book_appointment", "cancel_appointment")}
        notices = session.scalar(select(func.count()).select_from(Message)) or 0
        results = Counter(session.scalars(select(RequestKey.result)))
    status = {row.id: row.status for row in rows}
    booked = {key for key, value in status.items() if value is Status.BOOKED}
    gone = set(status) - booked
    wanted = {
        "cells": cells == Counter(dict.fromkeys(booked, 2 * LENGTH)),
        "assignments": held == Counter(dict.fromkeys(status, 2)),
        "status rows": steps["book"] == Counter(dict.fromkeys(status, 1)),
        "cancel rows": steps["cancel"] == Counter(dict.fromkeys(gone, 1)),
        "audit": traces["book_appointment"] == Counter(dict.fromkeys(status, 1)),
        "cancel audit": traces["cancel_appointment"] == Counter(dict.fromkeys(gone, 1)),
        "notices": notices == len(status),
        "change sets": None not in {row.change_set_id for row in rows},
        "keys": results == Counter(str(key) for key in status),
    }
    return {name: len(status) for name, is_whole in wanted.items() if not is_whole}


def _steps(verb: str) -> Select[tuple[int, int]]:
    query = select(StatusChange.appointment_id, func.count()).where(StatusChange.verb == verb)
    return query.group_by(StatusChange.appointment_id)


def _traces(verb: str) -> Select[tuple[int, int]]:
    query = select(AuditEntry.subject_id, func.count()).where(
        AuditEntry.verb == verb, AuditEntry.subject_kind == "appointment"
    )
    return query.group_by(AuditEntry.subject_id)


def settle(engine: Engine) -> None:
    """Wait until the server has noticed that the killed are gone."""
    if engine.dialect.name == "sqlite":
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    engine.dispose()
    for _ in range(200):
        with engine.connect() as connection:
            if not connection.scalar(others):
                return
        time.sleep(0.05)
    raise AssertionError("killed processes still have connections after ten seconds")
