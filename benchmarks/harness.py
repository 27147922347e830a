"""Measuring: median wall and CPU time of at least seven runs, and the statements sent."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter, process_time

from sqlalchemy import Connection, Engine, event

RUNS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured workload: milliseconds (median, worst), statements, floor, and words.

    A workload that is not timed (memory, weight) has its figure in `note`.
    """

    id: str
    name: str
    wall_ms: float | None = None
    worst_ms: float | None = None
    cpu_ms: float | None = None
    statements: int | None = None
    floor_ms: float | None = None
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the figure as plain values."""
        return asdict(self)


@dataclass(slots=True)
class Count:
    """How many times execute or executemany was called."""

    number: int = 0


@contextmanager
def counting(engine: Engine | type[Engine]) -> Iterator[Count]:
    """Count the statements sent through an engine, or through any for the class itself.

    BEGIN and COMMIT are not counted.
    """
    count = Count()

    def add(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SET LOCAL")):
            count.number += 1

    event.listen(engine, "before_cursor_execute", add)
    try:
        yield count
    finally:
        event.remove(engine, "before_cursor_execute", add)


def timed(work: Callable[[], object], runs: int = RUNS) -> tuple[float, float, float]:
    """Return median wall, worst wall and median CPU milliseconds of `runs` runs after one more."""
    work()
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(runs):
        wall, cpu = perf_counter(), process_time()
        work()
        walls.append((perf_counter() - wall) * 1000)
        cpus.append((process_time() - cpu) * 1000)
    return statistics.median(walls), max(walls), statistics.median(cpus)


def alternating(
    work: Callable[[], object], floor: Callable[[], object], runs: int = RUNS
) -> tuple[tuple[float, float, float], float]:
    """Return the figures of `work` and the median wall of `floor`, run in turn."""
    work()
    floor()
    ours: list[tuple[float, float]] = []
    theirs: list[float] = []
    for _ in range(runs):
        wall, cpu = perf_counter(), process_time()
        work()
        ours.append(((perf_counter() - wall) * 1000, (process_time() - cpu) * 1000))
        wall = perf_counter()
        floor()
        theirs.append((perf_counter() - wall) * 1000)
    walls = [one[0] for one in ours]
    cpu_median = statistics.median(one[1] for one in ours)
    return (statistics.median(walls), max(walls), cpu_median), statistics.median(theirs)
