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
from operator import or_

from clinic.planning.days import START, Node
from clinic.planning.grid import Grid
from clinic.rules.wall_days import CELLS_A_DAY

Graph = Sequence[Mapping[Node, Sequence[Node]]]
Masks = list[dict[Node, int]]


@dataclass(slots=True)
class Spot:
    """A day of a visit: its starts, and the spots before it in time.

    A way has the spot before and the least signed number of cells from the start there to the
    start here, 0 where they may be the same.
    """

    mask: int
    before: list[tuple[int, int]] = field(default_factory=list)
    is_first: bool = False


class Drifts:
    """The least drift over a graph, and the starts of the plans that stay near it."""

    def __init__(self, grid: Grid, graph: Graph, masks: Masks, most: int) -> None:
        """Lay out the spots of the graph; `masks` are the legal starts by visit and node.

        A drift above `most` cells is not looked for.
        """
        self.grid = grid
        self.graph = graph
        together = 0
        for starts in masks:
            for mask in starts.values():
                together |= mask
        self.low = max(0, (together & -together).bit_length() - 1)
        self.spots: list[Spot] = []
        self.layers: list[range] = []
        self._lay_out(masks)
        self.levels = Levels(self.spots, self.layers, together >> self.low)
        found = False
        while not found and len(self.levels.reached) <= most:
            found = self.levels.go_on()
        self.least = len(self.levels.reached) - 1 if found else None

    def _lay_out(self, masks: Masks) -> None:
        place: dict[Node, int] = {}
        for at, nodes in enumerate(self.graph):
            here: dict[Node, int] = {}
            self.layers.append(range(len(self.spots), len(self.spots) + len(nodes)))
            for node, before in nodes.items():
                here[node] = len(self.spots)
                spot = Spot(masks[at][node] >> self.low)
                for previous in before:
                    if previous is START:
                        spot.is_first = True
                    elif previous in place:
                        least = self._least(at, node, previous)
                        spot.before.append((place[previous], least))
                self.spots.append(spot)
            place = here

    def _least(self, at: int, node: Node, previous: Node) -> int:
        """Return the least signed distance between the starts of two neighbouring visits."""
        low, high = step_range(self.grid, at, node, previous)
        return low if low > 0 else min(high, 0)

    def within(self, drift: int) -> Masks:
        """Return the starts through which plans of at most this drift may pass."""
        while len(self.levels.reached) <= drift:
            self.levels.go_on()
        tight = traced(self.spots, self.layers[-1], self.levels.reached, drift)
        return [
            {node: tight[i] << self.low for i, node in zip(places, nodes, strict=True)}
            for places, nodes in zip(self.layers, self.graph, strict=True)
        ]


def step_range(grid: Grid, at: int, node: Node, previous: Node) -> tuple[int, int]:
    """Return least and most cells from the start of one visit to that of the next."""
    if node.day == previous.day:
        before = grid.slots[at - 1]
        return before.length + before.turnover, CELLS_A_DAY
    if grid.slots[at].main == at - 1:
        return grid.distance(at, node.main_day, node.day, node.late_h)
    return -CELLS_A_DAY, CELLS_A_DAY


class Levels:
    """The starts reached at each level of drift, one level after another.

    A spot all of whose starts are reached, and whose wave has gone over the whole day, is done:
    later levels do not change it.
    """

    def __init__(self, spots: Sequence[Spot], layers: Sequence[range], every: int) -> None:
        """Begin before level 0; `every` are the starts of any spot."""
        self.spots = spots
        self.layers = layers
        self.whole = (1 << every.bit_length()) - 1
        self.reached: list[list[int]] = []
        self.waves = [0] * len(spots)
        self.open = [list(layer) for layer in layers]
        self.free = [[j for j, shift in spot.before if not shift] for spot in spots]
        self.bound = [[way for way in spot.before if way[1]] for spot in spots]
        self.slopes = {(i, *way): 0 for i, ways in enumerate(self.bound) for way in ways}

    def go_on(self) -> bool:
        """Work out the next level and say whether it reaches the last visit."""
        here = self.reached[-1].copy() if self.reached else [0] * len(self.spots)
        self.reached.append(here)
        for at, layer in enumerate(self.layers):
            done = self._fill(self.open[at], here)
            if done:
                self.open[at] = [i for i in self.open[at] if i not in done]
            if not any(here[layer.start : layer.stop]):
                return False
        return True

    def _fill(self, places: Sequence[int], here: list[int]) -> set[int]:
        """Work out this level of the spots of one layer, and return those that are done."""
        spots, waves, free, bound, whole = (
            self.spots,
            self.waves,
            self.free,
            self.bound,
            self.whole,
        )
        done: set[int] = set()
        for i in places:
            spot, wave = spots[i], waves[i]
            reached = spot.mask if spot.is_first else 0
            for j in free[i]:
                reached |= waves[j]
            for j, shift in bound[i]:
                reached |= self._slope(i, j, shift)
            here[i] = reached = reached & spot.mask
            if reached or wave:
                waves[i] = wave = (reached | wave << 1 | wave >> 1) & whole
                if wave == whole and reached == spot.mask:
                    done.add(i)
        return done

    def _slope(self, i: int, j: int, shift: int) -> int:
        """Return the starts beyond a window's nearer end that this level reaches from spot j."""
        level = len(self.reached) - 1
        wave = self.slopes[i, j, shift]
        wave = wave << 1 if shift > 0 else wave >> 1
        if level >= abs(shift):
            source = self.reached[level - abs(shift)][j]
            wave |= source << shift if shift > 0 else source >> -shift
        self.slopes[i, j, shift] = wave = wave & self.whole
        return wave


def traced(
    spots: Sequence[Spot], ends: range, reached: Sequence[Sequence[int]], drift: int
) -> list[int]:
    """Return by spot the starts from which an end is reached within this drift in all.

    Traced back from the ends: at each level the starts reached by then, with the rest to spare.
    """
    tight = [0] * len(spots)
    wanted: dict[int, list[int]] = {}
    for i in ends:
        if reached[drift][i]:
            wanted[i] = [0] * drift + [reached[drift][i]]
    for i in range(len(spots) - 1, -1, -1):
        mine = wanted.pop(i, None)
        if mine is None:
            continue
        for level in mine:
            tight[i] |= level
        wave = _wave_back(mine)
        for j, shift in spots[i].before:
            _add_kept(wanted, j, _slope_back(mine, shift) if shift else wave, reached)
    return tight


def _add_kept(
    wanted: dict[int, list[int]], j: int, came: Sequence[int], reached: Sequence[Sequence[int]]
) -> None:
    """Add to what is wanted of spot j, level by level, the starts that are reached there."""
    kept = [back & there[j] for back, there in zip(came, reached, strict=False)]
    if any(kept):
        known = wanted.get(j)
        wanted[j] = kept if known is None else list(map(or_, known, kept))


def _wave_back(wanted: Sequence[int]) -> list[int]:
    """Return by level the starts before from which a wanted start is within what is left."""
    wave, found = 0, []
    for level in reversed(wanted):
        wave = level | wave << 1 | wave >> 1
        found.append(wave)
    return found[::-1]


def _slope_back(wanted: Sequence[int], shift: int) -> list[int]:
    """Return the same where at least `shift` cells must lie between."""
    wave, found = 0, []
    for level in range(len(wanted) - 1, -1, -1):
        wave = wave >> 1 if shift > 0 else wave << 1
        if level + abs(shift) < len(wanted):
            source = wanted[level + abs(shift)]
            wave |= source >> shift if shift > 0 else source << -shift
        found.append(wave)
    return found[::-1]
