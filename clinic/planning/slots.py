"""Slots: the visits of a course in time order, before they have a day."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from clinic.planning.blocks import Block, block_of
from clinic.planning.members import Need, needs_of
from clinic.planning.options import Shape, shape_of
from clinic.planning.wishes import Wishes
from clinic.planning.world import World, cells_of
from clinic.rules.protocols import Protocol
from clinic.rules.steps import Gap, Starts, Step, Window
from clinic.rules.visit_kinds import Mode, Place, VisitKind

Asked = tuple[Step, int, int | None]
OPEN_ENDED_VISITS = 6  # asked for when the protocol leaves the count open (facts, courses)


@dataclass(frozen=True, slots=True)
class Slot:
    """One visit to be placed, or a day's block of them. `index` counts the slots of its step.

    `main` is the slot whose end the window counts from; `limit` is in slots a week.
    """

    step: Step
    index: int
    is_last_of_step: bool
    phase: int
    is_last_of_phase: bool
    kind: VisitKind
    length: int
    turnover: int
    place: str
    shape: Shape
    gap: Gap | None
    limit: int | None
    every: int
    pattern: frozenset[int] | None
    window: Window | None
    main: int | None
    is_main_of_later: bool
    shares_day: bool
    block: Block

    @property
    def starts(self) -> Starts:
        """Return when the step may begin."""
        return self.step.starts

    @property
    def is_first_of_step(self) -> bool:
        """Say whether it is the first visit of its step."""
        return self.index == 0


def count_of(step: Step, wishes: Wishes) -> int:
    """Return how many visits of the step are wished."""
    if step.key in wishes.counts:
        return wishes.counts[step.key]
    if step.key in wishes.weeks:
        return visits_in(step, wishes, wishes.weeks[step.key])
    return OPEN_ENDED_VISITS if step.count.default is None else step.count.default


def visits_in(step: Step, wishes: Wishes, weeks: int) -> int:
    """Return how many visits of the step so many weeks hold: its weekly limit, or its ideal gap."""
    limit = limit_of(step, wishes)
    if limit is not None:
        return -(-weeks // every_of(step, wishes)) * limit
    ideal = 7 if step.gap_days is None else step.gap_days.ideal
    return max(1, weeks * 7 // ideal)


def every_of(step: Step, wishes: Wishes) -> int:
    """Return how many anchor weeks apart the weeks with visits are, the wished number if any."""
    return wishes.every.get(step.key, step.every_weeks.default)


def limit_of(step: Step, wishes: Wishes) -> int | None:
    """Return the visits per anchor week: the patient's if the step offers it, else the default."""
    if step.weekly_limit is None:
        return None
    if step.key in wishes.weekly:
        return wishes.weekly[step.key]
    if wishes.per_week in step.weekly_limit.options:
        return wishes.per_week
    return step.weekly_limit.default


def weekly_choices(protocol: Protocol) -> dict[str, tuple[int, ...]]:
    """Return by step the visits a week that may be chosen, of all steps where none has a choice.

    The first is the step for which a wish for visits a week is meant.
    """
    limits = {step.key: step.weekly_limit for step in protocol.steps if step.weekly_limit}
    choices = {key: one.options for key, one in limits.items() if len(one.options) > 1}
    return choices or {key: one.options for key, one in limits.items()}


def places_of(steps: Iterable[Step], kinds: Mapping[str, VisitKind]) -> tuple[Place, ...]:
    """Return where visits of these steps may be held: in a room, by video, by telephone."""
    used = {kind_key(step, index) for step in steps for index in (0, 1)}
    offered = {place for key in used for place in kinds[key].places}
    return tuple(place for place in Place if place in offered)


