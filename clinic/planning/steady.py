"""Hours on chosen days: the best starts and members of a graph of days, looked for narrowly.

Where the time terms begin with the drift, the least drift is found first by bitsets and only the
starts of plans within it are looked at; see drifts.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from clinic.planning.costs import TIME_TERMS, time_weights
from clinic.planning.days import START, Node
from clinic.planning.drifts import Drifts, Graph, Masks
from clinic.planning.grid import Grid
from clinic.planning.hours import Chosen, HourPass, MemberStarts
from clinic.rules.protocols import Objective

WIDER = (0, 2, 8, 32)  # cells beyond the lower bound; the first that holds its plan is exact
FARTHER = (32,)  # cells of deviation beyond the lower bound, likewise
FEW = 250  # starts in all below which looking at all of them costs less than narrowing
MOST_DRIFT = 60  # cells above which narrowing costs more than it saves


def best_hours(grid: Grid, graph: Graph, order: Sequence[Objective], *, near: bool) -> list[Chosen]:
    """Return the best starts and members on the days of a graph; empty when none fit.

    `near` says that only starts at the least deviation of their day are worth looking at.
    """
    weights = time_weights(order)
    masks = legal_masks(grid, graph, near=near)
    terms = [term for term in order if term in TIME_TERMS]
    if near or grid.preferred is None:
        terms = [term for term in terms if term is not Objective.PREFERRED_TIME]
    if terms[:1] == [Objective.DRIFT]:
        return steadiest_hours(grid, graph, weights, masks)
    if terms[:1] == [Objective.PREFERRED_TIME]:
        return nearest_hours(grid, graph, weights, masks)
    return HourPass(grid, graph, weights, by_member(grid, graph, masks)).run()


def legal_masks(grid: Grid, graph: Graph, *, near: bool) -> Masks:
    """Return the legal starts of every node, or those at the least deviation of its day."""
    found: Masks = []
    for at, nodes in enumerate(graph):
        starts = {node: grid.options(at, node.day).any for node in nodes}
        if near:
            starts = {node: mask & grid.band(grid.nearest(mask)) for node, mask in starts.items()}
        found.append(starts)
    return found


def by_member(grid: Grid, graph: Graph, masks: Masks) -> MemberStarts:
    """Return the starts of every node by the member who could serve them."""
    return [
        {
            node: {
                member: mine & masks[at][node]
                for member, mine in grid.options(at, node.day).starts.items()
            }
            for node in nodes
        }
        for at, nodes in enumerate(graph)
    ]


def steadiest_hours(
    grid: Grid, graph: Graph, weights: Mapping[Objective, int], masks: Masks
) -> list[Chosen]:
    """Return the best starts and members where the drift comes before every other term."""
    everything = HourPass(grid, graph, weights, by_member(grid, graph, masks))
    if sum(mask.bit_count() for starts in masks for mask in starts.values()) <= FEW:
        return everything.run()
    drifts = Drifts(grid, graph, masks, MOST_DRIFT)
    least = drifts.least
    if least is None:
        return everything.run()
    for more in WIDER:
        narrow = by_member(grid, graph, drifts.within(least + more))
        found = HourPass(grid, graph, weights, narrow).run()
        if found and drift_of(found) <= least + more:
            return found
    return everything.run()


def nearest_hours(
    grid: Grid, graph: Graph, weights: Mapping[Objective, int], masks: Masks
) -> list[Chosen]:
    """Return the best starts and members where the wished hour comes before every other term."""
    least = through(grid, graph, masks)
    bound = min(least[-1].values(), default=0)
    for more in FARTHER:
        most = bound + more
        narrow = [
            {
                node: mask & grid.band(most - layer[node] + grid.nearest(mask))
                if layer.get(node, most + 1) <= most
                else 0
                for node, mask in starts.items()
            }
            for layer, starts in zip(least, masks, strict=True)
        ]
        found = HourPass(grid, graph, weights, by_member(grid, graph, narrow)).run()
        if found and sum(grid.deviation(one.start) for one in found) <= most:
            return found
    return HourPass(grid, graph, weights, by_member(grid, graph, masks)).run()


def through(grid: Grid, graph: Graph, masks: Masks) -> list[dict[Node, int]]:
    """Return by layer the least deviation of a whole plan through each node, starts kept apart."""
    to: list[dict[Node, int]] = [{START: 0}]
    for nodes, starts in zip(graph, masks, strict=True):
        known = to[-1]
        to.append(
            {
                node: min(known[one] for one in before) + grid.nearest(starts[node])
                for node, before in nodes.items()
            }
        )
    onward = dict.fromkeys(graph[-1], 0)
    found: list[dict[Node, int]] = []
    for at in range(len(graph) - 1, -1, -1):
        found.append({node: to[at + 1][node] + left for node, left in onward.items()})
        earlier: dict[Node, int] = {}
        for node, left in onward.items():
            total = left + grid.nearest(masks[at][node])
            for one in graph[at][node]:
                earlier[one] = min(earlier.get(one, total), total)
        onward = earlier
    return found[::-1]


def drift_of(chosen: Sequence[Chosen]) -> int:
    """Return by how many cells the hour moves in all."""
    return sum(abs(later.start - one.start) for one, later in pairwise(chosen))
