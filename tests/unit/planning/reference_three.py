"""The second exact method for the other plans of a course: every way within the first's bounds.

Day by day every allowed sequence is tried; beside it go the layers of starts and members, with the
hours late among what a layer remembers. Nothing is cut but what is already worse in its own term.
"""

from datetime import date, timedelta

from clinic.planning.courses import Plan
from tests.unit.planning.clinics import Tiny
from tests.unit.planning.reference import NOTHING, TIMES, WISH, Cost, Reference

State = tuple[tuple[int, ...], int | None, int]  # starts still asked for, member, hours late
Layer = dict[State, Cost]


class OtherReference(Reference):
    """The best terms of a plan that puts `own` first and keeps within the bounds of `first`."""

    def __init__(self, tiny: Tiny, own: tuple[str, ...], first: Plan) -> None:
        super().__init__(tiny)
        days = tuple(visit.on for visit in first.visits)
        self.count = len(days)
        self.own = own
        self.last_on = days[-1] + timedelta(days=tiny.protocol.objective.slack_days)
        self.most_off = self.off_visits(days)
        self.most_late, self.most_gaps = next(t.value for t in first.terms if t.name == "gap")
        self.rest = [t for t in tiny.protocol.objective.term_order if t in TIMES and t not in own]
        self.found: tuple[Cost, dict[str, Cost]] | None = None

    def best_other(self) -> dict[str, Cost]:
        """Return the best terms by name."""
        known = self.tiny.world.continuity.get(self.pool or "")
        self.extend((), {((), known, 0): NOTHING[1:]})
        assert self.found is not None
        return self.found[1]

    def extend(self, days: tuple[date, ...], layer: Layer) -> None:
        """Try every way to go on from these days and note the best whole plan."""
        if self.found is not None and min(cost[0] for cost in layer.values()) > self.found[0][0]:
            return
        if len(days) == self.count:
            self.note(days, layer)
            return
        for day in self.calendar:
            if day > self.last_on or not self.may_follow(days, day):
                continue
            longer = (*days, day)
            after = self.layer_after(layer, longer)
            if after and self.gaps(longer) <= self.most_gaps:
                self.extend(longer, after)

    def layer_after(self, layer: Layer, days: tuple[date, ...]) -> Layer:
        """Return the cheapest (own term, other time terms in order) by what is remembered."""
        at, after = len(days) - 1, Layer()
        for (past, known, hours), cost in layer.items():
            for (start, member), holes in self.starts(at, days[at]).items():
                late = self.late(at, days, past, start)
                if late is None or hours + late > self.most_late:
                    continue
                values = self.values(past, start, known, member, holes)
                extra = tuple(values[str(term)] for term in (*self.own, *self.rest, WISH))
                total = tuple(a + b for a, b in zip(cost, extra, strict=True))
                kept = known if member is None else member
                state = (self.remembered(at, (*past, start)), kept, hours + late)
                if state not in after or total < after[state]:
                    after[state] = total
        return after

    def note(self, days: tuple[date, ...], layer: Layer) -> None:
        """Keep the best plan on these days if it is the best so far."""
        if self.off_visits(days) > self.most_off:
            return
        for (_, _, hours), cost in layer.items():
            gap = (hours, self.gaps(days))
            named = {"phase_ends": self.phase_ends(days), "gap": gap}
            terms = (*self.own, *self.rest, WISH)
            named |= {str(term): (value,) for term, value in zip(terms, cost, strict=True)}
            order = [str(t) for t in self.tiny.protocol.objective.term_order]
            names = [*self.own, *(t for t in order if t not in (*self.own, "unplaced")), WISH]
            vector = sum((named[name] for name in names), Cost())
            if self.found is None or vector < self.found[0]:
                unplaced = len(self.order) - self.count
                self.found = vector, {"unplaced": (unplaced,), **named}

    def off_visits(self, days: tuple[date, ...]) -> int:
        """Return how many visits are off the weekdays of their step."""
        total = 0
        weeks: dict[tuple[str, date], list[date]] = {}
        for day, (step, _, _) in zip(days, self.order, strict=False):
            weeks.setdefault((step.key, self.week(day, step.anchor)), []).append(day)
        for (key, week), mine in weeks.items():
            step = next(s for s, _, _ in self.order if s.key == key)
            pattern = self.pattern(step)
            if pattern is not None:
                total += sum(day not in self.wished(week, pattern) for day in mine)
        return total
