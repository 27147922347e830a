"""Ladders: for each rule that may be relaxed, the changes to try, smallest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from clinic.planning.changes import DAY_MIN, Change, Rule
from clinic.planning.courses import Plan
from clinic.planning.questions import Instant, Question, requirements_of, tolerance_of
from clinic.planning.refusals import Reason
from clinic.planning.slots import count_of, limit_of, places_of, weekly_choices
from clinic.rules.steps import Step

MINUTES = (15, 30, 60, 120)
HOUR_SHIFTS = (-30, 30, -60, 60, -120, 120)
START_DAYS = (1, 7, 28)
GAP_DAYS = (1, 2, 3, 7, 14)
LATE_HOURS = (24, 48, 96)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Changes of one rule from small to large; the last is as far as it is tried at all."""

    rule: Rule
    changes: tuple[Change, ...]


def course_ladders(question: Question, plan: Plan) -> list[Ladder]:
    """Return what could help a course that cannot be placed whole."""
    blocked = plan.first_impossible
    key = "" if blocked is None else blocked.step_key
    found = [*_wish_ladders(question), *_start_ladders()]
    found += _count_ladders(question, plan)
    for step in sorted(_used_steps(question), key=lambda step: step.key != key):
        found += _step_ladders(question, step)
    reasons = () if blocked is None else blocked.reasons
    found += _capacity_ladders(question, reasons, key)
    return found


def hour_ladders(question: Question) -> list[Ladder]:
    """Return what could help a course that fits, but not at the wished hour."""
    wishes = question.wishes
    known = tolerance_of(question)
    wider = tuple(Change(Rule.TOLERANCE, to - known, to=to) for to in MINUTES if to > known)
    hour = wishes.preferred_min or 0
    shifts = [shift for shift in HOUR_SHIFTS if 0 <= hour + shift < DAY_MIN]
    found = [Ladder(Rule.TOLERANCE, wider)] if wider else []
    found += [Ladder(Rule.HOUR, (Change(Rule.HOUR, shift),)) for shift in shifts]
    return [*found, *_weekday_ladders(question)]


def instant_ladders(
    question: Question, at: Instant, step_key: str, reasons: Sequence[Reason]
) -> list[Ladder]:
    """Return what could help a visit of this step to start at one instant."""
    found = [*_wish_ladders(question)]
    early = (at.on - question.wishes.start_on).days
    if early < 0:
        found.append(Ladder(Rule.START, (Change(Rule.START, early),)))
    for step in question.protocol.steps:
        if step.key == step_key:
            found += _step_ladders(question, step)
            if at.on.weekday() not in step.days_allowed:
                found.append(_treatment_day(step, at.on))
    return [*found, *_capacity_ladders(question, reasons, step_key)]


def _wish_ladders(question: Question) -> Iterator[Ladder]:
    wishes = question.wishes
    if wishes.window is not None:
        minutes = (*MINUTES, DAY_MIN)
        yield Ladder(Rule.HOURS, tuple(Change(Rule.HOURS, minute) for minute in minutes))
    yield from _weekday_ladders(question)
    for span in dict.fromkeys(wishes.away):
        days = (span[1] - span[0]).days + 1
        yield Ladder(Rule.AWAY, (Change(Rule.AWAY, days, span=span),))
    for place in places_of(_used_steps(question), question.kinds):
        if place != wishes.place:
            yield Ladder(Rule.PLACE, (Change(Rule.PLACE, 1, name=place),))
    if question.open_world is not None and not wishes.shares_days:
        yield Ladder(Rule.SHARED_DAYS, (Change(Rule.SHARED_DAYS, 1),))


def _weekday_ladders(question: Question) -> Iterator[Ladder]:
    """Yield one ladder for each weekday that may be added, and one for all of them."""
    wished = question.wishes.weekdays
    if wished is None:
        return
    allowed = frozenset[int]().union(*(step.days_allowed for step in _used_steps(question)))
    missing = sorted(allowed - wished)
    for weekday in missing:
        yield Ladder(Rule.WEEKDAYS, (_weekdays({weekday}),))
    if len(missing) > 1:
        yield Ladder(Rule.WEEKDAYS, (_weekdays(missing),))


