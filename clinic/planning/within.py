"""Within a budget: every way to lay a course on days that ends in time and breaks no more rules.

The other plans of a course may end some days later than the first, with no more visits off their
weekdays, hours after a soft window and days above the ideal gaps. The graph holds every such way;
what has been spent is part of a node only where spending differs and could exceed the budget.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from clinic.planning.costs import Packing
from clinic.planning.days import START, DayPass, Limits, Node
from clinic.planning.grid import Grid
from clinic.rules.protocols import Objective
from clinic.rules.steps import Starts

Spent = tuple[int, int, int]
NOTHING: Spent = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a plan may take: its last day, and (visits off their weekday, hours late, gap days)."""

    last_day: int
    spent: Spent


@dataclass(frozen=True, slots=True)
class Way:
    """A way into a node: the node before, the packed cost of the days, what it spends."""

    before: Node
    cost: int
    spends: Spent


Ways = dict[Node, list[Way]]


@dataclass(frozen=True, slots=True)
class DayGraph:
    """The nodes of every allowed plan by layer, the nodes before each, what each of these costs."""

    graph: list[dict[Node, list[Node]]]
    tolls: list[dict[Node, list[int]]]
    packing: Packing

    def scaled(self, unit: int) -> list[dict[Node, list[int]]]:
        """Return what the ways cost in this unit."""
        return [
            {node: [cost * unit for cost in costs] for node, costs in layer.items()}
            for layer in self.tolls
        ]

    def only(self, masks: Sequence[Mapping[Node, int]]) -> "DayGraph":
        """Return the ways between nodes that have a start left."""
        here: Container[Node] = (START,)
        kept: list[dict[Node, list[bool]]] = []
        for layer, starts in zip(self.graph, masks, strict=True):
            known = here
            held = {
                node: [one in known for one in before]
                for node, before in layer.items()
                if starts.get(node)
            }
            kept.append({node: which for node, which in held.items() if any(which)})
            here = kept[-1]
        return self._kept(kept)

    def totals(self, extra: Sequence[Mapping[Node, int]]) -> list[dict[Node, list[int]]]:
        """Return for every way the least cost of a whole plan that takes it.

        `extra` is what each node costs beside its days.
        """
        priced = [
            {node: [cost + more[node] for cost in costs] for node, costs in layer.items()}
            for layer, more in zip(self.tolls, extra, strict=True)
        ]
        to: list[dict[Node, int]] = [{START: 0}]
        for layer, tolls in zip(self.graph, priced, strict=True):
            known = to[-1]
            to.append(
                {
                    node: min(
                        known[one] + toll for one, toll in zip(before, tolls[node], strict=True)
                    )
                    for node, before in layer.items()
                }
            )
        onward = dict.fromkeys(self.graph[-1], 0)
        found: list[dict[Node, list[int]]] = []
        for at in range(len(self.graph) - 1, -1, -1):
            layer, tolls, earlier = self.graph[at], priced[at], dict[Node, int]()
            totals: dict[Node, list[int]] = {}
            for node, before in layer.items():
                left = onward.get(node)
                costs = [] if left is None else [left + toll for toll in tolls[node]]
                totals[node] = [to[at][one] + c for one, c in zip(before, costs, strict=False)]
                for one, cost in zip(before, costs, strict=False):
                    if one not in earlier or cost < earlier[one]:
                        earlier[one] = cost
            found.append(totals)
            onward = earlier
        return found[::-1]

    def up_to(self, price: int, totals: Sequence[Mapping[Node, Sequence[int]]]) -> "DayGraph":
        """Return the ways that some plan of at most this cost takes, given their totals."""
        kept = [
            {
                node: [cost <= price for cost in costs]
                for node, costs in layer.items()
                if costs and min(costs) <= price
            }
            for layer in totals
        ]
        return self._kept(kept)

    def _kept(self, kept: Sequence[Mapping[Node, Sequence[bool]]]) -> "DayGraph":
        """Return the ways that are kept."""
        graph = [
            {node: list(compress(layer[node], which)) for node, which in held.items()}
            for layer, held in zip(self.graph, kept, strict=True)
        ]
        tolls = [
            {node: list(compress(layer[node], which)) for node, which in held.items()}
            for layer, held in zip(self.tolls, kept, strict=True)
        ]
        return DayGraph(graph, tolls, self.packing)


