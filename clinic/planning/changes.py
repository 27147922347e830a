"""Changes: one rule of a question relaxed by an amount, who may grant it, and its application."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from clinic.planning.questions import Question, with_one_more
from clinic.planning.wishes import Wishes
from clinic.rules.protocols import Protocol
from clinic.rules.steps import Choice, Gap, Step

DAY_MIN = 1440
EARLIER, LATER = "earlier", "later"
"""The sides on which the hours of a patient may be widened."""


class Rule(StrEnum):
    """A rule that can be relaxed: first what the patient wishes, then the protocol, then rooms."""

    TOLERANCE = "tolerance"
    HOUR = "hour"
    HOURS = "hours"
    WEEKDAYS = "weekdays"
    AWAY = "away"
    START = "start"
    PLACE = "place"
    PER_WEEK = "per_week"
    SHARED_DAYS = "shared_days"
    LONGEST_GAP = "longest_gap"
    SHORTEST_GAP = "shortest_gap"
    LINK_WINDOW = "link_window"
    TREATMENT_DAYS = "treatment_days"
    WEEKLY_LIMIT = "weekly_limit"
    COUNT = "count"
    CAPACITY = "capacity"


class Unit(StrEnum):
    """What an amount counts."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    VISITS = "visits"
    VISITS_A_WEEK = "visits_a_week"
    MEMBERS = "members"
    CHOICES = "choices"


class Grantor(StrEnum):
    """Who may grant a change; nobody can grant what would have to be built or hired."""

    DESK = "desk"
    PRESCRIBER = "prescriber"
    NOBODY = "nobody"


GRANTORS = {
    Rule.TOLERANCE: Grantor.DESK,
    Rule.HOUR: Grantor.DESK,
    Rule.HOURS: Grantor.DESK,
    Rule.WEEKDAYS: Grantor.DESK,
    Rule.AWAY: Grantor.DESK,
    Rule.START: Grantor.DESK,
    Rule.PLACE: Grantor.DESK,
    Rule.PER_WEEK: Grantor.PRESCRIBER,
    Rule.SHARED_DAYS: Grantor.PRESCRIBER,
    Rule.LONGEST_GAP: Grantor.PRESCRIBER,
    Rule.SHORTEST_GAP: Grantor.PRESCRIBER,
    Rule.LINK_WINDOW: Grantor.PRESCRIBER,
    Rule.TREATMENT_DAYS: Grantor.PRESCRIBER,
    Rule.WEEKLY_LIMIT: Grantor.PRESCRIBER,
    Rule.COUNT: Grantor.PRESCRIBER,
    Rule.CAPACITY: Grantor.NOBODY,
}

