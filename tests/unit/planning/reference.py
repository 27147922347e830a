"""A second, independent exact method: every sequence of days, every start, every member.

Days are enumerated in full against the rules; for each sequence the starts and members go through
untrimmed layers with tuples as costs. Free time is read cell by cell. Slow on purpose.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from itertools import permutations

from clinic.planning.slots import (
    limit_of,
    pattern_of,
)
from clinic.rules.steps import Anchor, Starts, Step
from tests.unit.planning.clinics import Tiny
from tests.unit.planning.reference_ground import Ground

Cost = tuple[int, ...]
HOUR = 12


class Reference(Ground):
    """The best terms of a tiny question, found the long way."""

    def __init__(self, tiny: Tiny) -> None:
        super().__init__(tiny)
        allowed = tiny.protocol.steps[0].days_allowed
        if tiny.wishes.weekdays is not None and tiny.wishes.weekdays & allowed:
            allowed = allowed & tiny.wishes.weekdays
        self.first_on = tiny.wishes.start_on
        while self.first_on.weekday() not in allowed:
            self.first_on += timedelta(days=1)

    def best(self) -> dict[str, tuple[int, ...]]:
        """Return the best terms by name, of the longest prefix that can be placed."""
        for count in range(len(self.order), -1, -1):
            found = self.best_of(count)
            if found is not None:
                return {"unplaced": (len(self.order) - count,), **found}
        raise AssertionError("the empty prefix can always be placed")

    def best_of(self, count: int) -> dict[str, tuple[int, ...]] | None:
        """Return the best terms of the first `count` visits; None when they do not fit."""
        if count == 0:
            return self.named((), NOTHING, 0)
        ranked = sorted(
            ((self.vector(days, NOTHING), days) for days in self.day_sequences(count)),
            key=lambda found: found[0],
        )
        best: Cost | None = None
        named = None
        for bound, days in ranked:
            if best is not None and bound >= best:
                break
            times = self.best_times(days)
            if times is not None and (best is None or self.vector(days, times) < best):
                best = self.vector(days, times)
                named = self.named(days, times, self.gaps(days))
        return named

    def named(self, days: tuple[date, ...], times: Cost, gaps: int) -> dict[str, tuple[int, ...]]:
        """Return the terms by name."""
        return {
            "phase_ends": self.phase_ends(days),
            "gap": (times[0], gaps),
            **{name: (n,) for name, n in zip(self.time_order, times[1:], strict=True)},
        }

    def vector(self, days: tuple[date, ...], times: Cost) -> Cost:
        """Return all terms as one tuple in the protocol's order."""
        named = self.named(days, times, self.gaps(days))
        order = [str(term) for term in self.tiny.protocol.objective.term_order]
        return sum((named[name] for name in (*order, WISH) if name != "unplaced"), ())

    @cached_property
    def time_order(self) -> list[str]:
        """The names of the terms of starts, the tie-break last."""
        return [*(str(t) for t in self.tiny.protocol.objective.term_order if t in TIMES), WISH]

    # ---- days -------------------------------------------------------------------------------

    @cached_property
    def calendar(self) -> list[date]:
        return sorted(d for d in self.tiny.world.days if d >= self.first_on)

    def day_sequences(self, count: int) -> Iterator[tuple[date, ...]]:
        """Yield every sequence of days that keeps the rules of days and weeks."""
        yield from self.longer((), count)

    def longer(self, days: tuple[date, ...], count: int) -> Iterator[tuple[date, ...]]:
        if len(days) == count:
            yield days
            return
        for day in self.calendar:
            if self.may_follow(days, day):
                yield from self.longer((*days, day), count)

    def may_follow(self, days: tuple[date, ...], day: date) -> bool:
        at = len(days)
        step, index, main = self.order[at]
        if day.weekday() not in step.days_allowed or not self.tiny.wishes.can_come(day):
            return False
        if not self.starts(at, day):
            return False
        if main is not None:
            window = step.window
            assert window is not None
            length = (day - days[main]).days
            return day > days[-1] and length <= window.hard_h // 24 + 2
        if days and not self.gap_holds(days, day):
            return False
        return self.week_holds(days, day, step, index)

    def gap_holds(self, days: tuple[date, ...], day: date) -> bool:
        step, index, _ = self.order[len(days)]
        gap = step.first_gap_days if index == 0 and step.first_gap_days else step.gap_days
        mains = [d for d, (_, _, m) in zip(days, self.order, strict=False) if m is None]
        if gap is not None and not gap.least <= (day - mains[-1]).days <= gap.most:
            return False
        if day > days[-1]:
            return True
        return day == days[-1] and index == 0 and gap is not None and gap.least == 0

    def week_holds(self, days: tuple[date, ...], day: date, step: Step, index: int) -> bool:
        week = self.week(day, step.anchor)
        waits = step.starts is Starts.NEXT_ANCHOR_WEEK and index == 0
        if waits and days and week <= self.week(days[-1], step.anchor):
            return False
        if step.anchor is Anchor.NONE:
            return True
        own = [d for d, (s, _, _) in zip(days, self.order, strict=False) if s.key == step.key]
        weeks = [self.week(d, step.anchor) for d in own]
        cap = self.days_a_week(step)
        pattern = pattern_of(step, self.tiny.wishes, self.first_on.weekday())
        if pattern is not None:
            cap = min(cap, len(self.wished(week, pattern)))
        every = self.tiny.wishes.every.get(step.key, step.every_weeks.default)
        skips = weeks and weeks[-1] != week and (week - weeks[-1]).days < 7 * every
        return weeks.count(week) < cap and not skips

    def days_a_week(self, step: Step) -> int:
        """Return on how many days of an anchor week the step may have visits."""
        return limit_of(step, self.tiny.wishes) or 7

    def week(self, day: date, anchor: Anchor) -> date:
        since = self.first_on.weekday() if anchor is Anchor.COURSE_WEEK else 0
        while day.weekday() != since:
            day -= timedelta(days=1)
        return day

    def wished(self, week: date, pattern: frozenset[int]) -> list[date]:
        ahead = [week + timedelta(days=at) for at in range(7)]
        return [d for d in ahead if d.weekday() in pattern and d >= self.first_on]

    def pattern(self, step: Step) -> frozenset[int] | None:
        """Return the weekdays wished for the step."""
        return pattern_of(step, self.tiny.wishes, self.first_on.weekday())

    def gaps(self, days: tuple[date, ...]) -> int:
        total, base = 0, None
        for day, (step, index, main) in zip(days, self.order, strict=False):
            if main is not None:
                continue
            gap = step.first_gap_days if index == 0 and step.first_gap_days else step.gap_days
            if base is None:
                total += (day - self.first_on).days
            elif gap is not None:
                total += max(0, (day - base).days - gap.ideal)
            base = day
        return total

    def phase_ends(self, days: tuple[date, ...]) -> tuple[int, ...]:
        found: list[int] = []
        placed = [(s, d) for d, (s, _, _) in zip(days, self.order, strict=False)]
        for phase in dict.fromkeys(s.phase for s, _, _ in self.order):
            mine = [(s, d) for s, d in placed if s.phase == phase]
            if not mine:
                continue
            step, last = mine[-1]
            pattern = pattern_of(step, self.tiny.wishes, self.first_on.weekday())
            if pattern is None:
                found.append((last - self.first_on).days)
                continue
            zero = self.week(self.first_on, step.anchor)
            weeks = [self.week(d, step.anchor) for _, d in mine]
            offs = [
                self.off([d for _, d in mine if self.week(d, step.anchor) == week], week, pattern)
                for week in sorted(set(weeks))
            ]
            found.append((weeks[-1] - zero).days // 7)
            found.append(sum((week - zero).days // 7 for week in weeks))
            found += map(sum, zip(*offs, strict=True))
        return tuple(found)

    def off(self, days: list[date], week: date, pattern: frozenset[int]) -> tuple[int, int, int]:
        wished = self.wished(week, pattern)
        strays = [d for d in days if d not in wished]
        empty = [d for d in wished if d not in days]
        ways = [list(zip(strays, way, strict=True)) for way in permutations(empty, len(strays))]
        return min(
            (len(strays), sum(a < b for a, b in way), sum(abs((a - b).days) for a, b in way))
            for way in ways
        )

    # ---- starts -----------------------------------------------------------------------------

    def best_times(self, days: tuple[date, ...]) -> Cost | None:
        """Return the least (late hours, time terms in the protocol's order) on these days."""
        layer: dict[tuple[tuple[int, ...], int | None], Cost] = {
            ((), self.tiny.world.continuity.get(self.pool or "")): NOTHING
        }
        for at, day in enumerate(days):
            after: dict[tuple[tuple[int, ...], int | None], Cost] = {}
            for (past, known), cost in layer.items():
                for (start, member), holes in self.starts(at, day).items():
                    late = self.late(at, days, past, start)
                    if late is None:
                        continue
                    extra = self.extra(past, start, known, member, holes)
                    total = tuple(a + b for a, b in zip(cost, (late, *extra), strict=True))
                    kept = known if member is None else member
                    key = (self.remembered(at, (*past, start)), kept)
                    if key not in after or total < after[key]:
                        after[key] = total
            layer = after
        return min(layer.values(), default=None)

    def remembered(self, at: int, past: tuple[int, ...]) -> tuple[int, ...]:
        """Return the starts so far with those that no later visit asks for blanked out."""
        asked = {main for _, _, main in self.order[at + 1 :]}
        return tuple(s if i in asked or i == at else -1 for i, s in enumerate(past))

    def late(
        self, at: int, days: tuple[date, ...], past: tuple[int, ...], start: int
    ) -> int | None:
        """Return hours after the soft limit; None where the start breaks a hard rule."""
        if at and days[at] == days[at - 1]:
            before = self.kind(at - 1)
            if start < past[-1] + self.length(at - 1) + -(-before.turnover_min // 5):
                return None
        step, _, main = self.order[at]
        if main is None or step.window is None:
            return 0
        cells = (days[at] - days[main]).days * 288 + start - past[main] - self.length(main)
        end = cells + self.length(at)
        if cells < step.window.min_h * HOUR or end > step.window.hard_h * HOUR:
            return None
        return max(0, -((step.window.soft_h * HOUR - end) // HOUR))

    def extra(
        self, past: tuple[int, ...], start: int, known: int | None, member: int | None, holes: int
    ) -> Cost:
        values = self.values(past, start, known, member, holes)
        return tuple(values[name] for name in self.time_order)

    def values(
        self, past: tuple[int, ...], start: int, known: int | None, member: int | None, holes: int
    ) -> dict[str, int]:
        """Return what a start adds to each time term."""
        wishes = self.tiny.wishes
        distance, tolerance = 0, 0
        if wishes.preferred_min is not None:
            assert wishes.tolerance_min is not None
            distance, tolerance = abs(start - wishes.preferred_min // 5), wishes.tolerance_min
        return {
            WISH: distance,
            "preferred_time": max(0, distance - tolerance // 5),
            "drift": abs(start - past[-1]) if past else 0,
            "changes": int(None not in (known, member) and known != member),
            "fragments": holes,
        }


TIMES = ("preferred_time", "drift", "changes", "fragments")
WISH = "wish"
"""What decides among equals: how far, in cells, all starts are from the wished hour."""
NOTHING = (0,) * (2 + len(TIMES))
"""The cost of no visit: hours after a soft window, the terms of starts, the tie-break."""