def _weekdays(days: Iterable[int]) -> Change:
    added = frozenset(days)
    return Change(Rule.WEEKDAYS, len(added), weekdays=added)


def _start_ladders() -> Iterator[Ladder]:
    yield Ladder(Rule.START, tuple(Change(Rule.START, days) for days in START_DAYS))


def _used_steps(question: Question) -> list[Step]:
    return [step for step in question.protocol.steps if count_of(step, question.wishes)]


def _count_ladders(question: Question, plan: Plan) -> Iterator[Ladder]:
    """Yield the count of a step brought into its range, or cut to what can be placed."""
    blocked = plan.first_impossible
    for step in question.protocol.steps:
        count = count_of(step, question.wishes)
        to = max(count, step.count.least)
        if step.count.most is not None:
            to = min(to, step.count.most)
        is_blocked = blocked is not None and blocked.step_key == step.key and blocked.number > 1
        if to == count and blocked is not None and is_blocked:
            to = max(blocked.number - 1, step.count.least)
        if to != count:
            change = Change(Rule.COUNT, abs(to - count), step_key=step.key, to=to)
            yield Ladder(Rule.COUNT, (change,))
    known = question.wishes.per_week
    offered = next(iter(weekly_choices(question.protocol).values()), ())
    if known is not None:
        for to in sorted(offered):
            if to != known:
                change = Change(Rule.PER_WEEK, abs(to - known), to=to)
                yield Ladder(Rule.PER_WEEK, (change,))


def _step_ladders(question: Question, step: Step) -> Iterator[Ladder]:
    """Yield the protocol's rules for one step, each of which only the prescriber may relax."""
    gaps = [gap for gap in (step.gap_days, step.first_gap_days) if gap is not None]
    if gaps:
        yield Ladder(
            Rule.LONGEST_GAP,
            tuple(Change(Rule.LONGEST_GAP, days, step_key=step.key) for days in GAP_DAYS),
        )
    least = max((gap.least for gap in gaps), default=0)
    fewer = tuple(
        Change(Rule.SHORTEST_GAP, days, step_key=step.key)
        for days in dict.fromkeys((1, 2, 3, least - 1))
        if 0 < days < least
    )
    if fewer:
        yield Ladder(Rule.SHORTEST_GAP, fewer)
    if step.window is not None:
        yield Ladder(
            Rule.LINK_WINDOW,
            tuple(Change(Rule.LINK_WINDOW, hours, step_key=step.key) for hours in LATE_HOURS),
        )
    limit = limit_of(step, question.wishes)
    if limit is not None and limit < len(step.days_allowed):
        more = range(limit + 1, len(step.days_allowed) + 1)
        yield Ladder(
            Rule.WEEKLY_LIMIT,
            tuple(Change(Rule.WEEKLY_LIMIT, to - limit, step_key=step.key, to=to) for to in more),
        )


def _treatment_day(step: Step, on: date) -> Ladder:
    days = frozenset({on.weekday()})
    change = Change(Rule.TREATMENT_DAYS, 1, step_key=step.key, weekdays=days)
    return Ladder(Rule.TREATMENT_DAYS, (change,))


def _capacity_ladders(
    question: Question, reasons: Sequence[Reason], step_key: str
) -> Iterator[Ladder]:
    """Yield one more of each kind of resource or person that is in the way."""
    named = {name for one in reasons if one.requirement for name in one.requirement.split("+")}
    rules = requirements_of(question, step_key or None)
    pools = dict.fromkeys(rule.pool for rule in rules if rule.id in named or not named)
    for pool in pools:
        yield Ladder(Rule.CAPACITY, (Change(Rule.CAPACITY, 1, name=pool),))
