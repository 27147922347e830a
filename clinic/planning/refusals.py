"""Refusals: coded reasons why a visit cannot be held, and warnings on a plan; never sentences."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Code(StrEnum):
    """Why a start, a day or a visit is refused, or what a plan warns of."""

    CLINIC_CLOSED = "clinic_closed"
    DAY_NOT_ALLOWED = "day_not_allowed"
    PATIENT_AWAY = "patient_away"
    PATIENT_BUSY = "patient_busy"
    OUTSIDE_WINDOW = "outside_window"
    NO_SUCH_RESOURCE = "no_such_resource"
    DEVICE_BUSY = "device_busy"
    DEVICE_CLOSED = "device_closed"
    NOBODY_QUALIFIED_ON_SHIFT = "nobody_qualified_on_shift"
    STAFF_BUSY = "staff_busy"
    NOT_TOGETHER = "not_together"
    BEFORE_START = "before_start"
    BEFORE_PREVIOUS = "before_previous"
    PER_DAY_LIMIT = "per_day_limit"
    GAP_BELOW_MINIMUM = "gap_below_minimum"
    GAP_ABOVE_MAXIMUM = "gap_above_maximum"
    PHASE_STARTS_LATER = "phase_starts_later"
    WEEKLY_LIMIT = "weekly_limit"
    DAY_BLOCK = "day_block"
    WEEKS_APART = "weeks_apart"
    WINDOW_AFTER_VISIT = "window_after_visit"
    NOT_SUPPORTED_YET = "not_supported_yet"
    TERM_ORDER = "term_order_not_supported"
    COUNT_OUT_OF_RANGE = "count_out_of_range"
    EVERY_NOT_OFFERED = "every_not_offered"
    PER_WEEK_NOT_OFFERED = "per_week_not_offered"
    PLACE_NOT_OFFERED = "place_not_offered"
    NOTHING_TO_PLAN = "nothing_to_plan"
    WEEK_CANNOT_HOLD = "week_cannot_hold"
    OFF_PATTERN = "off_pattern"
    LATE_AFTER_VISIT = "late_after_visit"
    STARTS_LATER = "starts_later"


@dataclass(frozen=True, slots=True)
class Reason:
    """One coded reason; `days` says on how many of the days looked at it was met."""

    code: Code
    requirement: str | None = None
    resource_id: int | None = None
    days: int = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a visit cannot start then."""

    on: date
    start_cell: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Impossible:
    """The first visit that found no place: the days looked at and what blocked them, most first."""

    step_key: str
    number: int
    from_on: date | None
    to_on: date | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801 -- `Warning` is Python's own
    """Something to show with a plan: code, number of the visit from 1 (0: the plan), amount."""

    code: Code
    visit: int = 0
    amount: int = 0
