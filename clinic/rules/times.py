"""Times: a wall time and the instant it stands for, and the five-minute quanta of a span.

Wall times are a day and a minute of the day at a site. Twice a year some of them do not exist or
exist twice; such a time is refused rather than guessed.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.rules.wall_days import QUANTUM_SECONDS

MISSING_HOUR = "time_does_not_exist"
DOUBLED_HOUR = "time_exists_twice"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUANTUM = timedelta(seconds=QUANTUM_SECONDS)


class WallTimeRefused(ValueError):
    """A wall time that stands for no instant, or for two, on a day of a clock change."""

    def __init__(self, code: str, wall: datetime, zone: str) -> None:
        """Keep the code, the wall time and the zone, so that a sentence can name them."""
        super().__init__(code)
        self.code = code
        self.wall = wall
        self.zone = zone


def to_instant(on: date, minute_of_day: int, zone: str) -> datetime:
    """Return the instant of a wall time, UTC and aware; WallTimeRefused where there is not one.

    Minute 1440 is the midnight that ends the day.
    """
    wall = datetime.combine(on, time()) + timedelta(minutes=minute_of_day)
    local = wall.replace(tzinfo=ZoneInfo(zone))
    instant = local.astimezone(UTC)
    if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise WallTimeRefused(MISSING_HOUR, wall, zone)
    if local.replace(fold=1).utcoffset() != local.utcoffset():
        raise WallTimeRefused(DOUBLED_HOUR, wall, zone)
    return instant


def quanta(start: datetime, end: datetime) -> range:
    """Return the quanta (UTC epoch in seconds // 300) that a half-open span touches."""
    return range((start - EPOCH) // QUANTUM, -((EPOCH - end) // QUANTUM))


def local_minutes(instant: datetime, zone: str) -> tuple[date, int]:
    """Return the local day and the minute of the day at which an instant falls in a zone."""
    local = instant.astimezone(ZoneInfo(zone))
    return local.date(), local.hour * 60 + local.minute


def week_of(on: date) -> date:
    """Return the Monday of the calendar week that holds a day."""
    return on - timedelta(days=on.weekday())
