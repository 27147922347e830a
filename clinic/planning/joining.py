"""Joining: whether one more visit fits into a course as it stands, by the planner's own rules.

A visit that is booked, made up or moved alone is held against the visits before it as the planner
would, and the visits after it are held against it. Gaps above the ideal or the maximum and the
order of phases are left to plan and repair: here only what a single booking may never break.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from clinic.planning.blocks import block_of
from clinic.planning.courses import first_day
from clinic.planning.questions import Instant
from clinic.planning.reasons import Place, course_reasons
from clinic.planning.refusals import Code
from clinic.planning.slots import Slot, kind_key, length_cells, slots_of
from clinic.planning.visits import PlannedVisit
from clinic.planning.weeks import WEEK
from clinic.planning.wishes import Wishes
from clinic.planning.world import World
from clinic.rules.protocols import Protocol
from clinic.rules.steps import Step
from clinic.rules.visit_kinds import Place as PlaceKind
from clinic.rules.visit_kinds import VisitKind
from clinic.rules.wall_days import CELL_MIN

NEVER = (Code.DAY_NOT_ALLOWED, Code.PER_DAY_LIMIT, Code.GAP_BELOW_MINIMUM, Code.WEEKLY_LIMIT)
"""What a single booking may not break, the plainest first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A visit of a course: where it lies and of which step it is; `key` is the caller's own."""

    key: int
    step_key: str
    kind_key: str
    on: date
    start_cell: int
    length_cells: int

    @property
    def end_cell(self) -> int:
        """Return the cell after its last one."""
        return self.start_cell + self.length_cells


@dataclass(frozen=True, slots=True)
class Clash:
    """A rule of the protocol that a visit breaks, and the visit it breaks it with, if it is one.

    `is_grantable`: the protocol allows a further session that day, when somebody says so.
    """

    code: Code
    other: int | None = None
    is_grantable: bool = False


@dataclass(frozen=True, slots=True)
class Unbooked:
    """A prescribed session that has no date: its step, kind and length."""

    step: Step
    kind_key: str
    length_min: int


@dataclass(frozen=True, slots=True)
class Joining:
    """A course as it stands, to be asked whether a visit fits in; made by `joining`.

    `wishes` carry the start of the course and what was wished of limits and lengths. `slots` are
    those of each step's first visit and of a later one, by (step, is first).
    """

    protocol: Protocol
    kinds: Mapping[str, VisitKind]
    wishes: Wishes
    standing: tuple[Standing, ...]
    first_on: date
    slots: Mapping[tuple[str, bool], Slot]

    def step(self, key: str) -> Step | None:
        """Return a step of the protocol; None for one it does not have."""
        return next((step for step in self.protocol.steps if step.key == key), None)

    def clashes(self, visit: Standing) -> tuple[Clash, ...]:
        """Return what the visit would break, the plainest first; empty when it fits."""
        step = self.step(visit.step_key)
        if step is None:
            return ()
        same = [one for one in self.standing if (one.on, one.step_key) == (visit.on, step.key)]
        if step.per_day.most > 1 and same:
            return _of_day(step, same, visit)
        known = _one_a_day([one for one in self.standing if (one.step_key, True) in self.slots])
        line = _line([*known, visit], self.slots)
        at = next(n for n, (_, one) in enumerate(line) if one is visit)
        found = [*self._own(line, at), *self._later(_line(known, self.slots), line, at)]
        first = {clash.code: clash for clash in reversed(found)}
        return tuple(first[code] for code in NEVER if code in first)

    def next_session(self, counts: Mapping[str, int]) -> Unbooked | None:
        """Return the first prescribed session that has no date; None when all have one."""
        held = Counter(one.step_key for one in self.standing)
        for step in self.protocol.steps:
            if held[step.key] < counts.get(step.key, 0):
                index = self._missing_index(step, held[step.key])
                key = kind_key(step, index)
                cells = length_cells(step, index, self.kinds[key], self.wishes)
                return Unbooked(step, key, cells * CELL_MIN)
        return None

    def _missing_index(self, step: Step, held: int) -> int:
        """Return 0 when the first visit of the step is what is missing, where it is another."""
        if step.first_visit is None:
            return held
        mine = {one.kind_key for one in self.standing if one.step_key == step.key}
        return max(held, 1) if step.first_visit.visit_kind in mine else 0

    def _own(self, line: "Line", at: int) -> list[Clash]:
        """Return what the visit breaks with those before it."""
        others = {
            Code.PER_DAY_LIMIT: line[at - 1][1].key if at else None,
            Code.GAP_BELOW_MINIMUM: _last_main(line[:at]),
            Code.WEEKLY_LIMIT: _last_of_step(line[:at], line[at][1].step_key),
        }
        return [Clash(code, others.get(code)) for code in self._codes(line, at)]

    def _later(self, before: "Line", line: "Line", at: int) -> list[Clash]:
        """Return what those after the visit would break with it, and do not break already."""
        found: list[Clash] = []
        for n in range(at + 1, len(line)):
            one = line[n][1]
            if (one.on - line[at][1].on).days > WEEK and n > at + 2:
                break
            known = self._codes(before, n - 1)
            found += [Clash(c, one.key) for c in self._codes(line, n) if c not in known]
        return [clash for clash in found if clash.code != Code.DAY_NOT_ALLOWED]

    def _codes(self, line: "Line", at: int) -> list[Code]:
        """Return the codes of the rules that one visit of a line breaks with those before it."""
        before = [_planned(one) for _, one in line[:at]]
        place = Place([slot for slot, _ in line[: at + 1]], before, self.first_on)
        one = line[at][1]
        reasons = course_reasons(place, Instant(one.on, one.start_cell))
        return [reason.code for reason in reasons if reason.code in NEVER]


