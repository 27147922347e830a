"""The clinic's clock: the only place that reads the time of the machine.

What the clinic means by time (due, sent, visits, flags) uses `Clock.now`. Machinery (sessions,
tokens, throttle, leases, heartbeat) uses `machine_now`, which nothing can drive.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


def machine_now() -> datetime:
    """Return the machine's own time, UTC and aware."""
    return datetime.now(UTC)


def parse_instant(text: str) -> datetime:
    """Return the instant written as ISO 8601 with an offset; ValueError otherwise."""
    instant = datetime.fromisoformat(text.strip())
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset, for example 2026-03-09T08:00:00-05:00")
    if not 1900 <= instant.year < 2200:
        raise ValueError("the years of the clinic's clock are 1900 to 2199")
    return instant.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that may run ahead or behind, or be held by a file that every process reads."""

    offset: timedelta = timedelta(0)
    file: Path | None = None

    def now(self) -> datetime:
        """Return the clinic's present instant, UTC and aware."""
        if self.file is not None:
            return parse_instant(self.file.read_text(encoding="utf-8"))
        return machine_now() + self.offset

    @classmethod
    def starting_at(cls, instant: datetime) -> "Clock":
        """Return a clock that shows `instant` now and runs on from there."""
        return cls(offset=instant - machine_now())
