"""Courses: their states, and the strip that shows one mark for each visit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from clinic.rules.appointments import Outcome, Status


class CourseStatus(StrEnum):
    """Where a course stands; booking is allowed in draft, a delivered visit activates it."""

    DRAFT = "draft"
    AWAITING_AUTHORISATION = "awaiting_authorisation"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    STOPPED_EARLY = "stopped_early"
    CANCELLED_BEFORE_START = "cancelled_before_start"
    ENTERED_IN_ERROR = "entered_in_error"


RUNNING = frozenset(
    {
        CourseStatus.DRAFT,
        CourseStatus.AWAITING_AUTHORISATION,
        CourseStatus.ACTIVE,
        CourseStatus.ON_HOLD,
    }
)


class CourseVerb(StrEnum):
    """What may be done to a course."""

    ASK_INSURER = "ask_insurer"
    AUTHORISE = "authorise"
    ACTIVATE = "activate"
    HOLD = "hold"
    RELEASE = "release"
    RELEASE_UNSTARTED = "release_unstarted"
    COMPLETE = "complete"
    STOP_EARLY = "stop_early"
    CANCEL_BEFORE_START = "cancel_before_start"
    ENTER_IN_ERROR = "enter_in_error"


_C = CourseStatus
UNSTARTED = frozenset({_C.DRAFT, _C.AWAITING_AUTHORISATION})
COURSE_TRANSITIONS: dict[CourseVerb, tuple[frozenset[CourseStatus], CourseStatus]] = {
    CourseVerb.ASK_INSURER: (frozenset({_C.DRAFT}), _C.AWAITING_AUTHORISATION),
    CourseVerb.AUTHORISE: (frozenset({_C.AWAITING_AUTHORISATION}), _C.DRAFT),
    CourseVerb.ACTIVATE: (UNSTARTED, _C.ACTIVE),
    CourseVerb.HOLD: (UNSTARTED | {_C.ACTIVE}, _C.ON_HOLD),
    CourseVerb.RELEASE: (frozenset({_C.ON_HOLD}), _C.ACTIVE),
    CourseVerb.RELEASE_UNSTARTED: (frozenset({_C.ON_HOLD}), _C.DRAFT),
    CourseVerb.COMPLETE: (frozenset({_C.ACTIVE}), _C.COMPLETED),
    CourseVerb.STOP_EARLY: (frozenset({_C.ACTIVE, _C.ON_HOLD}), _C.STOPPED_EARLY),
    CourseVerb.CANCEL_BEFORE_START: (UNSTARTED | {_C.ON_HOLD}, _C.CANCELLED_BEFORE_START),
    CourseVerb.ENTER_IN_ERROR: (frozenset(_C) - {_C.ENTERED_IN_ERROR}, _C.ENTERED_IN_ERROR),
}
"""The one table: each verb, the states it may start from, and the state it leads to."""


class CourseTransitionRefused(ValueError):
    """The verb does not apply to a course in this state."""

    code = "course_transition_refused"

    def __init__(self, status: CourseStatus, verb: CourseVerb) -> None:
        """Keep both, so that a sentence can name them."""
        super().__init__(self.code)
        self.status = status
        self.verb = verb


def next_course_status(status: CourseStatus, verb: CourseVerb) -> CourseStatus:
    """Return the state a verb leads to, or raise CourseTransitionRefused."""
    starts, end = COURSE_TRANSITIONS[verb]
    if status not in starts:
        raise CourseTransitionRefused(status, verb)
    return end


def ending_verb(status: CourseStatus, *, has_delivered: bool) -> CourseVerb:
    """Return what ends a course before all is given: a stop, or cancelling what never began."""
    begun = status is CourseStatus.ACTIVE or (status is CourseStatus.ON_HOLD and has_delivered)
    return CourseVerb.STOP_EARLY if begun else CourseVerb.CANCEL_BEFORE_START


class StripMark(StrEnum):
    """The state of one mark of the course strip; each has its own shape and colour."""

    DONE = "done"
    TODAY = "today"
    BOOKED = "booked"
    PENCILLED = "pencilled"
    MISSED = "missed"
    MAKEUP = "makeup"
    NOT_TREATED = "nottreated"
    UNCOVERED = "uncovered"
    UNPLANNED = "unplanned"


NOT_FIXED = frozenset({Status.PROPOSED, Status.PENDING, Status.WAITLIST})


@dataclass(frozen=True, slots=True)
class StripVisit:
    """What the strip needs of one visit of a course; `on` None is a visit not yet booked."""

    on: date | None
    status: Status = Status.BOOKED
    outcome: Outcome | None = None
    is_make_up: bool = False
    is_covered: bool = True


def strip_mark(visit: StripVisit, today: date) -> StripMark | None:
    """Return the mark of a visit; None for one that leaves no mark (cancelled or by mistake)."""
    if visit.status in (Status.CANCELLED, Status.ENTERED_IN_ERROR):
        return None
    if visit.status is Status.NOSHOW:
        return StripMark.MISSED
    if visit.status is Status.FULFILLED:
        return StripMark.NOT_TREATED if visit.outcome is Outcome.NOT_TREATED else StripMark.DONE
    return _planned_mark(visit, today)


def _planned_mark(visit: StripVisit, today: date) -> StripMark:
    if visit.on is None:
        return StripMark.UNPLANNED
    if visit.on == today:
        return StripMark.TODAY
    if visit.status in NOT_FIXED:
        return StripMark.PENCILLED
    if not visit.is_covered:
        return StripMark.UNCOVERED
    return StripMark.MAKEUP if visit.is_make_up else StripMark.BOOKED


def same_hour(starts_min: Sequence[int]) -> tuple[int, int]:
    """Return the most frequent start (minutes of the day) and how many visits have it."""
    if not starts_min:
        return 0, 0
    best = max(sorted(set(starts_min)), key=starts_min.count)
    return best, starts_min.count(best)
