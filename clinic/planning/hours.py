"""The hour-level pass: starts and members on the days that the day-level pass left.

Layers of (day, start, member, start of the main visit if a later visit still asks for it). The
drift term is carried from one list of starts to the next by a distance transform, two sweeps
instead of all pairs.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import add

from clinic.planning.bitsets import cell_list
from clinic.planning.days import START, Node
from clinic.planning.drifts import Graph
from clinic.planning.grid import Grid
from clinic.rules.protocols import Objective
from clinic.rules.wall_days import CELLS_A_DAY

NEVER = 1 << 4000
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
MemberStarts = Sequence[Mapping[Node, Mapping[int | None, int]]]  # by visit, node and member


class HourPass:
    """One layered pass over the starts of a course on the days of a day graph."""

    def __init__(
        self,
        grid: Grid,
        graph: Graph,
        weights: Mapping[Objective, int],
        starts: MemberStarts,
        *,
        tolls: Sequence[Mapping[Node, Sequence[int]]] | None = None,
    ) -> None:
        """Keep the question: the graph, the starts to look at, what days cost beside starts.

        `tolls` are by visit and node the cost of coming from each of the nodes before it.
        """
        self.grid = grid
        self.graph = graph
        self.weights = weights
        self.starts = starts
        self.tolls = tolls
        self.carries = [self._is_asked_later(at) for at in range(len(grid.slots))]
        self.layers: list[Layer] = []
        self.best = NEVER
        self.initial = served_before(grid)

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
        starts = {m: cell_list(mine) for m, mine in self.starts[at][node].items() if mine}
        best: dict[Key, list[int]] = {}
        for previous in before:
            toll = self._toll(at, node, previous)
            for key, costs in self._ways(at, node, previous, starts):
                known = best.get(key)
                paid = [cost + toll for cost in costs] if toll else costs
                best[key] = paid if known is None else list(map(min, known, paid))
        own = {member: self._own(at, node, member, starts[member]) for member in starts}
        found: dict[Key, Row] = {}
        for key, costs in best.items():
            member = key[0] if key[0] in starts else None
            row = _reached(starts[member], map(add, costs, own[member]))
            if row.starts:
                found[key] = row
        return found

    def _toll(self, at: int, node: Node, previous: Node) -> int:
        """Return what it costs by days to come from this node before."""
        if self.tolls is None:
            return 0
        return self.tolls[at][node][self.graph[at][node].index(previous)]

    def _own(self, at: int, node: Node, member: int | None, starts: Sequence[int]) -> list[int]:
        """Return what each start costs in itself: its holes, and how far it is from the wish.

        The distance counts once more as the last cost of all: among equals, nearest to the wish.
        """
        options = self.grid.options(at, node.day)
        clean, single = options.clean[member], options.single[member]
        hole, far = self.weights[Objective.FRAGMENTS], self.weights[Objective.PREFERRED_TIME]
        deviation, wished = self.grid.deviation, self.grid.preferred
        return [
            (0 if clean >> start & 1 else hole if single >> start & 1 else 2 * hole)
            + deviation(start) * far
            + (0 if wished is None else abs(start - wished))
            for start in starts
        ]

    def _ways(
        self, at: int, node: Node, previous: Node, starts: Mapping[int | None, list[int]]
    ) -> Iterable[tuple[Key, list[int]]]:
        """Yield costs at each start of this node when it follows the previous one, by key."""
        if previous is START:
            yield from self._first(at, starts)
            return
        rows = self.layers[at - 1].get(previous, {})
        groups: dict[int, dict[int | None, Row]] = {}
        for (member, main_start), row in rows.items():
            groups.setdefault(main_start, {})[member] = row
        for main_start, group in groups.items():
            carry = main_start if self._keeps(at) else -1
            if None in starts:
                for member, row in group.items():
                    costs = self._carried(at, node, previous, main_start, row, starts[None])
                    yield from self._keyed(at, (member, carry), starts[None], costs)
            else:
                served = self._served(at, node, previous, main_start, group, starts)
                for member, costs in served.items():
                    yield from self._keyed(at, (member, carry), starts[member], costs)

    def _served(
        self,
        at: int,
        node: Node,
        previous: Node,
        main_start: int,
        group: Mapping[int | None, Row],
        starts: Mapping[int | None, list[int]],
    ) -> dict[int | None, list[int]]:
        """Return by member the cost at each start, after the same member or a change."""
        found = self._changed(at, node, previous, main_start, group, starts)
        for member, own in starts.items():
            for key in (member, None):
                if key in group:
                    same = self._carried(at, node, previous, main_start, group[key], own)
                    found[member] = list(map(min, found[member], same))
        return found

    def _changed(
        self,
        at: int,
        node: Node,
        previous: Node,
        main_start: int,
        group: Mapping[int | None, Row],
        starts: Mapping[int | None, list[int]],
    ) -> dict[int | None, list[int]]:
        """Return by member the cost at each start of coming from whoever was cheapest before."""
        change = self.weights[Objective.CHANGES]
        every = sorted(set().union(*starts.values()))
        costs = self._carried(at, node, previous, main_start, _best_of(group.values()), every)
        cost_at = dict(zip(every, costs, strict=True))
        return {member: [cost_at[s] + change for s in own] for member, own in starts.items()}

    def _keyed(
        self, at: int, key: Key, own: list[int], costs: list[int]
    ) -> Iterable[tuple[Key, list[int]]]:
        """Yield the costs under their key; a main visit asked for later keeps each start apart."""
        if not self.carries[at]:
            yield key, costs
            return
        for place, start in enumerate(own):
            apart = [NEVER] * len(own)
            apart[place] = costs[place]
            yield (key[0], start), apart

    def _keeps(self, at: int) -> bool:
        """Say whether a later slot is linked to the same main visit as this one."""
        main = self.grid.slots[at].main
        return main is not None and any(o.main == main for o in self.grid.slots[at + 1 :])

    def _first(
        self, at: int, starts: Mapping[int | None, list[int]]
    ) -> Iterable[tuple[Key, list[int]]]:
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
        self.best = cost
        chosen = [Chosen(node.day, start, key[0])]
        for at in range(len(self.graph) - 1, 0, -1):
            node, key, start, cost = self._before(at, node, key, start, cost)
            chosen.append(Chosen(node.day, start, key[0]))
        return chosen[::-1]

    def _before(
        self, at: int, node: Node, key: Key, start: int, cost: int
    ) -> tuple[Node, Key, int, int]:
        """Return the earliest state of the layer before from which this one has its cost."""
        member = key[0] if key[0] in self.grid.options(at, node.day).clean else None
        cost -= self._own(at, node, member, [start])[0]
        for previous in sorted(self.graph[at][node], key=lambda one: one.day):
            rows = self.layers[at - 1].get(previous, {})
            left = cost - self._toll(at, node, previous)
            for source in sorted(rows, key=lambda k: (k[1], k[0] != key[0], k[0] or 0)):
                found = self._source(at, node, previous, source, key, start, left)
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
        if None in self.grid.options(at, node.day).starts:
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


def served_before(grid: Grid) -> int | None:
    """Return the device or therapist of the patient's visit before the course; None if unknown."""
    followed = [s.shape for s in grid.slots if s.shape.followed is not None]
    pools = {shape.needs[shape.followed or 0].requirement.pool for shape in followed}
    return next((grid.world.continuity.get(pool) for pool in pools), None)


