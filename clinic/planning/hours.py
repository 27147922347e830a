"""The hour-level pass: starts and members on the days that the day-level pass left.

Layers of (day, start, member, start of the main visit if a later visit still asks for it). The
drift term is carried from one list of starts to the next by a distance transform, two sweeps
instead of all pairs.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinic.planning.bitsets import cell_list
from clinic.planning.days import START, Node
from clinic.planning.grid import Grid
from clinic.planning.world import CELLS_A_DAY
from clinic.rules.protocols import Objective

NEVER = 1 << 400
Key = tuple[int | None, int]  # followed member, start of the main visit or -1


@dataclass(frozen=True, slots=True)
class Row:
    """Costs of the legal starts of one member, lowest start first."""

    starts: Sequence[int]
    costs: Sequence[int]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One visit of the best plan: day of the course, start cell, followed member."""

    day: int
    start: int
    member: int | None


Layer = dict[Node, dict[Key, Row]]


class HourPass:
    """One layered pass over the starts of a course on the days of a day graph."""

    def __init__(
        self,
        grid: Grid,
        graph: Sequence[Mapping[Node, Sequence[Node]]],
        weights: Mapping[Objective, int],
        *,
        nearest_only: bool,
    ) -> None:
        """Keep the question; `nearest_only` drops starts beyond the day's least deviation."""
        self.grid = grid
        self.graph = graph
        self.weights = weights
        self.nearest_only = nearest_only
        self.carries = [self._is_asked_later(at) for at in range(len(grid.slots))]
        self.layers: list[Layer] = []
        followed = [s.shape for s in grid.slots if s.shape.followed is not None]
        pools = {shape.needs[shape.followed or 0].requirement.pool for shape in followed}
        self.initial = next((grid.world.continuity.get(pool) for pool in pools), None)

    def _is_asked_later(self, at: int) -> bool:
        """Say whether a visit that is not the next one depends on the start of this one."""
        for later in range(at + 2, len(self.grid.slots)):
            if self.grid.slots[later].main != at:
                continue
            for node in self.graph[later]:
                low, high = self.grid.distance(later, node.main_day, node.day, node.late_h)
                mains = self.grid.options(at, node.main_day).any
                own = self.grid.options(later, node.day).any
                least = (own & -own).bit_length() - mains.bit_length()
                most = own.bit_length() - (mains & -mains).bit_length()
                if not low <= least or not most <= high:
                    return True
        return False

    def run(self) -> list[Chosen]:
        """Return the best visits in time order; empty when no start fits."""
        for at, nodes in enumerate(self.graph):
            layer: Layer = {}
            for node, before in nodes.items():
                rows = self._rows(at, node, before)
                if rows:
                    layer[node] = rows
            if not layer:
                return []
            self.layers.append(layer)
        return self._walk_back()

    def _rows(self, at: int, node: Node, before: Sequence[Node]) -> dict[Key, Row]:
        """Return the costs of a node: the best way in over every node before, plus its own."""
        options = self.grid.options(at, node.day)
        best: dict[Key, list[int]] = {}
        starts: dict[int | None, list[int]] = {}
        for member, mask in options.starts.items():
            if self.nearest_only:
                mask &= self.grid.band(self.grid.nearest(options.any))
            if mask:
                starts[member] = cell_list(mask)
        for previous in before:
            for key, _, costs in self._ways(at, node, previous, starts):
                known = best.get(key)
                best[key] = costs if known is None else list(map(min, known, costs))
        return {
            key: row
            for key, costs in best.items()
            if (
                row := self._with_own(
                    at, node, key, starts[key[0] if key[0] in starts else None], costs
                )
            )
            is not None
        }

    def _with_own(
        self, at: int, node: Node, key: Key, starts: Sequence[int], costs: Sequence[int]
    ) -> Row | None:
        options = self.grid.options(at, node.day)
        member = key[0] if key[0] in options.clean else None
        clean, single = options.clean[member], options.single[member]
        hole, far = self.weights[Objective.FRAGMENTS], self.weights[Objective.PREFERRED_TIME]
        kept = [
            (
                start,
                cost
                + (0 if clean >> start & 1 else hole if single >> start & 1 else 2 * hole)
                + self.grid.deviation(start) * far,
            )
            for start, cost in zip(starts, costs, strict=True)
            if cost < NEVER
        ]
        return Row([s for s, _ in kept], [c for _, c in kept]) if kept else None

    def _ways(
        self, at: int, node: Node, previous: Node, starts: Mapping[int | None, list[int]]
    ) -> Iterable[tuple[Key, list[int], list[int]]]:
        """Yield costs at each start of this node when it follows the previous one, by key."""
        if previous is START:
            yield from self._first(at, starts)
            return
        rows = self.layers[at - 1].get(previous, {})
        follows = None in starts
        groups: dict[int, dict[int | None, Row]] = {}
        for (member, main_start), row in rows.items():
            groups.setdefault(main_start, {})[member] = row
        for main_start, group in groups.items():
            carry = main_start if self._keeps(at) else -1
            if follows:
                for member, row in group.items():
                    costs = self._carried(at, node, previous, main_start, row, starts[None])
                    yield from self._keyed(at, (member, carry), starts[None], costs)
                continue
            everyone = _best_of(group.values())
            change = self.weights[Objective.CHANGES]
            for member, own in starts.items():
                found = [
                    self._carried(at, node, previous, main_start, row, own)
                    for key, row in group.items()
                    if key in (member, None)
                ]
                other = self._carried(at, node, previous, main_start, everyone, own)
                costs = (
                    list(map(min, *found, [c + change for c in other]))
                    if found
                    else [c + change for c in other]
                )
                yield from self._keyed(at, (member, carry), own, costs)

    def _keyed(
        self, at: int, key: Key, own: list[int], costs: list[int]
    ) -> Iterable[tuple[Key, list[int], list[int]]]:
        """Yield the costs under their key; a main visit asked for later keeps each start apart."""
        if not self.carries[at]:
            yield key, own, costs
            return
        for place, start in enumerate(own):
            apart = [NEVER] * len(own)
            apart[place] = costs[place]
            yield (key[0], start), own, apart

    def _keeps(self, at: int) -> bool:
        """Say whether a later slot is linked to the same main visit as this one."""
        main = self.grid.slots[at].main
        return main is not None and any(o.main == main for o in self.grid.slots[at + 1 :])

    def _first(
        self, at: int, starts: Mapping[int | None, list[int]]
    ) -> Iterable[tuple[Key, list[int], list[int]]]:
        for member, own in starts.items():
            kept = self.initial if member is None else member
            is_change = self.initial is not None and kept != self.initial
            cost = self.weights[Objective.CHANGES] if is_change else 0
            yield from self._keyed(at, (kept, -1), own, [cost] * len(own))

    def _carried(
        self, at: int, node: Node, previous: Node, main_start: int, row: Row, own: list[int]
    ) -> list[int]:
        """Return the cost at each own start: the best start before, plus the drift from it."""
        slot, weight = self.grid.slots[at], self.weights[Objective.DRIFT]
        low, high = -CELLS_A_DAY, CELLS_A_DAY
        if node.day == previous.day:
            before = self.grid.slots[at - 1]
            low = before.length + before.turnover
        elif slot.main == at - 1:
            low, high = self.grid.distance(at, node.main_day, node.day, node.late_h)
        elif slot.main is not None and main_start >= 0:
            least, most = self.grid.distance(at, node.main_day, node.day, node.late_h)
            own_costs = carried(row, own, weight, low, high)
            return [
                cost if least <= start - main_start <= most else NEVER
                for start, cost in zip(own, own_costs, strict=True)
            ]
        return carried(row, own, weight, low, high)

    def _walk_back(self) -> list[Chosen]:
        """Return one best plan: among equals the earliest day, start and member at each step."""
        cost, node, key, start = min(
            (
                (cost, node, key, start)
                for node, rows in self.layers[-1].items()
                for key, row in rows.items()
                for start, cost in zip(row.starts, row.costs, strict=True)
            ),
            key=lambda found: (found[0], found[1].day, found[3], found[2][0] or 0),
        )
        chosen = [Chosen(node.day, start, key[0])]
        for at in range(len(self.graph) - 1, 0, -1):
            node, key, start, cost = self._before(at, node, key, start, cost)
            chosen.append(Chosen(node.day, start, key[0]))
        return chosen[::-1]

    def _before(
        self, at: int, node: Node, key: Key, start: int, cost: int
    ) -> tuple[Node, Key, int, int]:
        """Return the earliest state of the layer before from which this one has its cost."""
        row = self._with_own(at, node, key, [start], [0])
        own = row.costs[0] if row else 0
        for previous in sorted(self.graph[at][node], key=lambda one: one.day):
            rows = self.layers[at - 1].get(previous, {})
            for source in sorted(rows, key=lambda k: (k[1], k[0] != key[0], k[0] or 0)):
                found = self._source(at, node, previous, source, key, start, cost - own)
                if found is not None:
                    return previous, source, *found
        raise AssertionError("a best plan has a way in")

    def _source(
        self,
        at: int,
        node: Node,
        previous: Node,
        source: Key,
        key: Key,
        start: int,
        cost: int,
    ) -> tuple[int, int] | None:
        """Return (start, cost) in this row from which `start` is reached at exactly `cost`."""
        options = self.grid.options(at, node.day)
        if None in options.starts:
            if source[0] != key[0]:
                return None
            change = 0
        else:
            same = source[0] is None or source[0] == key[0]
            change = 0 if same else self.weights[Objective.CHANGES]
        if key[1] >= 0 and not self.carries[at] and source[1] != key[1]:
            return None
        row = self.layers[at - 1][previous][source]
        for before, known in zip(row.starts, row.costs, strict=True):
            one = Row([before], [known])
            if self._carried(at, node, previous, source[1], one, [start])[0] + change == cost:
                return before, known
        return None