UNITS = {
    Rule.TOLERANCE: Unit.MINUTES,
    Rule.HOUR: Unit.MINUTES,
    Rule.HOURS: Unit.MINUTES,
    Rule.WEEKDAYS: Unit.DAYS,
    Rule.AWAY: Unit.DAYS,
    Rule.START: Unit.DAYS,
    Rule.PLACE: Unit.CHOICES,
    Rule.PER_WEEK: Unit.VISITS_A_WEEK,
    Rule.SHARED_DAYS: Unit.CHOICES,
    Rule.LONGEST_GAP: Unit.DAYS,
    Rule.SHORTEST_GAP: Unit.DAYS,
    Rule.LINK_WINDOW: Unit.HOURS,
    Rule.TREATMENT_DAYS: Unit.DAYS,
    Rule.WEEKLY_LIMIT: Unit.VISITS_A_WEEK,
    Rule.COUNT: Unit.VISITS,
    Rule.CAPACITY: Unit.MEMBERS,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One rule relaxed by an amount; negative only where an hour or a start moves earlier.

    `step_key` names the step of a protocol rule. `to` is the new value of a tolerance, count or
    number a week, `weekdays` the days added, `span` the dates away given up, `name` the place, the
    kind of resource added or the side on which hours are widened, "" for both.
    """

    rule: Rule
    amount: int
    step_key: str = ""
    to: int | None = None
    weekdays: frozenset[int] = frozenset()
    span: tuple[date, date] | None = None
    name: str = ""

    @property
    def unit(self) -> Unit:
        """Return what the amount counts."""
        return UNITS[self.rule]

    @property
    def grantor(self) -> Grantor:
        """Return who may grant it."""
        return GRANTORS[self.rule]


def changed(question: Question, change: Change) -> Question:
    """Return the question with the change applied, and nothing else different."""
    match change.rule:
        case Rule.CAPACITY:
            return with_one_more(question, change.name)
        case Rule.SHARED_DAYS:
            wishes = replace(question.wishes, shares_days=True)
            return replace(question, wishes=wishes, world=question.open_world or question.world)
        case (
            Rule.LONGEST_GAP
            | Rule.SHORTEST_GAP
            | Rule.LINK_WINDOW
            | Rule.TREATMENT_DAYS
            | Rule.WEEKLY_LIMIT
        ):
            return replace(question, protocol=_amended(question.protocol, change))
        case _:
            return replace(question, wishes=wished(question.wishes, change))


def wished(wishes: Wishes, change: Change) -> Wishes:
    """Return the wishes with a change of a wish applied; as they are for a change of a rule."""
    match change.rule:
        case Rule.TOLERANCE:
            return replace(wishes, tolerance_min=change.to)
        case Rule.HOUR:
            hour = wishes.preferred_min
            return replace(wishes, preferred_min=None if hour is None else hour + change.amount)
        case Rule.HOURS:
            return replace(wishes, window=widened(wishes.window, change.amount, change.name))
        case Rule.WEEKDAYS:
            days = None if wishes.weekdays is None else wishes.weekdays | change.weekdays
            return replace(wishes, weekdays=days)
        case Rule.START:
            return replace(wishes, start_on=wishes.start_on + timedelta(days=change.amount))
        case Rule.PLACE:
            return replace(wishes, place=change.name)
        case _:
            return _counted(wishes, change)


def _counted(wishes: Wishes, change: Change) -> Wishes:
    match change.rule:
        case Rule.AWAY:
            return replace(wishes, away=tuple(one for one in wishes.away if one != change.span))
        case Rule.PER_WEEK:
            return replace(wishes, per_week=change.to)
        case Rule.COUNT:
            count = 0 if change.to is None else change.to
            return replace(wishes, counts={**wishes.counts, change.step_key: count})
        case _:
            return wishes


def widened(window: tuple[int, int] | None, minutes: int, side: str) -> tuple[int, int] | None:
    """Return a window wider by so many minutes on a side; None once it is the whole day."""
    if window is None:
        return None
    earlier, later = (0 if side == LATER else minutes), (0 if side == EARLIER else minutes)
    wider = max(0, window[0] - earlier), min(DAY_MIN, window[1] + later)
    return None if wider == (0, DAY_MIN) else wider


def _amended(protocol: Protocol, change: Change) -> Protocol:
    steps = tuple(
        _relaxed(step, change) if change.step_key in ("", step.key) else step
        for step in protocol.steps
    )
    return replace(protocol, steps=steps)


def _relaxed(step: Step, change: Change) -> Step:
    match change.rule:
        case Rule.LONGEST_GAP | Rule.SHORTEST_GAP:
            return replace(
                step,
                gap_days=_regapped(step.gap_days, change),
                first_gap_days=_regapped(step.first_gap_days, change),
            )
        case Rule.LINK_WINDOW if step.window is not None:
            window = replace(step.window, hard_h=step.window.hard_h + change.amount)
            return replace(step, window=window)
        case Rule.TREATMENT_DAYS:
            return replace(step, days_allowed=step.days_allowed | change.weekdays)
        case Rule.WEEKLY_LIMIT if change.to is not None:
            return replace(step, weekly_limit=Choice(change.to, (change.to,)))
        case _:
            return step


def _regapped(gap: Gap | None, change: Change) -> Gap | None:
    if gap is None:
        return None
    if change.rule is Rule.LONGEST_GAP:
        return replace(gap, most=gap.most + change.amount)
    return replace(gap, least=max(min(gap.least, 1), gap.least - change.amount))