def _reached(starts: Sequence[int], costs: Iterable[int]) -> Row:
    """Return the row of the starts that can be reached at all."""
    kept = [(start, cost) for start, cost in zip(starts, costs, strict=True) if cost < NEVER]
    return Row([start for start, _ in kept], [cost for _, cost in kept])


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
    below = _nearest_within(row, own, weight, max(low, 0), high)
    if low >= 0:
        return below
    turned = Row([-start for start in reversed(row.starts)], row.costs[::-1])
    above = _nearest_within(turned, [-s for s in reversed(own)], weight, max(1, -high), -low)
    return list(map(min, below, reversed(above)))


def _nearest_within(row: Row, own: Sequence[int], weight: int, low: int, high: int) -> list[int]:
    """Return the least cost + weight * distance over the starts that lie low..high before."""
    found: list[int] = []
    queue: deque[tuple[int, int]] = deque()
    at, count = 0, len(row.starts)
    for start in own:
        while at < count and row.starts[at] <= start - low:
            cost = row.costs[at] - weight * row.starts[at]
            while queue and queue[-1][1] >= cost:
                queue.pop()
            queue.append((row.starts[at], cost))
            at += 1
        while queue and queue[0][0] < start - high:
            queue.popleft()
        found.append(queue[0][1] + weight * start if queue else NEVER)
    return found


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
