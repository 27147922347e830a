"""Verdicts in words: what to do first, why and by whose rule second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from clinic.models.base import JsonValue
from clinic.queries.observations import ReadingRow
from clinic.rules.vitals import Level, Thresholds
from clinic.rules.vitals_due import Tone
from clinic.web import present
from clinic.web.clinician.standing import Standing
from clinic.web.signals import signal_word, unit_of

SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "==": "="}
"""The sign of a row as it is printed: above 140 is not 140."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """One version of the thresholds, as a reading points at it."""

    thresholds: Thresholds
    version: int


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a reading is shown: how its visit stands (None when it is over), zone and route."""

    zone: str
    standing: Standing | None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class VerdictView:
    """What the page says about a reading."""

    level: str
    heading: str
    todo: tuple[str, ...]
    due: str
    is_late: bool
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


def verdict(row: ReadingRow, book: RuleBook, seat: Seat) -> VerdictView:
    """Return the verdict of a reading in the words of the rules it was given by, with its time.

    One that says nothing of this minute any more, or is of a visit that is over, is told as past.
    """
    reasons = [reason for reason in row.reasons if isinstance(reason, Mapping)]
    todo = () if seat.standing is None else _todo(reasons, row, book, seat.route)
    return VerdictView(
        level=_shown_level(row, seat),
        heading=_heading(row, seat, has_todo=bool(todo)),
        todo=todo,
        due="" if seat.standing is None else _sentence(seat.standing.due),
        is_late=_is_late(seat.standing),
        why=tuple(_why(reason) for reason in _strictest(reasons)),
        rule=gettext("Clinic rule, version %(n)s.", n=book.version),
    )


def _is_late(stands: Standing | None) -> bool:
    return stands is not None and (stands.tone is Tone.LATE or stands.is_stale)


def _shown_level(row: ReadingRow, seat: Seat) -> str:
    """Return the level to be painted: no reading stays green when another is due or all is over."""
    if row.level != Level.NONE:
        return row.level
    if seat.standing is None:
        return "past"
    return "stale" if seat.standing.is_stale else row.level


def _heading(row: ReadingRow, seat: Seat, *, has_todo: bool) -> str:
    values = {
        "time": present.time_at(row.taken_at, seat.zone),
        "pressure": _pair(row.systolic_mmhg, row.diastolic_mmhg),
    }
    if row.level == Level.NONE and (seat.standing is None or seat.standing.is_stale):
        return gettext("%(time)s: %(pressure)s mmHg was within limits.", **values)
    says = "" if has_todo and row.level == Level.WARN else heading(row.level)
    return gettext("%(time)s: %(pressure)s mmHg.", **values) + (f" {says}" if says else "")


def _sentence(words: str) -> str:
    return f"{_capital(words)}." if words else ""


def _todo(
    reasons: Sequence[Mapping[str, JsonValue]], row: ReadingRow, book: RuleBook, route: str | None
) -> tuple[str, ...]:
    """Return what to do for the rules of the highest level, each once."""
    keys = {str(one.get("rule")) for one in reasons if one.get("level") == row.level}
    rules = [rule for rule in book.thresholds.rules if rule.key in keys]
    return tuple(dict.fromkeys(_sentence(rule.text_for(route)) for rule in rules))


def _strictest(reasons: Sequence[Mapping[str, JsonValue]]) -> list[Mapping[str, JsonValue]]:
    """Return the first, worst limit that each measure meets; the milder ones say nothing more."""
    worst: dict[tuple[str, str], Mapping[str, JsonValue]] = {}
    for one in reasons:
        worst.setdefault((str(one.get("signal")), str(one.get("relative_to"))), one)
    return list(worst.values())


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
