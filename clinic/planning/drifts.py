"""Drift: the least change of hour from visit to visit over a graph of days, by bitsets.

Level e holds, for each day of each visit, every start that can be reached when the hour has moved
by at most e cells in all. One level follows from the one before by shifting whole days by one
cell, so the work does not grow with the number of starts. Starts from which no plan within the
least drift passes are then left out of the hour-level pass.

A window between two neighbouring visits counts with its nearer end only, and one between visits
further apart not at all: the level found is then a lower bound, and the caller looks further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clinic.planning.days import START, Node
from clinic.planning.grid import Grid
from clinic.planning.world import CELLS_A_DAY

Graph = Sequence[Mapping[Node, Sequence[Node]]]
Masks = list[dict[Node, int]]


@dataclass(slots=True)
class Spot:
    """A day of a visit: its starts, and the spots before and after it in time.

    A way has the spot at its other end and the least number of cells between the two starts, 0
    where they may be the same, below 0 where this one comes first in the day.
    """

    mask: int
    before: list[tuple[int, int]] = field(default_factory=list)
    after: list[tuple[int, int]] = field(default_factory=list)
    is_first: bool = False
    is_last: bool = False


class Drifts:
    """The least drift over a graph, and the starts of the plans that stay near it."""

    def __init__(self, grid: Grid, graph: Graph, masks: Masks, most: int) -> None:
        """Lay out the spots of the graph; `masks` are the legal starts by visit and node.

        A drift above `most` cells is not looked for.
        """
        self.grid = grid
        self.graph = graph
        self.masks = masks
        known = [mask for layer in masks for mask in layer.values()]
        together = 0
        for mask in known:
            together |= mask
        self.low = max(0, (together & -together).bit_length() - 1)
        self.spots: list[Spot] = []
        self._lay_out()
        self.forward = levels(self.spots, [s.is_first for s in self.spots], self.ends(), most)

    def _lay_out(self) -> None:
        place: dict[Node, int] = {}
        for at, nodes in enumerate(self.graph):
            here: dict[Node, int] = {}
            for node, before in nodes.items():
                here[node] = len(self.spots)
                spot = Spot(self.masks[at][node] >> self.low, is_last=at == len(self.graph) - 1)
                for previous in before:
                    if previous is START:
                        spot.is_first = True
                        continue
                    least = self._least(at, node, previous)
                    spot.before.append((place[previous], least))
                    self.spots[place[previous]].after.append((here[node], -least))
                self.spots.append(spot)
            place = here

    def _least(self, at: int, node: Node, previous: Node) -> int:
        """Return the least signed distance between the starts of two neighbouring visits."""
        low, high = step_range(self.grid, at, node, previous)
        return low if low > 0 else min(high, 0)

    def ends(self) -> list[bool]:
        """Return which spots end a plan."""
        return [spot.is_last for spot in self.spots]

    @property
    def least(self) -> int | None:
        """Return the least drift; None when there is no plan within what was looked for."""
        return len(self.forward) - 1 if self.forward[-1] else None

    def within(self, drift: int) -> Masks:
        """Return the starts through which plans of at most this drift may pass."""
        ends = self.ends()
        count = len(self.spots)
        ahead = self.forward
        if drift >= len(ahead):
            ahead = levels(self.spots, [s.is_first for s in self.spots], None, drift)
        turned = [Spot(s.mask, [(count - 1 - i, k) for i, k in s.after]) for s in self.spots[::-1]]
        back = levels(turned, ends[::-1], None, drift)
        tight = [0] * count
        for level in range(drift + 1):
            there = back[drift - level]
            for i, reached in enumerate(ahead[level]):
                if reached:
                    tight[i] |= reached & there[count - 1 - i]
        found: Masks = []
        i = 0
        for nodes in self.graph:
            found.append({node: tight[i + k] << self.low for k, node in enumerate(nodes)})
            i += len(nodes)
        return found


def step_range(grid: Grid, at: int, node: Node, previous: Node) -> tuple[int, int]:
    """Return least and most cells from the start of one visit to that of the next."""
    if node.day == previous.day:
        before = grid.slots[at - 1]
        return before.length + before.turnover, CELLS_A_DAY
    if grid.slots[at].main == at - 1:
        return grid.distance(at, node.main_day, node.day, node.late_h)
    return -CELLS_A_DAY, CELLS_A_DAY


def levels(
    spots: Sequence[Spot], begins: Sequence[bool], ends: Sequence[bool] | None, most: int
) -> list[list[int]]:
    """Return by level and spot the starts reached, up to the first level that reaches an end.

    Without `ends` every level up to `most` is worked out.
    """
    waves = [0] * len(spots)
    slopes = {
        (i, j): 0 for i, spot in enumerate(spots) for j, shift in spot.before if shift
    }
    found: list[list[int]] = []
    while len(found) <= most:
        here: list[int] = []
        found.append(here)
        for i, spot in enumerate(spots):
            reached = spot.mask if begins[i] else 0
            for j, shift in spot.before:
                reached |= _slope(slopes, found, i, j, shift) if shift else waves[j]
            reached &= spot.mask
            here.append(reached)
            wave = waves[i]
            waves[i] = reached | wave << 1 | wave >> 1
        if ends is not None and any(
            reached and end for reached, end in zip(here, ends, strict=True)
        ):
            return found
    return found if ends is None else [*found, []]


def _slope(
    slopes: dict[tuple[int, int], int], found: Sequence[Sequence[int]], i: int, j: int, shift: int
) -> int:
    """Return the starts beyond a window's nearer end that this level reaches from spot j."""
    level = len(found) - 1
    wave = slopes[i, j] << 1 if shift > 0 else slopes[i, j] >> 1
    if level >= abs(shift):
        source = found[level - abs(shift)][j]
        wave |= source << shift if shift > 0 else source >> -shift
    slopes[i, j] = wave
    return wave
