"""Outlines: a document of the medical director's data as lines that a person can read.

Nothing of a document is left out: what is not known here is shown by its key in words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from clinic.models.base import JsonValue
from clinic.web.present import key_words
from clinic.web.signals import signal_word, unit_of
from clinic.web.words import lazy

TITLES = ("name", "label", "title", "key", "code", "id")
UNITS: Mapping[str, str] = {
    "s": lazy("seconds"),
    "min": lazy("minutes"),
    "h": lazy("hours"),
    "hours": lazy("hours"),
    "days": lazy("days"),
    "weeks": lazy("weeks"),
    "pct": lazy("percent"),
}
CODE = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
SHORT = 30
"""A list of words no longer than this stands in one line."""

COUNTED = re.compile(r"\{.*\}")
"""What is counted has no unit: {score}."""

SIGNS: Mapping[str, str] = {">=": "≥", "<=": "≤", "==": "="}
MARK = re.compile(r"([CSG])(?:\s+(.*))?", re.DOTALL)
LIMIT = {"signal", "comparison", "number"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an outline with what stands below it; label or text may be ""."""

    label: str
    text: str
    lines: tuple["Line", ...] = ()


def outline(document: Mapping[str, JsonValue], *, without: Sequence[str] = ()) -> tuple[Line, ...]:
    """Return the parts of a document in their order."""
    return tuple(_line(key, value) for key, value in document.items() if key not in without)


def source_words(mark: str) -> str:
    """Return where a rule comes from in words: its mark C, S or G, and what is said beside it."""
    words = {
        "C": gettext("primary source"),
        "S": gettext("secondary source"),
        "G": gettext("general practice"),
    }
    found = MARK.fullmatch(mark)
    if found is None:
        return mark
    said = words[found[1]]
    return said if found[2] is None else f"{said}: {found[2]}"


def _line(key: str, value: JsonValue) -> Line:
    label = _label(key)
    if key == "source" and isinstance(value, str):
        return Line(label, source_words(value))
    if isinstance(value, Mapping):
        return Line(label, "", outline(value))
    if isinstance(value, list):
        return _list(label, value)
    return Line(label, _text(value))


def _list(label: str, values: Sequence[JsonValue]) -> Line:
    """Return a list: words and numbers in one line, what has parts below each other."""
    if all(not isinstance(one, Mapping | list) and len(str(one)) <= SHORT for one in values):
        return Line(label, ", ".join(_text(one) for one in values) or gettext("none"))
    return Line(label, "", tuple(_entry(one) for one in values))


def _entry(value: JsonValue) -> Line:
    if isinstance(value, Mapping) and {*value} >= LIMIT:
        return Line("", _limit(value))
    if isinstance(value, Mapping):
        title = next((one for one in TITLES if isinstance(value.get(one), str)), "")
        name = _text(value.get(title, ""))
        return Line(name[:1].upper() + name[1:], "", outline(value, without=(title,)))
    return _list("", value) if isinstance(value, list) else Line("", _text(value))


def _limit(row: Mapping[str, JsonValue]) -> str:
    """Return a limit as it is spoken, "Systolic > 140 mmHg", and what else is said of it."""
    known = ("signal", "comparison", "number", "unit", "relative_to")
    signal, sign = str(row["signal"]), str(row["comparison"])
    unit = unit_of(signal).strip() or COUNTED.sub("", str(row.get("unit") or ""))
    words = [_text(signal_word(signal)), SIGNS.get(sign, sign), _text(row["number"]), unit]
    if row.get("relative_to") not in (None, "none"):
        words.append(gettext("against the %(reading)s reading", reading=row["relative_to"]))
    rest = [f"{_label(key)}: {_text(one)}" for key, one in row.items() if key not in known]
    return ", ".join([" ".join(word for word in words if word), *rest])


def _label(key: str) -> str:
    """Return a key in words, its unit behind a comma: "Lapse, days" for lapse_days."""
    head, _, unit = key.rpartition("_")
    return f"{key_words(head)}, {UNITS[unit]}" if head and unit in UNITS else key_words(key)


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if value is None:
        return gettext("none")
    return CODE.sub(lambda found: found[0].replace("_", " "), str(value))