Line = Sequence[tuple[Slot, Standing]]


def _twice(protocol: Protocol) -> dict[str, int]:
    """Return counts that give every step a first slot and a later one."""
    return {step.key: 2 * step.per_day.most for step in protocol.steps}


def joining(
    protocol: Protocol,
    kinds: Mapping[str, VisitKind],
    wishes: Wishes,
    standing: Sequence[Standing],
) -> Joining:
    """Return a course as it stands, ready to be asked."""
    first_on = min([first_day(protocol, wishes), *(one.on for one in standing)])
    twice = replace(wishes, counts=_twice(protocol))
    slots = slots_of(protocol, kinds, World({}, {}), twice, first_on.weekday())
    return Joining(
        protocol=protocol,
        kinds=kinds,
        wishes=wishes,
        standing=tuple(standing),
        first_on=first_on,
        slots={(slot.step.key, slot.is_first_of_step): slot for slot in slots},
    )


def _line(visits: Sequence[Standing], slots: Mapping[tuple[str, bool], Slot]) -> Line:
    """Return visits in time order, each with the slot of the protocol that it fills."""
    ordered = sorted(visits, key=lambda one: (one.on, one.start_cell))
    found: list[tuple[Slot, Standing]] = []
    seen: set[str] = set()
    for one in ordered:
        slot = slots[one.step_key, one.step_key not in seen]
        seen.add(one.step_key)
        found.append((_linked(slot, found), one))
    return found


def _linked(slot: Slot, before: Line) -> Slot:
    """Return the slot linked to the last visit of the step it follows, or to none."""
    if slot.window is None:
        return slot
    after = slot.window.after
    mains = [n for n, (_, one) in enumerate(before) if one.step_key == after]
    return replace(slot, main=mains[-1]) if mains else replace(slot, main=None, window=None)


def _planned(one: Standing) -> PlannedVisit:
    return PlannedVisit(
        step_key=one.step_key,
        phase="",
        kind_key=one.kind_key,
        on=one.on,
        start_cell=one.start_cell,
        length_cells=one.length_cells,
        place=PlaceKind.ROOM,
        holds=(),
    )


def _last_main(line: Line) -> int | None:
    return next((one.key for slot, one in reversed(line) if slot.main is None), None)


def _last_of_step(line: Line, step_key: str) -> int | None:
    return next((one.key for _, one in reversed(line) if one.step_key == step_key), None)


def _one_a_day(visits: Sequence[Standing]) -> list[Standing]:
    """Return the first visit of a step on each day: several a day stand for one block of a plan."""
    ordered = sorted(visits, key=lambda one: (one.on, one.start_cell))
    firsts = {(one.on, one.step_key): one for one in reversed(ordered)}
    return [one for one in ordered if firsts[one.on, one.step_key] is one]


def _of_day(step: Step, same: Sequence[Standing], visit: Standing) -> tuple[Clash, ...]:
    """Return what one more session breaks on a day that has some of its step already."""
    nearest = min(same, key=lambda one: abs(one.start_cell - visit.start_cell))
    if len(same) >= step.per_day.most:
        return (Clash(Code.PER_DAY_LIMIT, nearest.key),)
    apart = block_of(step, 0, step.per_day.most, visit.length_cells).apart
    if abs(nearest.start_cell - visit.start_cell) < apart:
        return (Clash(Code.GAP_BELOW_MINIMUM, nearest.key),)
    return (Clash(Code.PER_DAY_LIMIT, nearest.key, is_grantable=True),)
