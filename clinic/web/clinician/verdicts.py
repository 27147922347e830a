"""Verdicts in words: what to do first, why and by whose rule second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext

from clinic.models.base import JsonValue
from clinic.queries.observations import ReadingRow
from clinic.rules.vitals import Thresholds
from clinic.web import present

SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "==": "="}
"""The sign of a row as it is printed: above 140 is not 140."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """One version of the thresholds, as a reading points at it."""

    thresholds: Thresholds
    version: int


@dataclass(frozen=True, slots=True)
class VerdictView:
    """What the page says about a reading."""

    level: str
    heading: str
    todo: tuple[str, ...]
    why: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class ReadingView:
    """One line of the table of readings."""

    public_id: str
    time: str
    when: str
    pressure: str
    pulse: str
    spo2: str
    breathing: str
    awake: str
    by: str
    level: str
    word: str
    state: str


def heading(level: str) -> str:
    """Return a level in words."""
    words = {
        "none": gettext("Within limits. Go on."),
        "soft_hold": gettext("Wait and repeat."),
        "hard_hold": gettext("Not today."),
        "warn": gettext("Take care."),
        "critical": gettext("Act now."),
    }
    return words.get(level, level)


def signal_word(signal: str) -> str:
    """Return what was measured, in words."""
    words = {
        "sbp": gettext("Systolic"),
        "dbp": gettext("Diastolic"),
        "hr": gettext("Pulse"),
        "spo2": gettext("SpO₂"),
        "rr": gettext("Breathing"),
        "moaas": gettext("Awake score"),
    }
    return words.get(signal, signal)


def level_word(level: str) -> str:
    """Return a level as one line of the table of readings says it."""
    words = {
        "none": gettext("within limits"),
        "soft_hold": gettext("wait and repeat"),
        "hard_hold": gettext("not today"),
        "warn": gettext("take care"),
        "critical": gettext("act now"),
    }
    return words.get(level, level)


def unit_of(signal: str) -> str:
    """Return the unit of a signal, with the space before it; a score has none."""
    units = {"sbp": " mmHg", "dbp": " mmHg", "hr": " /min", "spo2": " %", "rr": " /min"}
    return units.get(signal, "")


def verdict(row: ReadingRow, book: RuleBook, zone: str) -> VerdictView:
    """Return the verdict of a reading in the words of the rules it was given by."""
    reasons = [reason for reason in row.reasons if isinstance(reason, Mapping)]
    todo = _todo(reasons, row, book, zone)
    return VerdictView(
        level=row.level,
        heading="" if todo and row.level == "warn" else heading(row.level),
        todo=todo,
        why=tuple(_why(reason) for reason in reasons),
        rule=gettext("Clinic rule, version %(n)s.", n=book.version),
    )


def _todo(
    reasons: Sequence[Mapping[str, JsonValue]], row: ReadingRow, book: RuleBook, zone: str
) -> tuple[str, ...]:
    """Return what to do for the rules of the highest level, each once, and the next reading."""
    keys = {str(one.get("rule")) for one in reasons if one.get("level") == row.level}
    rules = [rule for rule in book.thresholds.rules if rule.key in keys]
    lines = list(dict.fromkeys(f"{_capital(rule.action_text)}." for rule in rules))
    waits = [rule.recheck_min for rule in rules if rule.recheck_min is not None]
    if waits:
        again = row.taken_at + timedelta(minutes=min(waits))
        lines.append(gettext("Next reading at %(time)s.", time=present.time_at(again, zone)))
    return tuple(lines)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _why(reason: Mapping[str, JsonValue]) -> str:
    signal = str(reason.get("signal"))
    unit = unit_of(signal)
    values = {
        "what": signal_word(signal),
        "value": f"{reason.get('value')}{unit}",
        "sign": SIGNS.get(str(reason.get("comparison")), ""),
        "number": f"{reason.get('number')}{unit}",
    }
    if reason.get("relative_to") == "baseline":
        return gettext("%(what)s up %(value)s from before the dose (%(sign)s %(number)s)", **values)
    if reason.get("relative_to") == "previous":
        return gettext("%(what)s up %(value)s since the last (%(sign)s %(number)s)", **values)
    return gettext("%(what)s %(value)s (%(sign)s %(number)s)", **values)


def reading_view(row: ReadingRow, zone: str) -> ReadingView:
    """Return one line of the table; what was not measured is a dash."""
    return ReadingView(
        public_id=row.public_id,
        time=present.time_at(row.taken_at, zone),
        when=gettext("before") if row.rule_set == "pre_dose" else gettext("during"),
        pressure=_pair(row.systolic_mmhg, row.diastolic_mmhg),
        pulse=_shown(row.heart_rate_bpm),
        spo2=_shown(row.spo2_percent),
        breathing=_shown(row.respiratory_rate_pm),
        awake=_shown(row.moaas_score),
        by=row.recorded_by,
        level=row.level if not (row.is_voided or row.is_corrected) else "gone",
        word=level_word(row.level),
        state=_state(row),
    )


def _state(row: ReadingRow) -> str:
    if row.is_voided:
        return gettext("entered by mistake")
    return gettext("corrected") if row.is_corrected else ""


def _pair(high: int | None, low: int | None) -> str:
    return f"{_shown(high)}/{_shown(low)}"


def before_words(row: ReadingRow | None) -> dict[str, str]:
    """Return what each field of the form says about the last reading before the dose."""
    values = {
        "systolic": row.systolic_mmhg if row else None,
        "diastolic": row.diastolic_mmhg if row else None,
        "pulse": row.heart_rate_bpm if row else None,
        "spo2": row.spo2_percent if row else None,
    }
    return {
        name: "" if value is None else gettext("before the dose %(value)s", value=value)
        for name, value in values.items()
    }


def _shown(value: int | None) -> str:
    return "–" if value is None else str(value)
