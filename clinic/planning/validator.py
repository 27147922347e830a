"""The validator: recounts every rule and every term of a plan without the planner's machinery.

It works on dates and single cells, not on bitsets or layers, so that an error of the planner is
not repeated here. Only the reading of the protocol (order of visits, limits, patterns) is shared.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from clinic.planning.courses import Plan, first_day
from clinic.planning.recount import recounted_terms
from clinic.planning.slots import every_of, kind_key, length_cells, limit_of, pattern_of, sequence
from clinic.planning.visits import Hold, PlannedVisit
from clinic.planning.wishes import Wishes
from clinic.planning.world import Resource, World, cells_of
from clinic.rules.protocols import Protocol
from clinic.rules.setups import ATTACHMENTS
from clinic.rules.steps import Anchor, Starts, Step
from clinic.rules.visit_kinds import GroupRule, Mode, Requirement, VisitKind
from clinic.rules.wall_days import CELL_MIN, WHOLE_DAY

DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule a plan breaks: its code, the number of the visit from 1, what was found."""

    code: str
    visit: int = 0
    found: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A visit of the plan beside what the protocol asks of it."""

    number: int
    step: Step
    index: int
    main: int | None
    visit: PlannedVisit
    kind: VisitKind


def check_plan(
    plan: Plan,
    protocol: Protocol,
    kinds: Mapping[str, VisitKind],
    world: World,
    wishes: Wishes,
) -> list[Broken]:
    """Return every rule the plan breaks and every term it states wrongly; empty when sound."""
    order = sequence(protocol, wishes)
    items = [
        Item(number, step, index, main, visit, kinds[kind_key(step, index)])
        for number, ((step, index, main), visit) in enumerate(
            zip(order, plan.visits, strict=False), start=1
        )
    ]
    first_on = first_day(protocol, wishes)
    found = list(_shape_faults(items, protocol, wishes))
    found += _day_faults(items, wishes, first_on)
    found += _block_faults(items)
    found += _gap_faults(items)
    found += _week_faults(items, wishes, first_on)
    found += _window_faults(items)
    found += _patient_faults(items, world, wishes)
    found += _need_faults(items, protocol, world)
    found += _capacity_faults(items, world)
    if plan.unplaced != len(order) - len(plan.visits):
        found.append(Broken("unplaced", 0, str(plan.unplaced)))
    terms = recounted_terms(plan.visits, protocol, kinds, world, wishes)
    stated = {term.name: term.value for term in plan.terms}
    found += [
        Broken("term", 0, f"{name} {stated.get(name)} recounted {value}")
        for name, value in terms.items()
        if stated.get(name) != value
    ]
    return found


def _shape_faults(items: Sequence[Item], protocol: Protocol, wishes: Wishes) -> Iterator[Broken]:
    for item in items:
        visit = item.visit
        if (visit.step_key, visit.phase) != (item.step.key, item.step.phase):
            yield Broken("step", item.number, visit.step_key)
        if visit.kind_key != item.kind.key:
            yield Broken("kind", item.number, visit.kind_key)
        if visit.length_cells != length_cells(item.step, item.index, item.kind, wishes):
            yield Broken("length", item.number, str(visit.length_cells))
        if visit.place not in item.kind.places:
            yield Broken("place", item.number, visit.place)


def _day_faults(items: Sequence[Item], wishes: Wishes, first_on: date) -> Iterator[Broken]:
    for before, item in zip([None, *items], items, strict=False):
        on = item.visit.on
        if on.weekday() not in item.step.days_allowed or not wishes.can_come(on):
            yield Broken("day_not_allowed", item.number, str(on))
        if on < first_on:
            yield Broken("before_start", item.number, str(on))
        if before is None:
            continue
        same_day = _may_share_day(item)
        if on < before.visit.on or (on == before.visit.on and not same_day):
            yield Broken("order", item.number, str(on))
        elif on == before.visit.on and item.visit.start_cell < before.visit.end_cell:
            yield Broken("order", item.number, str(item.visit.start_cell))


def _may_share_day(item: Item) -> bool:
    least = item.step.first_gap_days or item.step.gap_days
    begins = item.main is None and item.index == 0 and least is not None and not least.least
    return begins or not is_head(item)


def is_head(item: Item) -> bool:
    """Say whether a visit is the first of its day, where a step has several a day."""
    return item.index % item.step.per_day.most == 0


def _block_faults(items: Sequence[Item]) -> Iterator[Broken]:
    for before, item in itertools.pairwise(items):
        if is_head(item):
            continue
        rule = item.step.per_day
        least = (rule.session_min or 0) + (rule.end_to_start_min or 0)
        apart = (item.visit.start_cell - before.visit.start_cell) * CELL_MIN
        if item.visit.on != before.visit.on or apart < least:
            yield Broken("block", item.number, f"{item.visit.on} {apart}")


def _gap_faults(items: Sequence[Item]) -> Iterator[Broken]:
    mains = [item for item in items if item.main is None and is_head(item)]
    for before, item in itertools.pairwise(mains):
        gap = item.step.gap_days
        if item.index == 0 and item.step.first_gap_days is not None:
            gap = item.step.first_gap_days
        days = (item.visit.on - before.visit.on).days
        if gap is not None and not gap.least <= days <= gap.most:
            yield Broken("gap", item.number, str(days))


def anchor_week(on: date, anchor: Anchor, first_on: date) -> date:
    """Return the first day of the anchor week of a date."""
    since = first_on.weekday() if anchor is Anchor.COURSE_WEEK else 0
    return on - timedelta(days=(on.weekday() - since) % 7)


def _week_faults(items: Sequence[Item], wishes: Wishes, first_on: date) -> Iterator[Broken]:
    counts: Counter[tuple[str, date]] = Counter()
    last: dict[str, date] = {}
    before: Item | None = None
    for item in items:
        step, on = item.step, item.visit.on
        week = anchor_week(on, step.anchor, first_on)
        waits = step.starts is Starts.NEXT_ANCHOR_WEEK and item.index == 0
        if waits and before and week <= anchor_week(before.visit.on, step.anchor, first_on):
            yield Broken("week_start", item.number, str(on))
        before = item
        if step.anchor is Anchor.NONE:
            continue
        counts[step.key, week] += 1
        limit = limit_of(step, wishes)
        pattern = pattern_of(step, wishes, first_on.weekday())
        if pattern is not None and limit is not None:
            ahead = [week + timedelta(days=at) for at in range(7)]
            wished = sum(d >= first_on and d.weekday() in pattern for d in ahead)
            limit = min(limit, wished * step.per_day.most)
        if limit is not None and counts[step.key, week] > limit:
            yield Broken("weekly_limit", item.number, str(week))
        known = last.setdefault(step.key, week)
        if known != week and (week - known).days < 7 * every_of(step, wishes):
            yield Broken("every_weeks", item.number, str(week))
        last[step.key] = week


def _window_faults(items: Sequence[Item]) -> Iterator[Broken]:
    for item in items:
        window = item.step.window
        if window is None or item.main is None:
            continue
        start, end = minutes_after(items[item.main].visit, item.visit)
        if start < window.min_h * 60 or end > window.hard_h * 60:
            yield Broken("window", item.number, f"{start} {end}")


def minutes_after(main: PlannedVisit, visit: PlannedVisit) -> tuple[int, int]:
    """Return the minutes from the end of one visit to the start and the end of another."""
    days = (visit.on - main.on).days * DAY_MIN
    start = days + (visit.start_cell - main.end_cell) * CELL_MIN
    return start, start + visit.length_cells * CELL_MIN


def _patient_faults(items: Sequence[Item], world: World, wishes: Wishes) -> Iterator[Broken]:
    for item in items:
        visit = item.visit
        free = world.patient_free.get(visit.on, WHOLE_DAY)
        if any(not free >> cell & 1 for cell in range(visit.start_cell, visit.end_cell)):
            yield Broken("patient_busy", item.number, str(visit.start_cell))
        if wishes.window is not None:
            low, high = wishes.window
            if visit.start_cell * CELL_MIN < low or visit.end_cell * CELL_MIN > high:
                yield Broken("outside_window", item.number, str(visit.start_cell))


def _need_faults(items: Sequence[Item], protocol: Protocol, world: World) -> Iterator[Broken]:
    for item in items:
        rules = [
            rule
            for rule in (*item.kind.requirements, *item.step.add_requirements)
            if item.visit.place in rule.places and world.is_on(rule.switch, otherwise=True)
        ]
        known = {rule.id for rule in rules if rule.mode is Mode.SEAT}
        if {hold.requirement for hold in item.visit.holds} != known:
            yield Broken("requirements", item.number, str(sorted(known)))
        for rule in rules:
            if rule.mode is Mode.ON_SITE:
                if not _has_cover(rule, item.visit, world):
                    yield Broken("cover", item.number, rule.id)
            else:
                yield from _held(rule, item, protocol, world)
        yield from _distinct(rules, item)


def _has_cover(rule: Requirement, visit: PlannedVisit, world: World) -> bool:
    low, high = span_of(rule, visit)
    return any(
        rule.qualification in world.resources[key].qualifications
        and day.may_serve(rule.qualification)
        and all(day.open >> cell & 1 for cell in range(low, high))
        for key, day in world.days[visit.on].items()
    )


def span_of(rule: Requirement, visit: PlannedVisit) -> tuple[int, int]:
    """Return the first cell and the cell after the last in which a requirement is held."""
    low = visit.start_cell + cells_of(rule.offset_min)
    high = visit.end_cell - cells_of(rule.trim_end_min)
    return low, high if rule.length_min is None else min(high, low + cells_of(rule.length_min))


def _held(rule: Requirement, item: Item, protocol: Protocol, world: World) -> Iterator[Broken]:
    visit = item.visit
    holds = [hold for hold in visit.holds if hold.requirement == rule.id]
    tags = rule.tags | protocol.device_tags if rule.tags_from_protocol else rule.tags
    members = [world.resources[key] for key in {hold.resource_id for hold in holds}]
    carried = frozenset[str]().union(*(member.tags for member in members))
    heads = [member for member in members if member.kind not in ATTACHMENTS]
    day = world.days[visit.on]
    still = all(day[member.id].may_serve(rule.qualification) for member in members)
    if len(heads) != 1 or not _is_fit(rule, heads[0]) or not tags <= carried or not still:
        yield Broken("member", item.number, rule.id)
    low, high = span_of(rule, visit)
    turnover = cells_of(item.kind.turnover_min) if rule.resource_kind else 0
    for member in members:
        mine = [hold for hold in holds if hold.resource_id == member.id]
        cells = sorted(cell for h in mine for cell in range(h.from_cell, h.to_cell))
        if cells != list(range(low, high + turnover)):
            yield Broken("span", item.number, rule.id)
        for cell in range(low, high):
            seats = _seats_needed(rule, member.seats, cell - low, world)
            if _seats_held(rule, item, member.id, cell) < seats:
                yield Broken("seats", item.number, rule.id)
                break


def _is_fit(rule: Requirement, one: Resource) -> bool:
    qualified = rule.qualification is None or rule.qualification in one.qualifications
    return one.kind == rule.resource_kind and qualified


def _seats_needed(rule: Requirement, seats: int, at: int, world: World) -> int:
    first = rule.seats_first
    wanted = rule.seats
    if first is not None and world.is_on(first.switch, otherwise=False):
        wanted = first.seats if at < cells_of(first.minutes) else wanted
    return seats if wanted is None else wanted


def _seats_held(rule: Requirement, item: Item, resource_id: int, cell: int) -> int:
    """Return the seats a requirement has: its own, and those it may share in its group."""
    group = rule.group
    sharing = {rule.id}
    if group is not None and group.rule is GroupRule.MAY_COINCIDE:
        rules = (*item.kind.requirements, *item.step.add_requirements)
        sharing |= {other.id for other in rules if other.group == group}
    return sum(
        hold.seats
        for hold in item.visit.holds
        if hold.resource_id == resource_id
        and hold.requirement in sharing
        and hold.from_cell <= cell < hold.to_cell
    )


def _distinct(rules: Sequence[Requirement], item: Item) -> Iterator[Broken]:
    used: dict[str, set[int]] = {}
    for rule in rules:
        if rule.group is None or rule.group.rule is not GroupRule.DISTINCT:
            continue
        mine = {hold.resource_id for hold in item.visit.holds if hold.requirement == rule.id}
        if mine & used.setdefault(rule.group.name, set()):
            yield Broken("distinct", item.number, rule.id)
        used[rule.group.name] |= mine


def _capacity_faults(items: Sequence[Item], world: World) -> Iterator[Broken]:
    taken: Counter[tuple[date, int, int]] = Counter()
    for item in items:
        visit = item.visit
        for hold in visit.holds:
            day = world.days[visit.on][hold.resource_id]
            yield from _closed_cells(item, hold, day.open)
            for cell in range(hold.from_cell, hold.to_cell):
                taken[visit.on, hold.resource_id, cell] += hold.seats
                free = sum(mask >> cell & 1 for mask in day.free)
                if taken[visit.on, hold.resource_id, cell] > free:
                    yield Broken("seat_taken", item.number, f"{hold.resource_id}/{cell}")


def _closed_cells(item: Item, hold: Hold, opened: int) -> Iterator[Broken]:
    """Turnover after the visit need not be open, only free."""
    for cell in range(hold.from_cell, min(hold.to_cell, item.visit.end_cell)):
        if not opened >> cell & 1:
            yield Broken("closed", item.number, f"{hold.resource_id}/{cell}")
            return
