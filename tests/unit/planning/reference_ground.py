"""What a visit may start with, worked out cell by cell: the other half of the second method."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product

from clinic.planning.slots import (
    followed_pool,
    kind_key,
    length_cells,
    sequence,
)
from clinic.rules.visit_kinds import GroupRule, Mode, Requirement, VisitKind
from tests.unit.planning.clinics import Tiny

Cost = tuple[int, ...]
HOUR = 12


class Ground:
    """The resources of a tiny question and the ways in which a visit may use them."""

    def __init__(self, tiny: Tiny) -> None:
        self.tiny = tiny
        self.order = sequence(tiny.protocol, tiny.wishes)
        self.pool = followed_pool(self.order, tiny.kinds)
        self.cache: dict[tuple[str, str, int, date], dict[tuple[int, int | None], int]] = {}

    def kind(self, at: int) -> VisitKind:
        step, index, _ = self.order[at]
        return self.tiny.kinds[kind_key(step, index)]

    def length(self, at: int) -> int:
        step, index, _ = self.order[at]
        return length_cells(step, index, self.kind(at), self.tiny.wishes)

    def starts(self, at: int, day: date) -> Mapping[tuple[int, int | None], int]:
        """Return the fewest short holes by (start, followed member)."""
        key = (self.kind(at).key, self.order[at][0].key, self.length(at), day)
        if key not in self.cache:
            self.cache[key] = self.work_out(at, day)
        return self.cache[key]

    def work_out(self, at: int, day: date) -> dict[tuple[int, int | None], int]:
        found: dict[tuple[int, int | None], int] = {}
        kind, length = self.kind(at), self.length(at)
        for start in range(288 - length + 1):
            if self.patient_free(day, start, length):
                for member, holes in self.ways(at, kind, day, start, length):
                    known = found.get((start, member))
                    if known is None or holes < known:
                        found[start, member] = holes
        return found

    def patient_free(self, day: date, start: int, length: int) -> bool:
        window = self.tiny.wishes.window
        if window is not None and (start * 5 < window[0] or (start + length) * 5 > window[1]):
            return False
        free = self.tiny.world.patient_free.get(day)
        return free is None or all(free >> c & 1 for c in range(start, start + length))

    def ways(
        self, at: int, kind: VisitKind, day: date, start: int, length: int
    ) -> Iterator[tuple[int | None, int]]:
        place = "room" if "room" in kind.places else kind.places[0]
        switches = self.tiny.world.switches
        rules = [
            rule
            for rule in (*kind.requirements, *self.order[at][0].add_requirements)
            if place in rule.places and (rule.switch is None or switches.get(rule.switch, True))
        ]
        followed = next(
            (i for i, r in enumerate(rules) if r.continuity and r.pool == self.pool), None
        )
        holed = next((i for i, r in enumerate(rules) if r.resource_kind), None)
        turnover = -(-kind.turnover_min // 5)
        choices = [
            [m for m in self.members(r) if self.alone(r, m, day, start, length, turnover)]
            for r in rules
        ]
        for way in product(*choices):
            if self.together(rules, way, day, start, length, turnover):
                member = None if followed is None else way[followed][0]
                holes = 0
                if holed is not None:
                    holes = self.holes(rules[holed], way[holed][0], day, start, length, turnover)
                yield member, holes

    def members(self, rule: Requirement) -> list[tuple[int, ...]]:
        resources = self.tiny.world.resources
        if rule.qualification is not None:
            return [(k,) for k, r in resources.items() if rule.qualification in r.qualifications]
        tags = rule.tags | (self.tiny.protocol.device_tags if rule.tags_from_protocol else set())
        found: list[tuple[int, ...]] = []
        for key, one in resources.items():
            if one.kind != rule.resource_kind:
                continue
            if tags <= one.tags:
                found.append((key,))
                continue
            for coil in resources.values():
                if key in coil.fits and tags <= one.tags | coil.tags:
                    found.append((key, coil.id))
        return found

    def demand(
        self, rule: Requirement, seats_of_member: int, start: int, length: int
    ) -> dict[int, int]:
        """Return the seats needed by cell, turnover left out."""
        low = start + rule.offset_min // 5
        high = start + length - rule.trim_end_min // 5
        if rule.length_min is not None:
            high = min(high, low + rule.length_min // 5)
        found = {}
        first = rule.seats_first
        strict = first is not None and self.tiny.world.switches.get(first.switch, False)
        for cell in range(low, high):
            seats = rule.seats
            if first is not None and strict and cell - low < first.minutes // 5:
                seats = first.seats
            found[cell] = seats_of_member if seats is None else seats
        return found

    def alone(
        self,
        rule: Requirement,
        member: tuple[int, ...],
        day: date,
        start: int,
        length: int,
        turnover: int,
    ) -> bool:
        for key in member:
            one = self.tiny.world.days[day].get(key)
            if one is None:
                return False
            wanted = self.demand(rule, self.tiny.world.resources[key].seats, start, length)
            if any(not one.open >> cell & 1 for cell in wanted):
                return False
            if rule.mode is Mode.ON_SITE:
                continue
            after = {max(wanted) + 1 + i: max(wanted.values()) for i in range(turnover)}
            for cell, seats in (wanted | (after if rule.resource_kind else {})).items():
                if sum(mask >> cell & 1 for mask in one.free) < seats:
                    return False
        return True

    def together(
        self,
        rules: list[Requirement],
        way: tuple[tuple[int, ...], ...],
        day: date,
        start: int,
        length: int,
        turnover: int,
    ) -> bool:
        """Say whether resources that serve several requirements have the seats for them."""
        users: dict[int, list[Requirement]] = {}
        for rule, member in zip(rules, way, strict=True):
            if rule.mode is Mode.SEAT:
                for key in member:
                    users.setdefault(key, []).append(rule)
        return all(
            self.serves_all(key, mine, day, start, length)
            for key, mine in users.items()
            if len(mine) > 1
        )

    def serves_all(
        self, key: int, mine: list[Requirement], day: date, start: int, length: int
    ) -> bool:
        groups = [rule.group for rule in mine]
        apart = [g.name for g in groups if g is not None and g.rule is GroupRule.DISTINCT]
        if len(set(apart)) < len(apart):
            return False
        shared = groups[0] is not None and all(g == groups[0] for g in groups)
        wanted: dict[int, int] = {}
        for rule in mine:
            seats_of_member = self.tiny.world.resources[key].seats
            for cell, seats in self.demand(rule, seats_of_member, start, length).items():
                old = wanted.get(cell, 0)
                wanted[cell] = max(old, seats) if shared else old + seats
        free = self.tiny.world.days[day][key].free
        return all(sum(m >> c & 1 for m in free) >= seats for c, seats in wanted.items())

    def holes(
        self, rule: Requirement, key: int, day: date, start: int, length: int, turnover: int
    ) -> int:
        wanted = self.demand(rule, self.tiny.world.resources[key].seats, start, length)
        one = self.tiny.world.days[day][key]
        usable = one.open & one.free[max(wanted.values()) - 1]
        low, high = min(wanted), max(wanted) + 1 + turnover
        before = after = 0
        while low - before > 0 and usable >> (low - before - 1) & 1:
            before += 1
        while usable >> (high + after) & 1:
            after += 1
        return (0 < before < 4) + (0 < after < 4)
