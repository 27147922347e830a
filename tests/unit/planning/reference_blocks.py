"""The second method for day blocks: the other visits of a day found by trying every start."""

from datetime import date

from clinic.planning.slots import limit_of
from clinic.rules.steps import Step
from tests.unit.planning.clinics import Tiny
from tests.unit.planning.reference import Reference

Ways = dict[tuple[int, int | None], int]


class BlockReference(Reference):
    """The best terms of a tiny question whose visits come in blocks of a day."""

    def __init__(self, tiny: Tiny) -> None:
        super().__init__(tiny)
        whole = self.order
        self.order = [one for one in whole if one[1] % one[0].per_day.most == 0]
        self.sizes = [
            min(step.per_day.most, sum(s.key == step.key for s, _, _ in whole) - index)
            for step, index, _ in self.order
        ]
        self.blocks: dict[tuple[int, str, date], Ways] = {}

    def best(self) -> dict[str, tuple[int, ...]]:
        found = super().best()
        missing = found["unplaced"][0]
        visits = sum(self.sizes[len(self.sizes) - missing :]) if missing else 0
        return {**found, "unplaced": (visits,)}

    def days_a_week(self, step: Step) -> int:
        limit = limit_of(step, self.tiny.wishes)
        return 7 if limit is None else -(-limit // step.per_day.most)

    def starts(self, at: int, day: date) -> Ways:
        """Return the fewest short holes of the first visit by (start, member) of whole blocks."""
        key = (self.sizes[at], self.order[at][0].key, day)
        if key not in self.blocks:
            single = dict(super().starts(at, day))
            self.blocks[key] = {
                (start, member): holes
                for (start, member), holes in single.items()
                if self.goes_on(at, single, start, member, self.sizes[at] - 1)
            }
        return self.blocks[key]

    def goes_on(self, at: int, single: Ways, start: int, member: int | None, more: int) -> bool:
        """Say whether so many more visits can follow this start, every choice tried."""
        if more == 0:
            return True
        rule = self.order[at][0].per_day
        apart = (rule.session_min or 0) + (rule.end_to_start_min or 0)
        return any(
            (after - start) * 5 >= apart and self.goes_on(at, single, after, member, more - 1)
            for after, other in single
            if other == member
        )
