"""Why not then: every coded reason why a visit of a course cannot start at one instant."""

from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from clinic.planning.bitsets import span
from clinic.planning.blocks import block_options
from clinic.planning.courses import Plan, first_day, plan_course
from clinic.planning.explain import need_reason, refusal_reasons
from clinic.planning.grid import CELLS_AN_HOUR
from clinic.planning.options import day_options
from clinic.planning.questions import Instant, Question, tolerance_of
from clinic.planning.refusals import Code, Reason
from clinic.planning.slots import Slot, first_numbers, slots_of
from clinic.planning.visits import PlannedVisit, choose, holds_of
from clinic.planning.weeks import WEEK, pattern_mask, week_of, week_start
from clinic.planning.wishes import Wishes, patient_starts
from clinic.planning.world import World
from clinic.rules.protocols import Protocol
from clinic.rules.steps import Anchor, Starts
from clinic.rules.visit_kinds import VisitKind
from clinic.rules.wall_days import CELL_MIN, CELLS_A_DAY


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Which visit of the course was asked for at an instant, and every reason against it.

    Without reasons it can be held then: `visit` is the visit with every resource named. `number`
    is that of the visit in the course from 1, 0 where nothing of it can be planned.
    """

    at: Instant
    step_key: str
    number: int
    reasons: tuple[Reason, ...]
    visit: PlannedVisit | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit stands in its course: the slots and visits before it, and day 0."""

    slots: Sequence[Slot]
    before: Sequence[PlannedVisit]
    first_on: date

    @property
    def slot(self) -> Slot:
        """Return the slot of the visit itself."""
        return self.slots[len(self.before)]

    def day(self, on: date) -> int:
        """Return the day of the course of a date."""
        return (on - self.first_on).days

    def week(self, on: date) -> int:
        """Return the anchor week of a date for the visit's own step."""
        return week_of(self.day(on), self.slot.step.anchor, self.first_on.weekday())


def why_not(
    protocol: Protocol,
    kinds: Mapping[str, VisitKind],
    world: World,
    wishes: Wishes,
    *,
    at: Instant,
    visit: int | None = None,
    plan: Plan | None = None,
) -> WhyNot:
    """Return every reason why a visit of the course cannot start at this instant; none: it can.

    The visit is the one of that number, else the first that the best plan has on that day or
    later, else the first it cannot place, else the last. The visits before it are taken as in the
    best plan, which may be given when it is known.
    """
    found = plan_course(protocol, kinds, world, wishes) if plan is None else plan
    blocked = found.first_impossible
    if blocked is not None and not blocked.number:
        return WhyNot(at, blocked.step_key, 0, blocked.reasons)
    first_on = first_day(protocol, wishes)
    slots = slots_of(protocol, kinds, world, wishes, first_on.weekday())
    numbers = first_numbers(slots)
    heads = [found.visits[number - 1] for number in numbers if number <= len(found.visits)]
    most = min(len(heads), len(slots) - 1)
    index = _asked(heads, at.on) if visit is None else bisect(numbers, visit) - 1
    index = max(0, min(index, most))
    place = Place(slots, heads[:index], first_on)
    reasons = (*course_reasons(place, at), *_held_reasons(place.slot, world, wishes, at))
    placed = None if reasons else _placed(place.slot, world, at)
    number = numbers[index]
    return WhyNot(at, place.slot.step.key, number, tuple(dict.fromkeys(reasons)), placed)


def _asked(visits: Sequence[PlannedVisit], on: date) -> int:
    """Return the index of the first visit planned on this day or later; one more than the last."""
    return next((i for i, one in enumerate(visits) if one.on >= on), len(visits))


def _held_reasons(slot: Slot, world: World, wishes: Wishes, at: Instant) -> tuple[Reason, ...]:
    """Return what of clinic, patient and resources forbids the start."""
    day = world.days.get(at.on)
    if day is None or not any(one.open for one in day.values()):
        away = () if wishes.can_come(at.on) else (Reason(Code.PATIENT_AWAY),)
        return (Reason(Code.CLINIC_CLOSED), *away)
    found = refusal_reasons(slot.shape, world, day, at.on, at.start_cell, wishes)
    if not found and slot.block.visits > 1:
        allowed = patient_starts(world, wishes, at.on, slot.length)
        whole = block_options(day_options(slot.shape, world, day, allowed), slot.block)
        return () if whole.any >> at.start_cell & 1 else (Reason(Code.DAY_BLOCK),)
    return found


def _placed(slot: Slot, world: World, at: Instant) -> PlannedVisit:
    chosen = choose(slot.shape, world, world.days[at.on], at.start_cell, prefer={})
    return PlannedVisit(
        step_key=slot.step.key,
        phase=slot.step.phase,
        kind_key=slot.kind.key,
        on=at.on,
        start_cell=at.start_cell,
        length_cells=slot.length,
        place=slot.place,
        holds=holds_of(slot.shape, world, chosen, at.start_cell),
    )


