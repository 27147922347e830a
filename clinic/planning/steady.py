"""Hours on chosen days: the best starts and members of a graph of days, looked for narrowly.

Where the time terms begin with the drift, the least drift is found first by bitsets and only the
starts of plans within it are looked at; see drifts.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from clinic.planning.costs import TIME_TERMS, time_weights
from clinic.planning.drifts import Drifts, Graph, Masks
from clinic.planning.grid import Grid
from clinic.planning.hours import Chosen, HourPass, MemberStarts
from clinic.rules.protocols import Objective

WIDER = (0, 2, 8, 32)  # cells beyond the lower bound; the first that holds its plan is exact
FEW = 250  # starts in all below which looking at all of them costs less than narrowing
MOST_DRIFT = 60  # cells above which narrowing costs more than it saves


def best_hours(
    grid: Grid, graph: Graph, order: Sequence[Objective], *, near: bool
) -> list[Chosen]:
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


def drift_of(chosen: Sequence[Chosen]) -> int:
    """Return by how many cells the hour moves in all."""
    return sum(abs(later.start - one.start) for one, later in pairwise(chosen))
