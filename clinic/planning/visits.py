"""Planned visits: the named resources of one visit, and the choice among those that are free."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from clinic.planning.members import Piece, member_fits
from clinic.planning.options import Choice, Day, Shape, holes_of, may_share, part_choices
from clinic.planning.world import World
from clinic.rules.visit_kinds import Mode
from clinic.rules.wall_days import WHOLE_DAY


@dataclass(frozen=True, slots=True)
class Hold:
    """Cells that a visit takes of one resource, turnover included.

    `seats` 0 names somebody who serves this requirement with a seat already held for another.
    """

    requirement: str
    resource_id: int
    from_cell: int
    to_cell: int
    seats: int


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit of a plan, on wall-clock cells of its site-local day."""

    step_key: str
    phase: str
    kind_key: str
    on: date
    start_cell: int
    length_cells: int
    place: str
    holds: tuple[Hold, ...]

    @property
    def end_cell(self) -> int:
        """Return the cell after its last one, turnover left out."""
        return self.start_cell + self.length_cells


def choose(
    shape: Shape,
    world: World,
    day: Day,
    start: int,
    *,
    prefer: Mapping[str, int],
) -> dict[int, tuple[int, ...]]:
    """Return the member for each need that takes seats, by index of the need.

    First the preferred, then the fewest short holes, the least loaded that day, the lowest id.
    `prefer` is by requirement id. Empty parts mean that the start is not legal.
    """
    chosen: dict[int, tuple[int, ...]] = {}
    for part in shape.parts:
        if len(part) == 1 and shape.needs[part[0]].requirement.mode is Mode.ON_SITE:
            continue
        ways = ways_at(shape, part, world, day, start)
        if ways:
            best = min(ways, key=lambda way: _rank(shape, part, way, world, day, start, prefer))
            chosen.update(zip(part, best, strict=True))
    return chosen


def ways_at(
    shape: Shape, part: tuple[int, ...], world: World, day: Day, start: int
) -> list[Choice]:
    """Return every choice of members for the needs of a part that is free at this start."""
    if len(part) == 1:
        need = shape.needs[part[0]]
        return [(member,) for member in need.members if member_fits(need, member, day, start)]
    found = part_choices(shape, part, world, day)
    return [choice for choice, starts in found if starts >> start & 1]


def _rank(
    shape: Shape,
    part: tuple[int, ...],
    way: Choice,
    world: World,
    day: Day,
    start: int,
    prefer: Mapping[str, int],
) -> tuple[int, int, int, Choice]:
    strange = holes = load = 0
    for index, member in zip(part, way, strict=True):
        need = shape.needs[index]
        wished = prefer.get(need.requirement.id)
        strange += wished is not None and wished not in member
        if index == shape.holed:
            left, right = holes_of(need, member, world, day)
            holes += (left >> start & 1) + (right >> start & 1)
        if need.requirement.qualification is not None:
            load += sum(load_of(day, key) for key in set(member))
    return strange, holes, load, way


def load_of(day: Day, resource_id: int) -> int:
    """Return how many seat cells of a resource's open time are taken on this day."""
    one = day[resource_id]
    return sum((one.open & ~free & WHOLE_DAY).bit_count() for free in one.free)


def holds_of(
    shape: Shape, world: World, chosen: Mapping[int, tuple[int, ...]], start: int
) -> tuple[Hold, ...]:
    """Return the holds of the chosen members, in the order of the requirements."""
    found: list[Hold] = []
    taken: dict[int, list[tuple[int, Piece]]] = {}
    for index in sorted(chosen):
        need = shape.needs[index]
        for key in chosen[index]:
            pieces = need.pieces(world.resources[key])
            for at, piece in enumerate(pieces):
                extra = need.turnover if at == len(pieces) - 1 else 0
                whole = Piece(piece.offset, piece.length + extra, piece.seats)
                found += _claims(shape, need.requirement.id, key, index, whole, taken, start)
            taken.setdefault(key, []).extend((index, piece) for piece in pieces)
    return tuple(found)


def _claims(
    shape: Shape,
    requirement: str,
    key: int,
    index: int,
    whole: Piece,
    taken: Mapping[int, list[tuple[int, Piece]]],
    start: int,
) -> list[Hold]:
    """Return the holds of one piece, less what a shared seat of the same person already covers."""
    shared = [piece for other, piece in taken.get(key, []) if may_share(shape, [other, index])]
    edges = {whole.offset, whole.offset + whole.length}
    for piece in shared:
        edges |= {piece.offset, piece.offset + piece.length}
    cuts = sorted(e for e in edges if whole.offset <= e <= whole.offset + whole.length)
    found: list[Hold] = []
    for low, high in itertools.pairwise(cuts):
        held = [p.seats for p in shared if p.offset <= low < p.offset + p.length]
        seats = max(0, whole.seats - max(held, default=0))
        if found and found[-1].seats == seats:
            low = found.pop().from_cell - start
        found.append(Hold(requirement, key, start + low, start + high, seats))
    return found
