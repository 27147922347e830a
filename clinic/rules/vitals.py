"""Vitals: whether a reading is possible, and what it means by the clinic's own thresholds.

No number here is ours: signals are compared with the rows of the medical director's data. The sign
is part of a row: above 140 is not 140.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from clinic.rules.data import DataError, JsonValue, Node


class Signal(StrEnum):
    """What is measured in a reading."""

    SYSTOLIC = "sbp"
    DIASTOLIC = "dbp"
    HEART_RATE = "hr"
    SPO2 = "spo2"
    BREATHING = "rr"
    SEDATION = "moaas"


class RuleSet(StrEnum):
    """Which rules apply: before the dose, or from the dose to leaving."""

    PRE_DOSE = "pre_dose"
    IN_SESSION = "in_session"


class RelativeTo(StrEnum):
    """What a row compares: the value itself, or its difference from an earlier reading."""

    NONE = "none"
    BASELINE = "baseline"
    PREVIOUS = "previous"


class Group(StrEnum):
    """Whether one row of a rule is enough or every row must be met."""

    ANY = "any"
    ALL = "all"


class Level(StrEnum):
    """What a reading calls for, from nothing to the most; two scales that never meet in one set."""

    NONE = "none"
    SOFT_HOLD = "soft_hold"
    WARN = "warn"
    HARD_HOLD = "hard_hold"
    CRITICAL = "critical"


RANK = {level: rank for rank, level in enumerate(Level)}
COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One set of vitals; None is a signal that was not measured."""

    systolic_mmhg: int | None = None
    diastolic_mmhg: int | None = None
    heart_rate_bpm: int | None = None
    spo2_percent: int | None = None
    respiratory_rate_pm: int | None = None
    moaas_score: int | None = None

    def value(self, signal: Signal) -> int | None:
        """Return the value of one signal."""
        values = {
            Signal.SYSTOLIC: self.systolic_mmhg,
            Signal.DIASTOLIC: self.diastolic_mmhg,
            Signal.HEART_RATE: self.heart_rate_bpm,
            Signal.SPO2: self.spo2_percent,
            Signal.BREATHING: self.respiratory_rate_pm,
            Signal.SEDATION: self.moaas_score,
        }
        return values[signal]


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison of a rule."""

    signal: Signal
    comparison: str
    number: int
    relative_to: RelativeTo


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the thresholds: its rows, its level, and what to do in the director's words."""

    key: str
    rule_set: RuleSet
    group: Group
    rows: tuple[Row, ...]
    level: Level
    action_code: str
    action_text: str
    recheck_min: int | None
    source: str
    route_texts: Mapping[str, str] = field(default_factory=dict)

    def text_for(self, route: str | None) -> str:
        """Return what to do in the words for a route of giving, for example "iv" or "nasal"."""
        return self.action_text if route is None else self.route_texts.get(route, self.action_text)


