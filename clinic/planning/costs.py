"""Costs: the terms of the objective packed into one integer each, so that they add and compare.

Every field is wide enough never to run over, so comparing two packed costs is comparing their
terms in the protocol's order.
"""

from collections.abc import Sequence

from clinic.planning.slots import Slot
from clinic.rules.protocols import Objective

DAY_TERMS = (Objective.PHASE_ENDS, Objective.GAP)
TIME_TERMS = (
    Objective.PREFERRED_TIME,
    Objective.DRIFT,
    Objective.CHANGES,
    Objective.FRAGMENTS,
)
WIDTH = 24


class Packing:
    """Where each part of each term sits in a packed cost."""

    def __init__(self, order: Sequence[Objective], slots: Sequence[Slot]) -> None:
        """Lay out the day terms in this order, most important first."""
        phases = 1 + max((slot.phase for slot in slots), default=-1)
        self.patterned = [
            any(slot.pattern is not None for slot in slots if slot.phase == phase)
            for phase in range(phases)
        ]
        names: list[tuple[str, int]] = []
        for term in order:
            if term is Objective.PHASE_ENDS:
                names += [
                    (part, phase)
                    for phase in range(phases)
                    for part in (PATTERN_PARTS if self.patterned[phase] else ("day",))
                ]
            elif term is Objective.GAP:
                names += [("late", -1), ("gap", -1)]
        names.append(("near", -1))
        self.width = WIDTH * len(names)
        self.shift = {name: WIDTH * at for at, name in enumerate(reversed(names))}

    def one(self, part: str, phase: int = -1) -> int:
        """Return the packed cost of one unit of this part."""
        return 1 << self.shift[part, phase]

    def read(self, cost: int, part: str, phase: int = -1) -> int:
        """Return how many units of this part a packed cost holds."""
        return cost >> self.shift[part, phase] & ((1 << WIDTH) - 1)

    def phase_prefix(self, cost: int, phase: int) -> int:
        """Return the packed cost down to the last part of this phase, for comparing."""
        part = PATTERN_PARTS[-1] if self.patterned[phase] else "day"
        return cost >> self.shift[part, phase]


PATTERN_PARTS = ("week", "filled", "off", "earlier", "moved")


def time_weights(order: Sequence[Objective]) -> dict[Objective, int]:
    """Return the packed cost of one unit of each time term, in the protocol's order.

    The lowest field is left to the tie-break: how far all starts are from the wished hour.
    """
    terms = [term for term in order if term in TIME_TERMS]
    return {term: 1 << (WIDTH * at) for at, term in enumerate(reversed(terms), start=1)} | {
        term: 0 for term in TIME_TERMS if term not in terms
    }
