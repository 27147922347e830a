"""Rezoning: which visits can go back to their wall time when the rules of a zone have changed.

All visits that are off their wall time move at once, so that each may take the place another
leaves. One that meets a seat taken by anybody who stays, stays too, and may stand in the way of
the next: it is tried again until nothing more moves, so that a second run has nothing to do.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Taken = Counter[tuple[int, int]]
"""How many seats are taken, by resource and quantum."""


@dataclass(frozen=True, slots=True)
class Span:
    """Seats of one resource from one quantum to another."""

    resource_id: int
    from_quantum: int
    to_quantum: int
    seats: int


@dataclass(frozen=True, slots=True)
class Drift:
    """A visit off its wall time: what it holds now, and by how many quanta it has to move."""

    id: int
    quanta: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Who moves, and for each who stays the resource and the quantum that are taken."""

    moved: frozenset[int]
    stuck: Mapping[int, tuple[int, int]] = field(default_factory=dict)


def settle(
    drifts: Sequence[Drift], *, taken: Mapping[tuple[int, int], int], seats: Mapping[int, int]
) -> Settled:
    """Return which visits can move; `taken` is what all others hold, `seats` are by resource."""
    moved: set[int] = set()
    base, left = Counter(taken), list(drifts)
    while True:
        goers, stuck = _round(left, base, seats)
        if not goers:
            return Settled(frozenset(moved), stuck)
        moved |= {one.id for one in goers}
        for one in goers:
            _add(base, one, one.quanta)
        left = [one for one in left if one.id in stuck]


def _round(
    left: Sequence[Drift], base: Taken, seats: Mapping[int, int]
) -> tuple[list[Drift], dict[int, tuple[int, int]]]:
    """Return who can move at once, and who cannot: each that stays may keep others from moving."""
    stuck: dict[int, tuple[int, int]] = {}
    while True:
        used, goers = Counter(base), []
        for one in left:
            if one.id in stuck:
                _add(used, one, 0)
        before = len(stuck)
        for one in left:
            if one.id in stuck:
                continue
            if (full := _full(used, one, seats)) is not None:
                stuck[one.id] = full
                continue
            _add(used, one, one.quanta)
            goers.append(one)
        if len(stuck) == before:
            return goers, stuck


def _full(used: Taken, one: Drift, seats: Mapping[int, int]) -> tuple[int, int] | None:
    """Return the first resource and quantum at which a moved visit finds no seat."""
    wanted: Taken = Counter()
    _add(wanted, one, one.quanta)
    for place, count in sorted(wanted.items()):
        if count and used[place] + count > seats.get(place[0], 0):
            return place
    return None


def _add(used: Taken, one: Drift, quanta: int) -> None:
    for span in one.spans:
        for quantum in range(span.from_quantum + quanta, span.to_quantum + quanta):
            used[span.resource_id, quantum] += span.seats
