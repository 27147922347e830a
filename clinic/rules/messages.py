"""What the clinic writes to patients: kinds of message, what a letter says, how long one waits.

All numbers come from policies.json, `messages` and `log_in`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from clinic.rules.data import JsonValue, Node


@dataclass(frozen=True, slots=True)
class MessagePolicy:
    """How long messages wait, live and pause.

    A change notice stays in the outbox for `notice_wait`, and for as long the change can be
    undone, so that undo sends nothing. After `notice_life` it is old news and is not sent.
    """

    notice_wait: timedelta
    notice_life: timedelta
    first_pause: timedelta
    longest_pause: timedelta
    most_ambiguous: int

    def can_undo(self, changed_at: datetime, now: datetime) -> bool:
        """Say whether a change may still be undone: its notice has not yet been due."""
        return now < changed_at + self.notice_wait


def message_policy(policies: Mapping[str, JsonValue]) -> MessagePolicy:
    """Return how messages are handled by the clinic's policies, or raise DataError."""
    messages = Node("$", policies).field("messages")
    notices, tries = messages.field("change_notices"), messages.field("tries")
    return MessagePolicy(
        notice_wait=_minutes(notices.field("wait_min")),
        notice_life=timedelta(days=notices.field("life_days").whole(least=1)),
        first_pause=_minutes(tries.field("first_pause_min")),
        longest_pause=_minutes(tries.field("longest_pause_min")),
        most_ambiguous=tries.field("most_ambiguous").whole(least=1),
    )


def link_life(policies: Mapping[str, JsonValue]) -> timedelta:
    """Return how long a log-in link can be used, or raise DataError."""
    return _minutes(Node("$", policies).field("log_in").field("link_life_min"))


def _minutes(node: Node) -> timedelta:
    return timedelta(minutes=node.whole(least=1))


class MessageKind(StrEnum):
    """Why the clinic writes. A change notice carries the kind of its change set."""

    REMINDER = "reminder"
    COURSE_BOOKED = "course_booked"
    COURSE_APPROVED = "course_approved"
    COURSE_ENDED = "course_ended"
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


def pause_after(tries: int, jitter: float, policy: MessagePolicy) -> timedelta:
    """Return how long to wait after the given number of tries: twice as long each time.

    `jitter` between 0 and 1 spreads the tries of many messages: it adds up to half the pause.
    """
    doubled = policy.first_pause * (1 << min(max(tries - 1, 0), 10))
    return min(doubled * (1 + jitter / 2), policy.longest_pause)