def days_within(grid: Grid, order: Sequence[Objective], budget: Budget) -> DayGraph:
    """Return the graph of every plan within the budget; the first plan is always among them."""
    packing = Packing(order, grid.slots)
    layers = _all_ways(grid, packing, budget)
    layers = _trimmed(layers, budget)
    counted = _counted(layers, budget)
    if any(counted):
        layers = _labelled(layers, budget, counted)
    layers = _reaching(layers)
    return DayGraph(
        [{node: [way.before for way in ways] for node, ways in layer.items()} for layer in layers],
        [{node: [way.cost for way in ways] for node, ways in layer.items()} for layer in layers],
        packing,
    )


def _all_ways(grid: Grid, packing: Packing, budget: Budget) -> list[Ways]:
    """Return by layer every node reached in time, each thing spent counted for itself."""
    _, late, gap = budget.spent
    limits = Limits(by_phase=False, most_gap=gap, allow_late=late > 0, each_late=late > 0)
    days = DayPass(grid, packing, limits, near=False)
    latest = latest_days(grid, budget.last_day)
    spends: dict[int, Spent] = {}
    here: dict[Node, Spent] = {START: NOTHING}
    layers: list[Ways] = []
    for at in range(len(grid.slots)):
        layer: Ways = {}
        least: dict[Node, Spent] = {}
        for node, before in here.items():
            for after, cost in days.edges(at, node, range(latest[at] + 1)):
                spent = spends.get(cost)
                if spent is None:
                    spent = spends[cost] = _spent(packing, cost)
                total = _sum(before, spent)
                if _fits(_sum(total, (_strays(grid, at, after), 0, 0)), budget.spent):
                    layer.setdefault(after, []).append(Way(node, cost, spent))
                    known = least.get(after)
                    least[after] = total if known is None else _least(known, total)
        layers.append(layer)
        here = least
    return layers


def _strays(grid: Grid, at: int, node: Node) -> int:
    """Return the visits of the week so far that are off their weekday and not yet in the cost."""
    slot = grid.slots[at]
    if slot.pattern is None or slot.is_last_of_step:
        return 0
    return (node.used & ~grid.frames[at].of(node.day).mask).bit_count()


def latest_days(grid: Grid, last_day: int) -> list[int]:
    """Return the latest day of each visit from which the last one can still end in time."""
    found = [last_day]
    for at in range(len(grid.slots) - 1, 0, -1):
        slot, day = grid.slots[at], found[-1]
        while day > 0 and not grid.options(at, day).any:
            day -= 1
        found[-1] = day
        least = 0 if slot.shares_day else 1
        follows = slot.main is None and grid.slots[at - 1].main is None
        if follows and slot.gap is not None:
            least = max(least, slot.gap.least)
        day -= least
        if slot.starts is Starts.NEXT_ANCHOR_WEEK and slot.is_first_of_step and slot.main is None:
            day = min(day, grid.frames[at].of(found[-1]).first - 1)
        found.append(day)
    return found[::-1]


def _spent(packing: Packing, cost: int) -> Spent:
    """Return what a packed cost holds of the things a budget counts."""
    off = sum(
        packing.read(cost, "off", phase)
        for phase, patterned in enumerate(packing.patterned)
        if patterned
    )
    return off, packing.read(cost, "late"), packing.read(cost, "gap")


def _fits(spent: Spent, most: Spent) -> bool:
    return spent[0] <= most[0] and spent[1] <= most[1] and spent[2] <= most[2]


