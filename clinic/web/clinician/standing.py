"""How a chair stands in words: what presses, what is due next and by when."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from clinic.rules.vitals import Level, Signal
from clinic.rules.vitals_due import (
    Chair,
    DueKind,
    DueReading,
    Taken,
    Tone,
    is_stale,
    next_reading,
    tone_of,
)
from clinic.web import present
from clinic.web.signals import signal_word, unit_of

PRESSURES = frozenset({Signal.SYSTOLIC, Signal.DIASTOLIC})
GLYPHS = {Tone.ACT: "‼", Tone.LATE: "◷", Tone.CARE: "!", Tone.DUE: "▸", Tone.CALM: ""}
"""The sign beside the words, so that nothing rests on colour alone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a visit stands: its tone with a sign, the alarm of the last reading, and what is due."""

    tone: Tone
    glyph: str
    alarm: str
    due: str
    is_stale: bool

    @property
    def words(self) -> str:
        """Return all of it on one line, for example "ACT NOW 195/112, next reading 12:07"."""
        return ", ".join(part for part in (self.alarm, self.due) if part)


def standing(chair: Chair, *, now: datetime, zone: str) -> Standing:
    """Return how a visit stands that is not over."""
    tone = tone_of(chair, now)
    return Standing(
        tone=tone,
        glyph=GLYPHS[tone],
        alarm="" if chair.last is None else _alarm(chair.last),
        due=due_words(chair, now=now, zone=zone),
        is_stale=is_stale(chair, now),
    )


def _alarm(last: Taken) -> str:
    values = {"what": _measured(last)}
    match last.level:
        case Level.CRITICAL:
            return gettext("ACT NOW %(what)s", **values)
        case Level.HARD_HOLD:
            return gettext("NOT TODAY %(what)s", **values)
        case Level.WARN:
            return gettext("Take care %(what)s", **values)
        case Level.SOFT_HOLD:
            return gettext("Wait and repeat %(what)s", **values)
        case Level.NONE:
            return ""


def _measured(last: Taken) -> str:
    """Return what was bad: the pressure as a pair, anything else by its name."""
    others = [
        f"{signal_word(one)} {last.reading.value(one)}{unit_of(one)}"
        for one in last.signals
        if one not in PRESSURES
    ]
    is_pressure = not others or any(one in PRESSURES for one in last.signals)
    return ", ".join([pressure(last)] * is_pressure + others)


def pressure(one: Taken) -> str:
    """Return the pressure of a reading, for example "139/83"; what was not measured is a dash."""
    pair = (one.reading.systolic_mmhg, one.reading.diastolic_mmhg)
    return "/".join("–" if value is None else str(value) for value in pair)


def due_words(chair: Chair, *, now: datetime, zone: str) -> str:
    """Return what is due next with its time, and by how much it is late; empty when nothing is."""
    due = next_reading(chair, now)
    if due is not None:
        words = _reading_words(due, chair, now=now, zone=zone)
        late = due.late_min(now)
        return gettext("%(what)s, %(n)s min late", what=words, n=late) if late else words
    leaves_at = chair.leaves_at
    if leaves_at is None:
        return ""
    if now < leaves_at:
        return gettext("may leave from %(time)s", time=present.time_at(leaves_at, zone))
    return gettext("may leave: end the visit")


def _reading_words(due: DueReading, chair: Chair, *, now: datetime, zone: str) -> str:
    time = present.time_at(due.at, zone)
    match due.kind:
        case DueKind.RECHECK:
            return gettext("next reading %(time)s", time=time)
        case DueKind.POINT:
            return gettext("BP due %(time)s", time=time)
        case DueKind.WISHED:
            return gettext("BP suggested %(time)s", time=time)
        case DueKind.FINAL:
            return _final_words(due, chair, now=now, zone=zone)


def _final_words(due: DueReading, chair: Chair, *, now: datetime, zone: str) -> str:
    leaves_at = chair.leaves_at or due.at
    values = {"time": present.time_at(due.at, zone), "leave": present.time_at(leaves_at, zone)}
    if now < leaves_at < due.at:
        return gettext("may leave from %(leave)s with this BP", **values)
    if now < due.at and now < leaves_at:
        return gettext("may leave from %(leave)s, final BP from %(time)s", **values)
    if now < due.at:
        return gettext("may leave until %(time)s with this BP", **values)
    if now > leaves_at:
        return gettext("final BP now, could leave since %(leave)s", **values)
    return gettext("final BP now, may leave from %(leave)s", **values)
