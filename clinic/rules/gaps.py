"""Gaps and misses: when a pause in a course is long enough to warn, and when to worry.

The numbers are the clinic's policies (policies.json, `gap` and `miss`). TMS phases count calendar
days from the last delivered visit, other phases days after the visit's own planned date,
integration the hours after the end of the dosing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from clinic.rules.data import JsonValue, Node

SATURDAY = 5


class GapLevel(StrEnum):
    """How long a gap is by the clinic's own rule."""

    NONE = "none"
    WARN = "warn"
    CONCERN = "concern"


@dataclass(frozen=True, slots=True)
class GapRule:
    """One alarm: strictly above each number; days, or hours for integration."""

    warn_above: int
    concern_above: int
    concern_tasks: tuple[str, ...]
    offers: tuple[str, ...]

    def level(self, gap: float) -> GapLevel:
        """Return how long a gap of this many days (or hours) is."""
        if gap > self.concern_above:
            return GapLevel.CONCERN
        return GapLevel.WARN if gap > self.warn_above else GapLevel.NONE


@dataclass(frozen=True, slots=True)
class GapVerdict:
    """A gap with its level, what it calls for, and the days on which it first warns and worries."""

    gap_days: int
    level: GapLevel
    tasks: tuple[str, ...]
    offers: tuple[str, ...]
    first_warn_on: date
    first_concern_on: date


def gap_rules(policies: Mapping[str, JsonValue]) -> dict[str, GapRule]:
    """Return the gap alarms of the policies by key, or raise DataError."""
    entries = Node("$", policies).field("gap").entries()
    return {key: _rule(node) for key, node in entries if isinstance(node.value, Mapping)}


def _rule(node: Node) -> GapRule:
    warn = node.optional("warn_above") or node.field("late_above")
    return GapRule(
        warn_above=warn.whole(),
        concern_above=node.field("concern_above").whole(),
        concern_tasks=tuple(one.text() for one in node.field("concern_tasks").items()),
        offers=tuple(one.text() for one in node.field("offers").items()),
    )


def judge_gap(
    rule: GapRule,
    *,
    since: date,
    next_on: date | None,
    today: date,
    returns_on: date | None = None,
) -> GapVerdict:
    """Say how long a gap is: from `since` to the next planned visit, or to today if later.

    `since` is the last delivered visit in TMS and the visit's own planned date elsewhere. A planned
    pause counts from its return date.
    """
    start = since if returns_on is None else max(since, returns_on)
    gap_days = max((max(next_on or today, today) - start).days, 0)
    level = rule.level(gap_days)
    return GapVerdict(
        gap_days=gap_days,
        level=level,
        tasks=rule.concern_tasks if level is GapLevel.CONCERN else (),
        offers=rule.offers if level is GapLevel.CONCERN else (),
        first_warn_on=start + timedelta(days=rule.warn_above + 1),
        first_concern_on=start + timedelta(days=rule.concern_above + 1),
    )


def judge_hours(rule: GapRule, *, dosing_ended_at: datetime, until: datetime) -> GapLevel:
    """Say how late a visit after a dosing is, in hours from the end of the dosing."""
    return rule.level((until - dosing_ended_at) / timedelta(hours=1))


def weekdays_between(first: date, last: date) -> int:
    """Return how many days from Monday to Friday lie strictly between two days."""
    days = range(1, (last - first).days)
    return sum((first + timedelta(days=n)).weekday() < SATURDAY for n in days)


@dataclass(frozen=True, slots=True)
class MissRule:
    """When misses are a pattern: so many in a row, or so many of the last visits."""

    warn_consecutive: int
    window: int
    concern_count: int


def miss_rule(policies: Mapping[str, JsonValue]) -> MissRule:
    """Return the rule about misses of the policies, or raise DataError."""
    miss = Node("$", policies).field("miss")
    rolling = miss.field("concern_in_rolling")
    return MissRule(
        warn_consecutive=miss.field("warn_consecutive").whole(least=1),
        window=rolling.field("window").whole(least=1),
        concern_count=rolling.field("count").whole(least=1),
    )


def consecutive_misses(missed: Sequence[bool]) -> int:
    """Return how many misses in a row end the list of past visits, given in time order."""
    return next((n for n, was_missed in enumerate(reversed(missed)) if not was_missed), len(missed))


def judge_misses(rule: MissRule, missed: Sequence[bool]) -> GapLevel:
    """Say whether the misses among past visits, given in time order, warn or worry."""
    if sum(missed[-rule.window :]) >= rule.concern_count:
        return GapLevel.CONCERN
    return GapLevel.WARN if consecutive_misses(missed) >= rule.warn_consecutive else GapLevel.NONE