def _best_of(rows: Iterable[Row]) -> Row:
    """Return the cheapest cost at each start over several rows."""
    best: dict[int, int] = {}
    for row in rows:
        for start, cost in zip(row.starts, row.costs, strict=True):
            if cost < best.get(start, NEVER):
                best[start] = cost
    starts = sorted(best)
    return Row(starts, [best[start] for start in starts])


def carried(row: Row, own: Sequence[int], weight: int, low: int, high: int) -> list[int]:
    """Return at each own start the least cost + weight * distance over the row's starts.

    Only starts with low <= own - start <= high count. Both lists are sorted.
    """
    if not row.starts or not own:
        return [NEVER] * len(own)
    if low <= own[0] - row.starts[-1] and own[-1] - row.starts[0] <= high:
        return _swept(row, own, weight)
    return [
        _least(
            row,
            start,
            weight,
            bisect_left(row.starts, start - high),
            bisect_right(row.starts, start - low),
        )
        for start in own
    ]


def _least(row: Row, start: int, weight: int, first: int, last: int) -> int:
    return min(
        (row.costs[at] + weight * abs(start - row.starts[at]) for at in range(first, last)),
        default=NEVER,
    )


def _swept(row: Row, own: Sequence[int], weight: int) -> list[int]:
    starts, costs = row.starts, row.costs
    found: list[int] = []
    best, at, count = NEVER, 0, len(starts)
    for start in own:
        while at < count and starts[at] <= start:
            cost = costs[at] - weight * starts[at]
            if cost < best:
                best = cost
            at += 1
        found.append(best + weight * start)
    best, at = NEVER, count - 1
    for place in range(len(own) - 1, -1, -1):
        start = own[place]
        while at >= 0 and starts[at] >= start:
            cost = costs[at] + weight * starts[at]
            if cost < best:
                best = cost
            at -= 1
        if best - weight * start < found[place]:
            found[place] = best - weight * start
    return found
