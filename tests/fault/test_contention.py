"""Many processes on the same seats: nobody is booked twice, nothing acknowledged is lost."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from clinic.models import Appointment, Assignment, Cell
from clinic.models.engine import reading, writing
from clinic.rules.appointments import Status
from tests.places import add_kind_row, add_patient_row, add_resource, add_site

PROCESSES = 16
FEW = 4
pytestmark = [pytest.mark.fault, pytest.mark.slow]


def prepare(engine: Engine, capacity: int) -> dict[str, object]:
    with writing(engine) as session:
        site = add_site(session)
        resource_id = add_resource(
            session, key="recovery", kind="recovery_seat", site=site, seats=capacity
        )
        return {
            "site_id": site.id,
            "zone": site.zone,
            "resource_id": resource_id,
            "definition_id": add_kind_row(session),
            "patient_ids": [add_patient_row(session, number=n).id for n in range(24)],
        }


def start(
    url: str, orders: dict[str, object], seed: int, tries: int, said: Path
) -> subprocess.Popen[bytes]:
    """Start a booker that writes what it was promised to a file, which outlives a kill."""
    given = json.dumps({"url": url, "seed": seed, "tries": tries, **orders})
    with said.open("wb") as words:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.fault.contender", given],
            stdout=words,
            stderr=subprocess.DEVNULL,
        )


def acknowledged(said: list[Path]) -> Counter[str]:
    """Count the words of all bookers."""
    lines = [line for path in said for line in path.read_text().splitlines()]
    return Counter(json.loads(line)[0] for line in lines)


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


def held(engine: Engine) -> tuple[int, int, int]:
    """Return appointments that stand, those with cells, and cells that no one should hold."""
    with reading(engine) as session:
        standing = select(Appointment.id).where(Appointment.status == Status.BOOKED)
        with_cells = select(func.count(Cell.appointment_id.distinct()))
        return (
            session.scalar(select(func.count()).select_from(standing.subquery())) or 0,
            session.scalar(with_cells.where(Cell.appointment_id.in_(standing))) or 0,
            session.scalar(with_cells.where(Cell.appointment_id.not_in(standing))) or 0,
        )


def fight(
    url: str, engine: Engine, folder: Path, capacity: int, tries: int, processes: int = PROCESSES
) -> Counter[str]:
    orders = prepare(engine, capacity)
    said = [folder / f"said-{n}" for n in range(processes)]
    running = [start(url, orders, n, tries // processes, said[n]) for n in range(processes)]
    assert [process.wait() for process in running] == [0] * processes
    return acknowledged(said)


@pytest.mark.parametrize("capacity", [1, 2, 4])
def test_processes_never_book_a_seat_twice(
    database_url: str, engine: Engine, tmp_path: Path, capacity: int
) -> None:
    said = fight(database_url, engine, tmp_path, capacity, 320, FEW)

    standing, with_cells, orphans = held(engine)
    assert surplus(engine, capacity) == 0
    assert (standing, with_cells, orphans) == (
        said["booked"] - said["cancelled"],
        said["booked"] - said["cancelled"],
        0,
    )
    assert sum(said.values()) - said["cancelled"] == 320
    assert said["booked"] > 0


@pytest.mark.long
@pytest.mark.parametrize("capacity", [1, 2, 4])
def test_ten_thousand_contested_tries_make_no_double(
    database_url: str, engine: Engine, tmp_path: Path, capacity: int
) -> None:
    said = fight(database_url, engine, tmp_path, capacity, 10_000)

    assert surplus(engine, capacity) == 0
    assert held(engine)[0] == said["booked"] - said["cancelled"]


def kill_often(url: str, engine: Engine, folder: Path, kills: int) -> tuple[set[int], set[int]]:
    """Kill bookers at random moments; return what was acknowledged as booked and as cancelled."""
    orders = prepare(engine, 4)
    rng = random.Random(kills)
    booked: set[int] = set()
    cancelled: set[int] = set()
    for seed in range(0, kills, 4):
        said = [folder / f"said-{seed + n}" for n in range(4)]
        running = [start(url, orders, seed + n, 5000, said[n]) for n in range(4)]
        wait_for_words(said)
        time.sleep(rng.random() / 2)
        for process in running:
            process.kill()
            process.wait()
        for path in said:
            lines = [line for line in path.read_text().splitlines() if line[-1:] == "]"]
            words = [json.loads(line) for line in lines]
            booked |= {key for word, key in words if word == "booked"}
            cancelled |= {key for word, key in words if word == "cancelled"}
    return booked, cancelled


def wait_for_words(said: list[Path]) -> None:
    """Wait until every booker has said something, so that none dies before it began."""
    for _ in range(600):
        if all(path.stat().st_size for path in said):
            return
        time.sleep(0.05)
    raise AssertionError("the bookers did not begin within 30 seconds")


@pytest.mark.parametrize("kills", [8, pytest.param(1000, marks=pytest.mark.long)])
def test_kill_nine_loses_nothing_and_leaves_nothing_half(
    database_url: str, engine: Engine, tmp_path: Path, kills: int
) -> None:
    booked, cancelled = kill_often(database_url, engine, tmp_path, kills)

    with reading(engine) as session:
        rows = session.execute(select(Appointment.id, Appointment.status)).all()
    found = {row.id: row.status for row in rows}
    assert booked
    assert booked - set(found) == set()
    assert {found[key] for key in cancelled} <= {Status.CANCELLED}
    standing, with_cells, orphans = held(engine)
    assert (with_cells, orphans) == (standing, 0)
    assert surplus(engine, 4) == 0
