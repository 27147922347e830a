"""Fewest changes: whom each day of a graph may have in a plan with the fewest changes.

A pass over (day, member) that leaves starts out of account but for the one nearest to the wished
hour. Where no visit depends on the start of another it finds the least (changes, days, deviation)
itself; else it finds a lower bound, and the caller looks further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinic.planning.days import START, Node
from clinic.planning.drifts import Graph
from clinic.planning.grid import Grid
from clinic.planning.hours import Chosen, HourPass, MemberStarts, served_before
from clinic.planning.within import DayGraph
from clinic.rules.protocols import Objective

Costs = dict[Node, dict[int | None, int]]
Tolls = Sequence[Mapping[Node, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Prices:
    """What one change costs, and one cell away from the wished hour (0: out of account)."""

    change: int
    far: int


class Members:
    """The least cost over (day, member), and the members of the plans that stay near it."""

    def __init__(
        self, grid: Grid, graph: Graph, tolls: Tolls, prices: Prices, initial: int | None
    ) -> None:
        """Work out the least cost to and from each member of each node."""
        self.grid = grid
        self.graph = graph
        self.tolls = tolls
        self.prices = prices
        self.to = self._forward(initial)
        self.onward = self._backward()

    @property
    def least(self) -> int:
        """Return the least cost of a whole plan."""
        return min(cost for costs in self.to[-1].values() for cost in costs.values())

    def _own(self, at: int, node: Node, member: int | None) -> int:
        if not self.prices.far:
            return 0
        return self.grid.nearest(self.grid.options(at, node.day).starts[member]) * self.prices.far

    def _forward(self, initial: int | None) -> list[Costs]:
        layers: list[Costs] = []
        before: Costs = {START: {initial: 0}}
        for at, nodes in enumerate(self.graph):
            here: Costs = {}
            for node, previous in nodes.items():
                ways = [
                    {known: cost + toll for known, cost in before[one].items()}
                    for one, toll in zip(previous, self.tolls[at][node], strict=True)
                    if one in before
                ]
                if ways:
                    here[node] = self._arrived(at, node, ways)
            layers.append(here)
            before = here
        return layers

    def _arrived(
        self, at: int, node: Node, ways: Sequence[Mapping[int | None, int]]
    ) -> dict[int | None, int]:
        """Return the least cost of a node by the member known after it."""
        best: dict[int | None, int] = {}
        for way in ways:
            for known, cost in way.items():
                if known not in best or cost < best[known]:
                    best[known] = cost
        members = self.grid.options(at, node.day).starts
        if None in members:
            own = self._own(at, node, None)
            return {known: cost + own for known, cost in best.items()}
        changed = min(best.values()) + self.prices.change
        found: dict[int | None, int] = {}
        for member in members:
            cost = min(best.get(member, changed), best.get(None, changed), changed)
            found[member] = cost + self._own(at, node, member)
        return found

    def _backward(self) -> list[Costs]:
        """Return by layer the least cost still to come after a node, by the member known."""
        after: Costs = {node: dict.fromkeys(costs, 0) for node, costs in self.to[-1].items()}
        layers = [after]
        for at in range(len(self.graph) - 1, 0, -1):
            here: Costs = {}
            for node, left in after.items():
                for previous, toll in zip(self.graph[at][node], self.tolls[at][node], strict=True):
                    if previous in self.to[at - 1]:
                        costs = here.setdefault(previous, {})
                        self._left(at, node, left, toll, self.to[at - 1][previous], costs)
            layers.append(here)
            after = here
        return layers[::-1]

    def _left(
        self,
        at: int,
        node: Node,
        left: Mapping[int | None, int],
        toll: int,
        known: Mapping[int | None, int],
        costs: dict[int | None, int],
    ) -> None:
        """Lower the costs still to come after a node before this one, by the member known."""
        passes = None in self.grid.options(at, node.day).starts
        own = {
            member: cost + self._own(at, node, None if passes else member) + toll
            for member, cost in left.items()
        }
        cheapest = min(own.values())
        changed = cheapest + self.prices.change
        for member in known:
            if passes:
                cost = own[member]
            else:
                cost = cheapest if member is None else min(own.get(member, changed), changed)
            if member not in costs or cost < costs[member]:
                costs[member] = cost

    def within(self, most: int, *, near: bool) -> MemberStarts:
        """Return the starts of the members through whom a plan of at most this cost may pass.

        `near` leaves only the starts nearest to the wished hour.
        """
        return [
            {node: self._kept(at, node, most, near=near) for node in nodes}
            for at, nodes in enumerate(self.graph)
        ]

    def prices_in(self, unit: int) -> list[int]:
        """Return the least costs of plans through any member of any node, in whole units."""
        return sorted(
            {
                (cost + onward[member]) // unit
                for costs, left in zip(self.to, self.onward, strict=True)
                for node, known in costs.items()
                if (onward := left.get(node)) is not None
                for member, cost in known.items()
                if member in onward
            }
        )

    def _kept(self, at: int, node: Node, most: int, *, near: bool) -> dict[int | None, int]:
        to, onward = self.to[at].get(node, {}), self.onward[at].get(node, {})
        passing = {m for m, cost in to.items() if m in onward and cost + onward[m] <= most}
        found: dict[int | None, int] = {}
        for member, mine in self.grid.options(at, node.day).starts.items():
            if member in passing or (member is None and passing):
                found[member] = mine & self.grid.band(self.grid.nearest(mine)) if near else mine
        return found


def fewest_changes(
    grid: Grid, days: DayGraph, weights: Mapping[Objective, int], unit: int, *, near: bool
) -> list[Chosen]:
    """Return the best starts and members where the changes come before every other term.

    `unit` is the weight of one unit of days' cost; `near` says that the distance to the wished
    hour comes right after it.
    """
    change = weights[Objective.CHANGES]
    prices = Prices(change, weights[Objective.PREFERRED_TIME] if near else 0)
    members = Members(grid, days.graph, days.scaled(unit), prices, served_before(grid))
    floor, sure = members.least, prices.far or unit
    tight = members.within(floor, near=near)
    found = _best(grid, days, weights, unit, tight)
    if found and found[1] // sure == floor // sure:
        return found[0]
    costs = members.prices_in(unit)
    at, last = 0, len(costs) - 1
    while True:
        most = (costs[min(at, last)] + 1) * unit - 1
        found = _best(grid, days, weights, unit, members.within(most, near=False))
        if found and (found[1] <= most or at >= last):
            return found[0]
        if at >= last:
            return []
        at = 2 * at + 1


def _best(
    grid: Grid,
    days: DayGraph,
    weights: Mapping[Objective, int],
    unit: int,
    starts: MemberStarts,
) -> tuple[list[Chosen], int] | None:
    """Return the best plan with these starts and members, and its cost; None if there is none."""
    some = days.only([{n: len(mine) for n, mine in layer.items()} for layer in starts])
    hours = HourPass(grid, some.graph, weights, starts, tolls=some.scaled(unit))
    found = hours.run()
    return (found, hours.best) if found else None