def days_a_week(step: Step, wishes: Wishes) -> int | None:
    """Return the days per anchor week on which the step has visits."""
    limit = limit_of(step, wishes)
    return None if limit is None else -(-limit // step.per_day.most)


def pattern_of(step: Step, wishes: Wishes, start_weekday: int) -> frozenset[int] | None:
    """Return the wished weekdays: the staff's, else those of the limit, else by the start."""
    limit = days_a_week(step, wishes)
    if limit is None:
        return None
    chosen = wishes.weekdays
    if chosen is not None and len(chosen) == limit and len(chosen) < len(step.days_allowed):
        return chosen
    days = step.pattern_days.get(limit) or step.pattern_by_start.get(start_weekday)
    if days is None:
        return None
    return frozenset(start_weekday if day is None else day for day in days)


def sequence(protocol: Protocol, wishes: Wishes) -> list[Asked]:
    """Return (step, index in the step, position of the linked visit) in time order."""
    found: list[Asked] = []
    seen: dict[str, int] = {}

    def add(step: Step, main: int | None) -> None:
        found.append((step, seen.get(step.key, 0), main))
        seen[step.key] = seen.get(step.key, 0) + 1

    for step in protocol.steps:
        if step.window is not None:
            continue
        total = count_of(step, wishes)
        for index in range(total):
            main = len(found)
            add(step, None)
            for linked in protocol.steps:
                for _ in range(_linked_count(linked, step, index, total, wishes)):
                    add(linked, main)
    return found


def heads_of(asked: list[Asked]) -> list[Asked]:
    """Return the first visits of each day's block; the linked positions count among these."""
    heads = [at for at, (step, index, _) in enumerate(asked) if index % step.per_day.most == 0]
    return [
        (step, index, None if main is None else heads.index(main))
        for step, index, main in (asked[at] for at in heads)
    ]


def _linked_count(linked: Step, step: Step, index: int, total: int, wishes: Wishes) -> int:
    """Return how many visits of `linked` follow the index-th visit of `step`."""
    window = linked.window
    if window is None or window.after != step.key:
        return 0
    count = count_of(linked, wishes)
    if window.nth is None:
        per_visit = linked.pairing.per_visit if linked.pairing else None
        return count * (per_visit or 1)
    return count if index == min(window.nth, total) - 1 else 0


def followed_pool(order: list[Asked], kinds: Mapping[str, VisitKind]) -> str | None:
    """Return the kind of resource or person whose changes count: the one most visits keep."""
    votes: dict[str, int] = {}
    for step, index, _ in order:
        rules = (*kinds[kind_key(step, index)].requirements, *step.add_requirements)
        for pool in {rule.pool for rule in rules if rule.continuity and rule.mode is Mode.SEAT}:
            votes[pool] = votes.get(pool, 0) + 1
    return max(sorted(votes), key=lambda pool: votes[pool]) if votes else None


def kind_key(step: Step, index: int) -> str:
    """Return the visit kind of the index-th visit of the step."""
    first = step.first_visit
    return first.visit_kind if first is not None and index == 0 else step.visit_kind


def length_cells(step: Step, index: int, kind: VisitKind, wishes: Wishes) -> int:
    """Return the length of the index-th visit of the step in cells."""
    first = step.first_visit
    if first is not None and index == 0:
        return cells_of(first.length_min or kind.default_length_min)
    return cells_of(wishes.lengths.get(step.key) or step.length_min or kind.default_length_min)


def slots_of(
    protocol: Protocol,
    kinds: Mapping[str, VisitKind],
    world: World,
    wishes: Wishes,
    start_weekday: int,
) -> tuple[Slot, ...]:
    """Return what is to be placed, in time order: visits, and blocks of several a day as one."""
    asked = sequence(protocol, wishes)
    order = heads_of(asked)
    fitted = _fitted(protocol, kinds, world, wishes, order)
    phases = list(dict.fromkeys(step.phase for step, _, _ in order))
    totals = Counter(step.key for step, _, _ in asked)
    found: list[Slot] = []
    for at, (step, index, main) in enumerate(order):
        kind, length, place, shape = fitted[at]
        found.append(
            Slot(
                step=step,
                index=index // step.per_day.most,
                is_last_of_step=False,
                phase=phases.index(step.phase),
                is_last_of_phase=False,
                kind=kind,
                length=length,
                turnover=cells_of(kind.turnover_min),
                place=place,
                shape=shape,
                gap=None if main is not None else _gap(step, index),
                limit=days_a_week(step, wishes),
                every=every_of(step, wishes),
                pattern=pattern_of(step, wishes, start_weekday),
                window=step.window,
                main=main,
                is_main_of_later=False,
                shares_day=_shares_day(found, _gap(step, index), index, main),
                block=block_of(step, index, totals[step.key], length),
            )
        )
    return ended(found)


def _gap(step: Step, index: int) -> Gap | None:
    return step.first_gap_days if index == 0 and step.first_gap_days else step.gap_days


def _fitted(
    protocol: Protocol,
    kinds: Mapping[str, VisitKind],
    world: World,
    wishes: Wishes,
    order: list[Asked],
) -> list[tuple[VisitKind, int, str, Shape]]:
    """Return kind, length, place and shape of every visit; visits that are alike share a shape."""
    pool = followed_pool(order, kinds)
    shapes: dict[tuple[str, str, int], Shape] = {}
    found: list[tuple[VisitKind, int, str, Shape]] = []
    for step, index, _ in order:
        kind = kinds[kind_key(step, index)]
        length = length_cells(step, index, kind, wishes)
        place = wishes.place if wishes.place in kind.places else kind.places[0]
        key = (kind.key, step.key, length)
        if key not in shapes:
            needs = _needs(protocol, step, kind, length, world, place)
            shapes[key] = shape_of(needs, length, pool)
        found.append((kind, length, place, shapes[key]))
    return found


def _needs(
    protocol: Protocol, step: Step, kind: VisitKind, length: int, world: World, place: str
) -> tuple[Need, ...]:
    """Return what a visit of the step needs, the protocol's tags and the step's additions too."""
    return needs_of(
        kind,
        length,
        world,
        device_tags=protocol.device_tags,
        place=place,
        added=step.add_requirements,
    )


def _shares_day(found: list[Slot], gap: Gap | None, index: int, main: int | None) -> bool:
    """Say whether the visit may lie on the day of the one before: only a gap of 0 allows it."""
    if not found or main is not None or index or gap is None or gap.least:
        return False
    return not found[-1].shares_day and found[-1].main is None


def first_numbers(slots: Sequence[Slot]) -> list[int]:
    """Return the number in the course, from 1, of the first visit of each slot."""
    return list(accumulate((slot.block.visits for slot in slots[:-1]), initial=1))


def truncated(slots: Sequence[Slot], count: int) -> tuple[Slot, ...]:
    """Return the first `count` slots as a course of their own."""
    return ended(slots[:count])


def ended(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Return the slots, told which of them end a step or a phase, and which later ones wait for."""
    return tuple(
        replace(
            slot,
            is_last_of_step=not any(o.step.key == slot.step.key for o in slots[at + 1 :]),
            is_last_of_phase=not any(o.phase == slot.phase for o in slots[at + 1 :]),
            is_main_of_later=any(o.main == at for o in slots),
        )
        for at, slot in enumerate(slots)
    )
