"""Columns of the day board: what a device, room or person holds, and where it is free. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from clinic.models.resources import PERSON
from clinic.rules.appointments import COUNTING, Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.wall_days import CELL_MIN, WHOLE_DAY, span_mask

LEAST_GAP_CELLS = 3


class Span(NamedTuple):
    """A stretch of cells of the local day, half-open."""

    from_cell: int
    to_cell: int


@dataclass(frozen=True, slots=True)
class ShutSpan:
    """A stretch in which a column cannot be booked, with why (empty: off shift or closed)."""

    span: Span
    kind: str
    reason: str


class Card(NamedTuple):
    """An appointment as the board shows it, in the order of the board's query.

    A named tuple, because a row becomes one in a third of the time a dataclass takes, and a board
    makes hundreds. `place_in_course` counts whether or not the visit itself does: see `number`;
    `counts` is the JSON text that the course stores.
    """

    id: int
    public_id: str
    family: str
    given: str
    definition_id: int
    status: Status
    outcome: Outcome | None
    is_confirmed: bool
    local_min: int
    length_min: int
    arrived_at: datetime | None
    course_status: CourseStatus | None
    counts: str | None
    place_in_course: int

    @property
    def is_on_hold(self) -> bool:
        """Say whether its course is on hold."""
        return self.course_status is CourseStatus.ON_HOLD

    @property
    def number(self) -> int | None:
        """Return which visit of its course it is; None where it does not count as one."""
        counts = self.status in COUNTING and self.outcome is not Outcome.NOT_TREATED
        return self.place_in_course if counts else None

    @property
    def total(self) -> int | None:
        """Return how many visits its course has; None without a course."""
        return None if self.counts is None else total_of(self.counts)


@lru_cache(maxsize=1024)
def total_of(counts: str) -> int:
    """Return the sum of a course's counts, given as they are stored: most courses are alike."""
    found: dict[str, int] = json.loads(counts)
    return sum(found.values())


@lru_cache(maxsize=256)
def tags_of(tags: str) -> tuple[str, ...]:
    """Return the tags of a resource, given as they are stored."""
    found: list[str] = json.loads(tags)
    return tuple(found)


class Seated(NamedTuple):
    """A card in a column: its cells there and its lane, 0 the first."""

    card: Card
    span: Span
    lane: int


@dataclass(frozen=True, slots=True)
class Column:
    """One device, room or person with what is in its day."""

    key: str
    name: str
    kind: str
    part: str
    tags: tuple[str, ...]
    seats: int
    lanes: int
    cards: tuple[Seated, ...]
    shut: tuple[ShutSpan, ...]
    gaps: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource that has a column: what it is, and when its person is on shift."""

    id: int
    key: str
    name: str
    kind: str
    part: str
    tags: tuple[str, ...]
    seats: int
    shift_mask: int


def make_column(
    thing: Thing,
    cards: Mapping[int, Card],
    held: Mapping[int, Sequence[tuple[int, Span]]],
    blocks: Mapping[int, Sequence[tuple[int, str, str]]],
    site_open: int,
) -> Column:
    """Return a column: its cards in lanes, what is shut, and the free stretches."""
    mine = held.get(thing.id, ())
    seated, lanes = _lanes((cards[key], _shown(cards[key], span)) for key, span in mine)
    shut = [*blocks.get(0, ()), *blocks.get(thing.id, ())]
    open_mask = site_open & (thing.shift_mask if thing.kind == PERSON else WHOLE_DAY)
    free = open_mask & ~_full(mine, thing.seats)
    for mask, _kind, _reason in shut:
        free &= ~mask
    spans = [ShutSpan(span, kind, reason) for mask, kind, reason in shut for span in spans_of(mask)]
    spans += [ShutSpan(span, "", "") for span in spans_of(site_open & ~open_mask)]
    gaps = [one for one in spans_of(free) if one.to_cell - one.from_cell >= LEAST_GAP_CELLS]
    return Column(
        key=thing.key,
        name=thing.name,
        kind=thing.kind,
        part=thing.part,
        tags=thing.tags,
        seats=thing.seats,
        lanes=lanes,
        cards=tuple(seated),
        shut=tuple(spans),
        gaps=tuple(gaps),
    )


def _shown(card: Card, held: Span) -> Span:
    """Return the cells in which a card is drawn: what it holds, without the turnover after it."""
    end = -(-(card.local_min + card.length_min) // CELL_MIN)
    return Span(held.from_cell, max(min(held.to_cell, end), held.from_cell + 1))


def _lanes(spans: Iterable[tuple[Card, Span]]) -> tuple[list[Seated], int]:
    """Return cards in order, side by side where they overlap, and how many lanes that takes."""
    ends = [0]
    seated: list[Seated] = []
    for card, span in spans:
        lane = 0
        while lane < len(ends) and ends[lane] > span.from_cell:
            lane += 1
        ends[lane : lane + 1] = [span.to_cell]
        seated.append(Seated(card, span, lane))
    return seated, len(ends)


def _full(held: Iterable[tuple[int, Span]], seats: int) -> int:
    """Return the cells in which no seat is free, each appointment taken for one seat."""
    levels = [0] * max(seats, 1)
    for _key, span in held:
        mask = span_mask(span.from_cell, span.to_cell)
        for level in range(len(levels) - 1, 0, -1):
            levels[level] |= levels[level - 1] & mask
        levels[0] |= mask
    return levels[-1]


def spans_of(mask: int) -> list[Span]:
    """Return the runs of set cells."""
    found: list[Span] = []
    at = 0
    while mask >> at:
        low = (mask >> at) & -(mask >> at)
        begin = at + low.bit_length() - 1
        rest = ~(mask >> begin)
        length = (rest & -rest).bit_length() - 1
        found.append(Span(begin, begin + length))
        at = begin + length
    return found