@dataclass(frozen=True, slots=True)
class Limit:
    """What is possible for one signal; anything else is a typing error."""

    signal: Signal
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One version of the thresholds; a recheck is overdue later than `recheck_grace_min`."""

    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...]
    recheck_grace_min: int = 0

    def rule(self, key: str) -> Rule | None:
        """Return the rule of this key, or None."""
        return next((rule for rule in self.rules if rule.key == key), None)


@dataclass(frozen=True, slots=True)
class Met:
    """One row that a reading meets; `value` is what was compared (the value or the difference)."""

    rule_key: str
    row: Row
    value: int
    level: Level


@dataclass(frozen=True, slots=True)
class Verdict:
    """The highest level that applies, and every row that was met, the worst first."""

    level: Level
    met: tuple[Met, ...]

    @property
    def is_hold(self) -> bool:
        """Say whether dosing may not go on by itself."""
        return self.level in (Level.SOFT_HOLD, Level.HARD_HOLD)


@dataclass(frozen=True, slots=True)
class Impossible:
    """One reason why a reading is a typing error: a signal and its limits, or a pair crossed."""

    signal: Signal
    code: str
    least: int = 0
    most: int = 0


def assess(
    reading: Reading,
    *,
    rule_set: RuleSet,
    thresholds: Thresholds,
    baseline: Reading | None = None,
    previous: Reading | None = None,
) -> Verdict:
    """Say what a reading calls for. Never raises; a signal not measured meets nothing.

    `baseline` is the last accepted reading before the dose, `previous` the reading before this.
    """
    earlier = {RelativeTo.BASELINE: baseline, RelativeTo.PREVIOUS: previous}
    met: list[Met] = []
    for rule in thresholds.rules:
        if rule.rule_set is rule_set:
            met += _met_by(reading, rule, earlier)
    met.sort(key=lambda one: -RANK[one.level])
    return Verdict(level=met[0].level if met else Level.NONE, met=tuple(met))


def _met_by(
    reading: Reading, rule: Rule, earlier: Mapping[RelativeTo, Reading | None]
) -> list[Met]:
    found: list[Met] = []
    for row in rule.rows:
        value = _compared(reading, row, earlier)
        if value is not None and COMPARE[row.comparison](value, row.number):
            found.append(Met(rule.key, row, value, rule.level))
    if rule.group is Group.ALL and len(found) < len(rule.rows):
        return []
    return found


def _compared(
    reading: Reading, row: Row, earlier: Mapping[RelativeTo, Reading | None]
) -> int | None:
    value = reading.value(row.signal)
    if value is None or row.relative_to is RelativeTo.NONE:
        return value
    before = earlier[row.relative_to]
    start = None if before is None else before.value(row.signal)
    return None if start is None else value - start


def impossibilities(reading: Reading, thresholds: Thresholds) -> tuple[Impossible, ...]:
    """Return why a reading cannot be true; a dangerous but possible one gives nothing."""
    faults = [
        Impossible(limit.signal, "out_of_range", limit.least, limit.most)
        for limit in thresholds.limits
        if (value := reading.value(limit.signal)) is not None
        and not limit.least <= value <= limit.most
    ]
    high, low = reading.systolic_mmhg, reading.diastolic_mmhg
    if high is not None and low is not None and high <= low:
        faults.append(Impossible(Signal.SYSTOLIC, "not_above_diastolic"))
    return tuple(faults)


def parse_thresholds(body: JsonValue | Node, *, path: str = "$") -> Thresholds:
    """Return the thresholds from their JSON body, or raise DataError with path and reason."""
    node = body if isinstance(body, Node) else Node(path, body)
    alerts = node.optional("alert_policy")
    return Thresholds(
        rules=tuple(_rule(one) for one in node.field("rules").items()),
        limits=tuple(
            _limit(one)
            for one in node.field("plausibility").items()
            if one.optional("min") is not None and one.field("signal").value in set(Signal)
        ),
        recheck_grace_min=0 if alerts is None else alerts.field("recheck_grace_min").whole(),
    )


def _rule(node: Node) -> Rule:
    action, recheck = node.field("action"), node.optional("recheck_min")
    by_route = action.optional("text_by_route")
    return Rule(
        key=node.field("key").text(),
        rule_set=node.field("set").one_of(RuleSet),
        group=node.field("group").one_of(Group),
        rows=tuple(_row(one) for one in node.field("rows").items()),
        level=node.field("level").one_of(Level),
        action_code=action.field("code").text(),
        action_text=action.field("text").text(),
        recheck_min=None if recheck is None else recheck.whole(least=1),
        source=node.field("source").text(),
        route_texts={}
        if by_route is None
        else {route: text.text() for route, text in by_route.entries()},
    )


def _row(node: Node) -> Row:
    comparison = node.field("comparison")
    if comparison.text() not in COMPARE:
        raise DataError(comparison.path, "not_an_option", comparison.text())
    return Row(
        signal=node.field("signal").one_of(Signal),
        comparison=comparison.text(),
        number=node.field("number").whole(),
        relative_to=node.field("relative_to").one_of(RelativeTo),
    )


def _limit(node: Node) -> Limit:
    return Limit(
        signal=node.field("signal").one_of(Signal),
        least=node.field("min").whole(),
        most=node.field("max").whole(),
    )
