"""Appointments: their states, the one table of transitions, and the numbers derived from them.

Codes are those of FHIR R4 AppointmentStatus. "Confirmed" is an attribute, not a status.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Status(StrEnum):
    """The ten FHIR codes of an appointment."""

    PROPOSED = "proposed"
    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    CHECKED_IN = "checked-in"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"
    WAITLIST = "waitlist"


class Outcome(StrEnum):
    """What came of a fulfilled appointment."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NOT_TREATED = "not_treated"


class CancelledBy(StrEnum):
    """Who cancelled."""

    PATIENT = "patient"
    CLINIC = "clinic"


class Verb(StrEnum):
    """What may be done to an appointment."""

    APPROVE = "approve"
    ARRIVE = "arrive"
    CHECK_IN = "check_in"
    FULFIL = "fulfil"
    NO_SHOW = "no_show"
    WITHDRAW_NO_SHOW = "withdraw_no_show"
    CANCEL = "cancel"
    ENTER_IN_ERROR = "enter_in_error"


HERE = frozenset({Status.ARRIVED, Status.CHECKED_IN})
"""The patient is in the house."""

_S = Status
TRANSITIONS: dict[Verb, tuple[frozenset[Status], Status]] = {
    Verb.APPROVE: (frozenset({_S.PROPOSED, _S.PENDING, _S.WAITLIST}), _S.BOOKED),
    Verb.ARRIVE: (frozenset({_S.BOOKED}), _S.ARRIVED),
    Verb.CHECK_IN: (frozenset({_S.BOOKED, _S.ARRIVED}), _S.CHECKED_IN),
    Verb.FULFIL: (frozenset({_S.ARRIVED, _S.CHECKED_IN}), _S.FULFILLED),
    Verb.NO_SHOW: (frozenset({_S.BOOKED}), _S.NOSHOW),
    Verb.WITHDRAW_NO_SHOW: (frozenset({_S.NOSHOW}), _S.ARRIVED),
    Verb.CANCEL: (
        frozenset({_S.PROPOSED, _S.PENDING, _S.WAITLIST, _S.BOOKED, _S.ARRIVED}),
        _S.CANCELLED,
    ),
    Verb.ENTER_IN_ERROR: (frozenset(_S) - {_S.ENTERED_IN_ERROR}, _S.ENTERED_IN_ERROR),
}
"""The one table: each verb, the states it may start from, and the state it leads to."""

ON_ITS_DAY = frozenset({Verb.ARRIVE, Verb.CHECK_IN, Verb.FULFIL, Verb.NO_SHOW})
"""What can be said of a visit once its day has come, not before."""

HOLDING = frozenset({_S.PENDING, _S.BOOKED, _S.ARRIVED, _S.CHECKED_IN, _S.FULFILLED, _S.NOSHOW})
COUNTING = frozenset({_S.PENDING, _S.BOOKED, _S.ARRIVED, _S.CHECKED_IN, _S.FULFILLED})


class TransitionRefused(ValueError):
    """The verb does not apply to an appointment in this state."""

    code = "transition_refused"

    def __init__(self, status: Status, verb: Verb) -> None:
        """Keep both, so that a sentence can name them."""
        super().__init__(self.code)
        self.status = status
        self.verb = verb


def next_status(status: Status, verb: Verb) -> Status:
    """Return the state a verb leads to, or raise TransitionRefused."""
    starts, end = TRANSITIONS[verb]
    if status not in starts:
        raise TransitionRefused(status, verb)
    return end


def possible_verbs(status: Status, *, is_to_come: bool = False) -> frozenset[Verb]:
    """Return what may be done to an appointment in this state; less while its day is to come."""
    known = {verb for verb, (starts, _end) in TRANSITIONS.items() if status in starts}
    return frozenset(known - ON_ITS_DAY if is_to_come else known)


def is_before_its_day(on: date, today: date) -> bool:
    """Say whether the day of a visit has not come yet; `today` is that of the visit's site."""
    return today < on


def holds_cells(status: Status) -> bool:
    """Say whether an appointment in this state takes up its resources."""
    return status in HOLDING


def is_late_cancel(start: datetime, now: datetime, under_hours: int) -> bool:
    """Say whether a cancellation comes less than `under_hours` before the start."""
    return start - now < timedelta(hours=under_hours)


def missed_due_at(start: datetime, grace_min: int) -> datetime:
    """Return when an appointment nobody arrived for is flagged missed."""
    return start + timedelta(minutes=grace_min)


def counts(status: Status, outcome: Outcome | None, *, partial_counts: bool = True) -> bool:
    """Say whether a visit is delivered or still planned, so that it has a number."""
    if status not in COUNTING or outcome is Outcome.NOT_TREATED:
        return False
    return outcome is not Outcome.PARTIAL or partial_counts


def counts_as_delivered(
    status: Status, outcome: Outcome | None, *, partial_counts: bool = True
) -> bool:
    """Say whether a visit is delivered: done, treated, and not to be made up."""
    return status is Status.FULFILLED and counts(status, outcome, partial_counts=partial_counts)


def fits_outcome(outcome: Outcome, reason: str | None, listed: Collection[str]) -> bool:
    """Say whether a reason fits an outcome: a complete visit has none, the others a listed one.

    `listed` are the outcome's coded reasons in the policies in force.
    """
    if reason is None:
        return outcome is Outcome.COMPLETE
    return outcome is not Outcome.COMPLETE and reason in listed


@dataclass(frozen=True, slots=True)
class Numbered:
    """What numbering needs of a visit of a course."""

    key: int
    start: datetime
    status: Status
    outcome: Outcome | None = None


def number_visits(visits: Iterable[Numbered]) -> dict[int, int]:
    """Return the number of each visit that has one: the k-th delivered or planned in time order."""
    counted = [one for one in visits if counts(one.status, one.outcome)]
    ordered = sorted(counted, key=lambda one: (one.start, one.key))
    return {one.key: number for number, one in enumerate(ordered, start=1)}