def _sum(one: Spent, other: Spent) -> Spent:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _least(one: Spent, other: Spent) -> Spent:
    return min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2])


def _ahead(layers: Sequence[Ways]) -> list[dict[Node, Spent]]:
    """Return by layer the least of each thing that must still be spent after a node."""
    found: list[dict[Node, Spent]] = [dict.fromkeys(layers[-1], NOTHING)]
    for layer in reversed(layers[1:]):
        after, here = found[-1], dict[Node, Spent]()
        for node, ways in layer.items():
            left = after.get(node)
            if left is None:
                continue
            for way in ways:
                total = _sum(left, way.spends)
                known = here.get(way.before)
                here[way.before] = total if known is None else _least(known, total)
        found.append(here)
    return found[::-1]


def _trimmed(layers: Sequence[Ways], budget: Budget) -> list[Ways]:
    """Return the layers without ways that would spend too much of some one thing."""
    ahead = _ahead(layers)
    spent: dict[Node, Spent] = {START: NOTHING}
    found: list[Ways] = []
    for layer, left in zip(layers, ahead, strict=True):
        kept: Ways = {}
        least: dict[Node, Spent] = {}
        for node, ways in layer.items():
            if node not in left:
                continue
            for way in ways:
                before = spent.get(way.before)
                if before is None:
                    continue
                total = _sum(before, way.spends)
                if _fits(_sum(total, left[node]), budget.spent):
                    kept.setdefault(node, []).append(way)
                    known = least.get(node)
                    least[node] = total if known is None else _least(known, total)
        found.append(kept)
        spent = least
    return found


def _counted(layers: Sequence[Ways], budget: Budget) -> tuple[bool, bool, bool]:
    """Say for each thing whether some way through the layers could spend too much of it."""
    most: dict[Node, Spent] = {START: NOTHING}
    for layer in layers:
        here: dict[Node, Spent] = {}
        for node, ways in layer.items():
            totals = [_sum(most[way.before], way.spends) for way in ways if way.before in most]
            if totals:
                here[node] = (
                    max(total[0] for total in totals),
                    max(total[1] for total in totals),
                    max(total[2] for total in totals),
                )
        most = here
    ends = list(most.values())
    over = [any(end[thing] > budget.spent[thing] for end in ends) for thing in range(3)]
    return over[0], over[1], over[2]


def _labelled(
    layers: Sequence[Ways], budget: Budget, counted: tuple[bool, bool, bool]
) -> list[Ways]:
    """Return the layers with what has been spent of the counted things in every node."""
    ahead = _ahead(layers)
    here: dict[Node, list[Node]] = {START: [START]}
    found: list[Ways] = []
    for layer, left in zip(layers, ahead, strict=True):
        labelled: Ways = {}
        after: dict[Node, list[Node]] = {}
        for node, ways in layer.items():
            known: dict[Spent, Node] = {}
            for way in ways:
                for before in here.get(way.before, ()):
                    total = _masked(_sum(before.spent, way.spends), counted)
                    if node not in left or not _fits(_sum(total, left[node]), budget.spent):
                        continue
                    own = known.get(total)
                    if own is None:
                        own = known[total] = Node(*node[:-1], spent=total)
                    labelled.setdefault(own, []).append(Way(before, way.cost, way.spends))
            after[node] = list(known.values())
        found.append(labelled)
        here = after
    return found


def _masked(spent: Spent, counted: tuple[bool, bool, bool]) -> Spent:
    return spent[0] * counted[0], spent[1] * counted[1], spent[2] * counted[2]


def _reaching(layers: Sequence[Ways]) -> list[Ways]:
    """Return the layers without nodes from which the last one cannot be reached."""
    found = [layers[-1]]
    for layer in reversed(layers[:-1]):
        wanted = {way.before for ways in found[-1].values() for way in ways}
        found.append({node: ways for node, ways in layer.items() if node in wanted})
    return found[::-1]
