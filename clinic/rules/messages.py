"""What the clinic writes to patients: kinds of message, what a letter says, how long one waits."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

CHANGE_NOTICE_WAIT = timedelta(minutes=3)
"""How long a change notice stays in the outbox, so that undo sends nothing (policies.json)."""

CHANGE_NOTICE_LIFE = timedelta(days=3)
"""After this a change notice is old news: it is not sent, and the log says so."""

MAX_AMBIGUOUS_TRIES = 2
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)


class MessageKind(StrEnum):
    """Why the clinic writes. A change notice carries the kind of its change set."""

    REMINDER = "reminder"
    COURSE_BOOKED = "course_booked"
    APPOINTMENT_BOOKED = "appointment_booked"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"


@dataclass(frozen=True, slots=True)
class LetterVisit:
    """One visit as a letter names it: the local day and minute, and nothing of what it is for."""

    on: date
    minute: int
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """All that the text of a message may be made of; visits are in time order, at least one."""

    kind: MessageKind
    message_id: str
    to: str
    language: str
    clinic: str
    phone: str
    visits: tuple[LetterVisit, ...]


def pause_after(tries: int, jitter: float) -> timedelta:
    """Return how long to wait after the given number of tries, from 1 to 30 minutes.

    `jitter` between 0 and 1 spreads the tries of many messages: it adds up to half the pause.
    """
    doubled = FIRST_PAUSE * (1 << min(max(tries - 1, 0), 10))
    return min(doubled * (1 + jitter / 2), LONGEST_PAUSE)