def hour_reasons(
    protocol: Protocol,
    kinds: Mapping[str, VisitKind],
    world: World,
    wishes: Wishes,
    plan: Plan,
) -> tuple[Reason, ...]:
    """Return what keeps visits of a plan from the wished hour, most days first."""
    if wishes.preferred_min is None:
        return ()
    first_on = first_day(protocol, wishes)
    slots = slots_of(protocol, kinds, world, wishes, first_on.weekday())
    question = Question(protocol, kinds, world, wishes)
    centre, reach = wishes.preferred_min // CELL_MIN, tolerance_of(question) // CELL_MIN
    wanted = span(max(0, centre - reach), centre + reach + 1)
    met: Counter[tuple[Code, str | None, int | None]] = Counter()
    for number, slot in zip(first_numbers(slots), slots, strict=True):
        if number > len(plan.visits):
            break
        visit = plan.visits[number - 1]
        if not wanted >> visit.start_cell & 1:
            met.update(_hour_reasons(slot, world, wishes, visit.on, wanted))
    return tuple(Reason(*key, days=days) for key, days in met.most_common())


def _hour_reasons(
    slot: Slot, world: World, wishes: Wishes, on: date, wanted: int
) -> list[tuple[Code, str | None, int | None]]:
    """Return what rules out every wanted start of a day; the others of the course otherwise."""
    allowed = patient_starts(world, wishes, on, slot.length)
    if not allowed & wanted:
        anytime = patient_starts(world, None, on, slot.length)
        return [(Code.OUTSIDE_WINDOW if anytime & wanted else Code.PATIENT_BUSY, None, None)]
    needs = slot.shape.needs
    found = [need_reason(need, world, world.days[on], allowed & wanted) for need in needs]
    keys = [(one.code, one.requirement, one.resource_id) for one in found if one is not None]
    return keys or [(Code.NOT_TOGETHER, None, None)]


def course_reasons(place: Place, at: Instant) -> list[Reason]:
    """Return what of the course itself forbids the start: order, gaps, weeks, limits, windows."""
    found: list[Reason] = []
    if at.on < place.first_on:
        found.append(Reason(Code.BEFORE_START))
    if at.on.weekday() not in place.slot.step.days_allowed:
        found.append(Reason(Code.DAY_NOT_ALLOWED))
    if not place.before:
        return [*found, *_week_reasons(place, at)]
    found += _order_reasons(place, at)
    if place.slot.main is None:
        found += [*_gap_reasons(place, at), *_week_reasons(place, at)]
    else:
        found += _window_reasons(place, at)
    return found


def _order_reasons(place: Place, at: Instant) -> list[Reason]:
    """Return the reasons of the visit right before: none may lie later, nor on the same day."""
    slot, last = place.slot, place.before[-1]
    if at.on < last.on:
        return [Reason(Code.BEFORE_PREVIOUS)]
    if at.on > last.on:
        return []
    if not slot.shares_day:
        return [Reason(Code.PER_DAY_LIMIT)]
    turnover = place.slots[len(place.before) - 1].turnover
    is_over = at.start_cell >= last.end_cell + turnover
    return [] if is_over else [Reason(Code.BEFORE_PREVIOUS)]


def _gap_reasons(place: Place, at: Instant) -> list[Reason]:
    gap = place.slot.gap
    mains = [
        visit for visit, slot in zip(place.before, place.slots, strict=False) if slot.main is None
    ]
    if gap is None or not mains:
        return []
    days = (at.on - mains[-1].on).days
    if 0 < days < gap.least:
        return [Reason(Code.GAP_BELOW_MINIMUM)]
    return [Reason(Code.GAP_ABOVE_MAXIMUM)] if days > gap.most else []


def _week_reasons(place: Place, at: Instant) -> list[Reason]:
    """Return the reasons of the anchor week: full, too soon after the last, not yet begun."""
    slot, step = place.slot, place.slot.step
    found: list[Reason] = []
    if slot.starts is Starts.NEXT_ANCHOR_WEEK and slot.is_first_of_step and place.before:
        last = place.day(place.before[-1].on)
        week = week_of(last, step.anchor, place.first_on.weekday())
        after = week_start(week, step.anchor, place.first_on.weekday()) + WEEK
        if last <= place.day(at.on) < after:
            found.append(Reason(Code.PHASE_STARTS_LATER))
    if slot.limit is None or step.anchor is Anchor.NONE or at.on < place.first_on:
        return found
    mine = [visit.on for visit in place.before if visit.step_key == step.key]
    week = place.week(at.on)
    if sum(place.week(on) == week for on in mine) >= _cap(place, week):
        found.append(Reason(Code.WEEKLY_LIMIT))
    if mine and 0 < week - place.week(mine[-1]) < slot.every:
        found.append(Reason(Code.WEEKS_APART))
    return found


def _cap(place: Place, week: int) -> int:
    """Return how many visits of the step the week may hold; a first, partial week holds fewer."""
    slot = place.slot
    limit = WEEK if slot.limit is None else slot.limit
    if slot.pattern is None:
        return limit
    mask = pattern_mask(slot.pattern, week, slot.step.anchor, place.first_on.weekday())
    return min(limit, mask.bit_count())


def _window_reasons(place: Place, at: Instant) -> list[Reason]:
    slot = place.slot
    if slot.main is None or slot.window is None:
        return []
    main = place.before[slot.main]
    start = (at.on - main.on).days * CELLS_A_DAY + at.start_cell - main.end_cell
    end = start + slot.length
    is_inside = (
        start >= slot.window.min_h * CELLS_AN_HOUR and end <= slot.window.hard_h * CELLS_AN_HOUR
    )
    return [] if is_inside else [Reason(Code.WINDOW_AFTER_VISIT)]
