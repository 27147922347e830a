"""Wall days: the five-minute cells of a site's local day and the instants they stand for.

A cell is a wall-clock step of five minutes, 0 at 00:00. A quantum is the UTC epoch in seconds
divided by 300. On a day of a clock change some cells have no instant, others have two: such cells
cannot be booked, every other cell keeps its wall time.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

CELL_MIN = 5
CELLS_A_DAY = 288
QUANTUM_SECONDS = 300
WHOLE_DAY = (1 << CELLS_A_DAY) - 1


@dataclass(frozen=True, slots=True)
class WallDay:
    """One local day: `quanta[cell]`, or None where the wall time does not exist or exists twice."""

    on: date
    quanta: tuple[int | None, ...]
    bookable: int

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """Return when the day begins, and when it is over."""
        known = [quantum for quantum in self.quanta if quantum is not None]
        return instant_of(known[0]), instant_of(known[-1] + 1)

    def cell_span(self, from_quantum: int, to_quantum: int) -> int:
        """Return the cells (as a bitset) whose instants lie in the half-open span of quanta."""
        first = self.quanta[0]
        if self.bookable == WHOLE_DAY and first is not None:
            return span_mask(from_quantum - first, to_quantum - first)
        return sum(
            1 << cell
            for cell, quantum in enumerate(self.quanta)
            if quantum is not None and from_quantum <= quantum < to_quantum
        )

    def span(self, from_cell: int, to_cell: int) -> tuple[int, int]:
        """Return the quanta of a half-open span of bookable cells; turnover may pass midnight."""
        first = self.quanta[from_cell]
        if first is None:
            raise ValueError("this wall time does not exist or exists twice")
        return first, first + to_cell - from_cell


def minutes_mask(from_min: int, to_min: int) -> int:
    """Return the whole cells inside a span of minutes of the day."""
    return span_mask(-(-from_min // CELL_MIN), to_min // CELL_MIN)


def span_mask(from_cell: int, to_cell: int) -> int:
    """Return the bitset of the cells from `from_cell` up to `to_cell`, cut to the day."""
    low, high = max(from_cell, 0), min(to_cell, CELLS_A_DAY)
    return ((1 << high) - 1) & ~((1 << low) - 1) if high > low else 0


@lru_cache(maxsize=8192)
def wall_day(on: date, zone: str) -> WallDay:
    """Return the wall day of a date in a zone, for example America/New_York."""
    here = ZoneInfo(zone)
    midnight = datetime(on.year, on.month, on.day, tzinfo=here)
    # fold: in some zones the hour before midnight is the one that is missing or doubled
    late = midnight.replace(hour=23, minute=55, fold=1)
    if midnight.utcoffset() == late.utcoffset():
        first = quantum_of(midnight)
        return WallDay(on, tuple(range(first, first + CELLS_A_DAY)), WHOLE_DAY)
    quanta = tuple(_quantum(midnight + timedelta(minutes=CELL_MIN * n)) for n in range(288))
    bookable = sum(1 << cell for cell, quantum in enumerate(quanta) if quantum is not None)
    return WallDay(on, quanta, bookable)


def _quantum(wall: datetime) -> int | None:
    """Return the quantum of a wall time, None in a missing or doubled hour."""
    other = wall.replace(fold=1)
    if wall.utcoffset() != other.utcoffset():
        return None
    return quantum_of(wall)


def quantum_of(instant: datetime) -> int:
    """Return the quantum that holds an instant."""
    return int(instant.timestamp()) // QUANTUM_SECONDS


def instant_of(quantum: int) -> datetime:
    """Return the instant at which a quantum begins, UTC and aware."""
    return datetime.fromtimestamp(quantum * QUANTUM_SECONDS, UTC)
