"""What is due at the chair: the next reading, by when, and whether the last one still tells.

A dangerous reading asks for the next one itself; otherwise the protocol's points and the final
reading before leaving do. What was taken since a point covers it: nobody chases an old minute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic.rules.vitals import Level, Reading, RuleSet, Signal
from clinic.rules.vitals_care import Care
from clinic.rules.vitals_points import (
    DuePoint,
    PointState,
    earliest_leave,
    final_within,
    lay_out,
    serve_points,
)


@dataclass(frozen=True, slots=True)
class Taken:
    """One standing reading with its verdict; `recheck_min` is when its rules want the next.

    `signals` are what the rules of its level were met by.
    """

    at: datetime
    reading: Reading
    rule_set: RuleSet
    level: Level
    recheck_min: int | None = None
    signals: tuple[Signal, ...] = ()


class DueKind(StrEnum):
    """Why a reading is due: the last one was bad, a point (required or not), or leaving."""

    RECHECK = "recheck"
    POINT = "point"
    WISHED = "wished"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class DueReading:
    """One reading that is due at a moment, give or take its grace."""

    kind: DueKind
    at: datetime
    grace: timedelta = timedelta(0)

    def late_min(self, now: datetime) -> int:
        """Return how many minutes it is overdue, 0 within its grace; only what is asked is late."""
        if self.kind in (DueKind.WISHED, DueKind.FINAL) or now <= self.at + self.grace:
            return 0
        return (now - self.at) // timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Chair:
    """What is known of a session that runs: when it began, its care and its readings by time."""

    started_at: datetime | None
    care: Care | None
    taken: Sequence[Taken]
    recheck_grace: timedelta = timedelta(0)

    @property
    def last(self) -> Taken | None:
        """Return the last reading, None when there is none."""
        return self.taken[-1] if self.taken else None

    @property
    def leaves_at(self) -> datetime | None:
        """Return from when the patient may leave by the clock, None while that is not known."""
        if self.care is None or self.started_at is None:
            return None
        return earliest_leave(self.care.watch, self.care.given(self.started_at))


def next_reading(chair: Chair, now: datetime) -> DueReading | None:
    """Return the reading that is due next, one that is overdue first; None when none is.

    A reading that was only wished for is passed over once its time is gone.
    """
    found = [one for one in _open(chair, now) if one.kind is not DueKind.WISHED or now <= _end(one)]
    return min(found, key=lambda one: (one.at, one.kind is not DueKind.RECHECK), default=None)


def is_stale(chair: Chair, now: datetime) -> bool:
    """Say whether the last reading says nothing of this minute: another was due since, or wished.

    Before the session begins a reading stands as it was taken.
    """
    return any(now > _end(one) for one in _open(chair, now))


def _end(one: DueReading) -> datetime:
    return one.at + one.grace


def _open(chair: Chair, now: datetime) -> list[DueReading]:
    if chair.started_at is None:
        return []
    return [*_recheck(chair), *_points(chair, now), *_final(chair)]


def _recheck(chair: Chair) -> Iterable[DueReading]:
    last = chair.last
    if last is None or last.recheck_min is None or last.level is Level.NONE:
        return
    at = last.at + timedelta(minutes=last.recheck_min)
    yield DueReading(DueKind.RECHECK, at, chair.recheck_grace)


def _points(chair: Chair, now: datetime) -> Iterable[DueReading]:
    """Yield the points that no reading serves and that no later reading has covered."""
    if chair.care is None or chair.started_at is None:
        return
    times = [one.at for one in chair.taken]
    laid = lay_out(chair.care.points, chair.care.given(chair.started_at))
    for one in serve_points(laid, readings_at=times, now=now):
        if one.state is not PointState.SERVED and not _is_covered(one, times):
            kind = DueKind.POINT if one.point.is_required else DueKind.WISHED
            yield DueReading(kind, one.due_at, one.grace)


def _is_covered(one: DuePoint, times: Sequence[datetime]) -> bool:
    return any(at >= one.due_at for at in times)


def _final(chair: Chair) -> Iterable[DueReading]:
    """Yield the final reading: due when it may first be taken, and again when it grows too old."""
    leaves_at, care, last = chair.leaves_at, chair.care, chair.last
    within = None if care is None else final_within(care.points)
    if leaves_at is None or within is None:
        return
    opens_at, lasts = leaves_at - timedelta(minutes=within), timedelta(minutes=within)
    is_there = last is not None and last.at >= opens_at
    yield DueReading(DueKind.FINAL, last.at + lasts if last and is_there else opens_at)


class Tone(StrEnum):
    """How much a visit presses, from the most to nothing."""

    ACT = "act"
    LATE = "late"
    CARE = "care"
    DUE = "due"
    CALM = "calm"


PRESSING = {tone: rank for rank, tone in enumerate(Tone)}
"""The order of a list: what presses most first."""

_TONES = {
    Level.CRITICAL: Tone.ACT,
    Level.HARD_HOLD: Tone.ACT,
    Level.WARN: Tone.CARE,
    Level.SOFT_HOLD: Tone.CARE,
    Level.NONE: Tone.CALM,
}


def tone_of(chair: Chair, now: datetime) -> Tone:
    """Return how much the readings of a visit press at this moment."""
    due, last = next_reading(chair, now), chair.last
    by_level = Tone.CALM if last is None else _TONES[last.level]
    if by_level is Tone.ACT:
        return by_level
    if due is not None and (due.late_min(now) or _waits(chair, due, now)):
        return Tone.LATE
    if by_level is Tone.CALM and due is not None and now >= due.at - due.grace:
        return Tone.DUE
    return by_level


def _waits(chair: Chair, due: DueReading, now: datetime) -> bool:
    """Say whether somebody could leave but for the final reading, which nobody has taken."""
    leaves_at = chair.leaves_at
    return due.kind is DueKind.FINAL and leaves_at is not None and now > max(leaves_at, due.at)
