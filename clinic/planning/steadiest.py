"""The steadiest plan: the least drift over every allowed way, then the best hour and days.

First the least drift is found and only the starts and ways of plans within it are kept. Of these
the cheapest, by distance to the wished hour and days, are tried first, until the plan found costs
no more than what was tried.
"""

from collections.abc import Mapping

from clinic.planning.drifts import Drifts, Masks
from clinic.planning.grid import Grid
from clinic.planning.hours import Chosen, HourPass
from clinic.planning.steady import WIDER, by_member, drift_of, legal_masks
from clinic.planning.within import DayGraph
from clinic.rules.protocols import Objective
from clinic.rules.wall_days import CELLS_A_DAY


def steadiest_choice(
    grid: Grid, days: DayGraph, weights: Mapping[Objective, int], unit: int
) -> list[Chosen]:
    """Return the best starts and members; `unit` is the weight of one unit of days' cost."""
    masks = legal_masks(grid, days.graph, near=False)
    drifts = Drifts(grid, days.graph, masks, CELLS_A_DAY * len(masks))
    least = drifts.least
    for more in WIDER if least is not None else ():
        drift = (least or 0) + more
        narrow = drifts.within(drift)
        ways = days.only(narrow)
        found = (
            _best(grid, ways, weights, unit, narrow)
            if more
            else _cheapest(grid, ways, weights, unit, narrow, drift)
        )
        if found and drift_of(found[0]) <= drift:
            return found[0]
    found = _best(grid, days, weights, unit, masks)
    return found[0] if found else []


def _cheapest(
    grid: Grid,
    days: DayGraph,
    weights: Mapping[Objective, int],
    unit: int,
    masks: Masks,
    least: int,
) -> tuple[list[Chosen], int] | None:
    """Return the best plan of the least drift, trying the cheapest ways first; None if none."""
    far = weights[Objective.PREFERRED_TIME] // unit
    near = [
        {node: grid.nearest(mask) * far for node, mask in layer.items() if mask} for layer in masks
    ]
    totals = days.totals(near)
    prices = sorted({cost for layer in totals for costs in layer.values() for cost in costs})
    at, last = 0, len(prices) - 1
    while True:
        price = prices[min(at, last)]
        some = days.up_to(price, totals)
        if Drifts(grid, some.graph, masks, least).least is not None:
            found = _best(grid, some, weights, unit, masks)
            if found and drift_of(found[0]) == least and (found[1] <= price or at >= last):
                return found
        if at >= last:
            return None
        at = 2 * at + 1


def _best(
    grid: Grid, days: DayGraph, weights: Mapping[Objective, int], unit: int, masks: Masks
) -> tuple[list[Chosen], int] | None:
    """Return the best plan on these ways and starts, and what its days cost."""
    starts = by_member(grid, days.graph, masks)
    hours = HourPass(grid, days.graph, weights, starts, tolls=days.scaled(unit))
    found = hours.run()
    return (found, hours.best % weights[Objective.DRIFT] // unit) if found else None
