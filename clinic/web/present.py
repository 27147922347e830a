"""Shared presenters: dates, times, names, status words and the course strip.

What staff and patients read is in the words of the clinic; a patient never reads "missed".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale, gettext, ngettext

from clinic.rules.appointments import CancelledBy, Outcome, Status

NOT_FIXED = frozenset({Status.PROPOSED, Status.PENDING, Status.WAITLIST})


class MarkState(StrEnum):
    """How one visit is drawn in the strip."""

    DONE = "done"
    TODAY = "today"
    BOOKED = "booked"
    PENCILLED = "pencilled"
    MISSED = "missed"
    MAKE_UP = "makeup"
    NOT_TREATED = "nottreated"
    UNCOVERED = "uncovered"
    UNPLANNED = "unplanned"


@dataclass(frozen=True, slots=True)
class StripVisit:
    """One visit of a course as the strip needs it; `on` None is a visit not yet booked."""

    on: date | None
    status: Status = Status.BOOKED
    outcome: Outcome | None = None
    is_make_up: bool = False
    is_covered: bool = True
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of the strip with the words a screen reader says."""

    state: str
    label: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Strip:
    """The course strip: marks in week rows and the sentence that says it all."""

    label: str
    weeks: tuple[tuple[Mark, ...], ...]
    legend: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class StatusTag:
    """A status as it is shown: edge and tint by `status`, a glyph and a word."""

    status: str
    glyph: str
    word: str


def day(on: date) -> str:
    """Return a short date, for example "Tue 16 Mar"."""
    return format_date(on, "EEE d MMM", locale=_locale())


def day_with_year(on: date) -> str:
    """Return a short date with its year, for example "Tue 16 Mar 2027"."""
    return format_date(on, "EEE d MMM yyyy", locale=_locale())


def long_day(on: date) -> str:
    """Return a date as a patient reads it, for example "Tuesday 16 March"."""
    pattern = "EEEE d 'de' MMMM" if _locale() == "es" else "EEEE d MMMM"
    return format_date(on, pattern, locale=_locale())


def clock_time(minutes: int) -> str:
    """Return a local time given in minutes of the day, for example "9:05"."""
    return f"{minutes // 60 % 24}:{minutes % 60:02d}"


def patient_time(minutes: int) -> str:
    """Return a local time with its part of the day, for example "10:00 in the morning"."""
    hour = minutes // 60
    if hour < 12:
        return gettext("%(time)s in the morning", time=clock_time(minutes))
    if hour < 18:
        return gettext("%(time)s in the afternoon", time=clock_time(minutes))
    return gettext("%(time)s in the evening", time=clock_time(minutes))


def time_at(instant: datetime, zone: str) -> str:
    """Return the local time of an instant, for example "9:05"."""
    local = instant.astimezone(ZoneInfo(zone))
    return clock_time(local.hour * 60 + local.minute)


def moment_at(instant: datetime, zone: str) -> str:
    """Return local date and time of an instant, for example "Tue 16 Mar 9:05"."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{day(local.date())} {clock_time(local.hour * 60 + local.minute)}"


def minutes_long(length_min: int) -> str:
    """Return a length in words, for example "40 min" or "3 h 15 min"."""
    hours, minutes = divmod(length_min, 60)
    if not hours:
        return gettext("%(n)s min", n=minutes)
    return gettext("%(h)s h", h=hours) + (gettext(" %(n)s min", n=minutes) if minutes else "")


def sorted_name(family: str, given: str) -> str:
    """Return a name as the board shows it, for example "Price, Uma"."""
    return ", ".join(part for part in (family, given) if part)


def full_name(family: str, given: str, preferred: str = "") -> str:
    """Return a name as people say it, the preferred one in quotes."""
    nick = f"“{preferred}”" if preferred and preferred != given else ""
    return " ".join(part for part in (given, nick, family) if part)


def role_word(role: str) -> str:
    """Return a role in words."""
    return _role_words(_locale()).get(role, role.replace("_", " "))


@lru_cache(maxsize=8)
def _role_words(_language: str) -> dict[str, str]:
    return {
        "front_desk": gettext("Front desk"),
        "intake": gettext("Intake"),
        "tms_operator": gettext("TMS operator"),
        "vitals_recorder": gettext("Vitals"),
        "monitoring_clinician": gettext("Monitoring clinician"),
        "kap_therapist": gettext("KAP therapist"),
        "prescriber": gettext("Prescriber"),
        "medical_director": gettext("Medical director"),
        "authorised_representative": gettext("REMS representative"),
        "biller": gettext("Billing"),
        "clinic_admin": gettext("Administrator"),
        "patient": gettext("Patient"),
    }


def status_tag(
    status: Status,
    *,
    outcome: Outcome | None = None,
    is_confirmed: bool = False,
    cancelled_by: CancelledBy | None = None,
) -> StatusTag:
    """Return an appointment's status as staff read it."""
    return _status_tag(_locale(), status, outcome, is_confirmed, cancelled_by)


@lru_cache(maxsize=256)
def _status_tag(
    _language: str,
    status: Status,
    outcome: Outcome | None,
    is_confirmed: bool,
    cancelled_by: CancelledBy | None,
) -> StatusTag:
    """Return the tag, made once for each language: a board asks for hundreds."""
    if status is Status.FULFILLED and outcome is Outcome.NOT_TREATED:
        return StatusTag("missed", "◌", gettext("came, not treated"))
    if status is Status.FULFILLED and outcome is Outcome.PARTIAL:
        return StatusTag("done", "◑", gettext("stopped early"))
    if status is Status.BOOKED and is_confirmed:
        return StatusTag("confirmed", "✓", gettext("confirmed"))
    if status is Status.CANCELLED and cancelled_by is CancelledBy.PATIENT:
        return StatusTag("cancelled", "–", gettext("cancelled by patient"))
    if status is Status.CANCELLED:
        return StatusTag("cancelled", "–", gettext("cancelled by us"))
    return _plain_tags()[status]


def _plain_tags() -> dict[Status, StatusTag]:
    return {
        Status.PROPOSED: StatusTag("pencilled", "▨", gettext("requested")),
        Status.PENDING: StatusTag("pencilled", "▨", gettext("pencilled")),
        Status.BOOKED: StatusTag("booked", "○", gettext("booked")),
        Status.ARRIVED: StatusTag("arrived", "◔", gettext("here")),
        Status.CHECKED_IN: StatusTag("inroom", "▶", gettext("in room")),
        Status.FULFILLED: StatusTag("done", "●", gettext("done")),
        Status.NOSHOW: StatusTag("missed", "✕", gettext("did not come")),
        Status.ENTERED_IN_ERROR: StatusTag("cancelled", "–", gettext("entered by mistake")),
        Status.WAITLIST: StatusTag("pencilled", "▨", gettext("waiting for a place")),
    }


def patient_word(status: Status) -> str:
    """Return an appointment's status as the patient reads it."""
    words = {
        Status.PROPOSED: gettext("asked for"),
        Status.PENDING: gettext("not yet fixed"),
        Status.BOOKED: gettext("booked"),
        Status.ARRIVED: gettext("here"),
        Status.CHECKED_IN: gettext("here"),
        Status.FULFILLED: gettext("done"),
        Status.WAITLIST: gettext("on the list"),
        Status.CANCELLED: gettext("cancelled"),
        Status.NOSHOW: gettext("let's find you a date"),
    }
    return words.get(status, "")


def strip(visits: Iterable[StripVisit], *, today: date, for_patient: bool = False) -> Strip:
    """Return the course strip in week rows (Monday first), undated visits in a row at the end.

    Cancelled visits and entries by mistake are left out; for a patient misses are too.
    """
    shown = [v for v in visits if not _is_left_out(v, for_patient=for_patient)]
    shown.sort(key=lambda visit: visit.on or date.max)
    marks = [(visit, _mark(visit, today, for_patient=for_patient)) for visit in shown]
    return Strip(
        label=_strip_sentence([mark for _, mark in marks], for_patient=for_patient),
        weeks=_weeks(marks),
        legend=_legend([mark for _, mark in marks], for_patient=for_patient),
    )


def _is_left_out(visit: StripVisit, *, for_patient: bool) -> bool:
    if visit.status in {Status.CANCELLED, Status.ENTERED_IN_ERROR}:
        return True
    return for_patient and visit.status is Status.NOSHOW


def _weeks(marks: Sequence[tuple[StripVisit, Mark]]) -> tuple[tuple[Mark, ...], ...]:
    weeks: dict[date, list[Mark]] = {}
    for visit, mark in marks:
        on = visit.on or date.max
        monday = on if on == date.max else on - timedelta(days=on.weekday())
        weeks.setdefault(monday, []).append(mark)
    return tuple(tuple(week) for week in weeks.values())


def _mark(visit: StripVisit, today: date, *, for_patient: bool) -> Mark:
    state = _state(visit, today)
    if for_patient and state is MarkState.NOT_TREATED:
        state = MarkState.DONE
    word = _mark_word(state, for_patient=for_patient)
    label = word if visit.on is None else f"{day(visit.on)}: {word}"
    return Mark(state=state.value, label=label, address=visit.address)


def _state(visit: StripVisit, today: date) -> MarkState:
    if visit.status is Status.FULFILLED:
        is_untreated = visit.outcome is Outcome.NOT_TREATED
        return MarkState.NOT_TREATED if is_untreated else MarkState.DONE
    if visit.status is Status.NOSHOW:
        return MarkState.MISSED
    if visit.on is None:
        return MarkState.UNPLANNED
    return MarkState.TODAY if visit.on == today else _planned_state(visit)


def _planned_state(visit: StripVisit) -> MarkState:
    if visit.status in NOT_FIXED:
        return MarkState.PENCILLED
    if not visit.is_covered:
        return MarkState.UNCOVERED
    return MarkState.MAKE_UP if visit.is_make_up else MarkState.BOOKED


def _mark_word(state: MarkState, *, for_patient: bool) -> str:
    patient = {
        MarkState.PENCILLED: gettext("not yet fixed"),
        MarkState.MISSED: gettext("let's find you a date"),
        MarkState.UNCOVERED: gettext("we are asking your insurer"),
    }
    staff = {
        MarkState.DONE: gettext("done"),
        MarkState.TODAY: gettext("today"),
        MarkState.BOOKED: gettext("booked"),
        MarkState.PENCILLED: gettext("pencilled"),
        MarkState.MISSED: gettext("did not come"),
        MarkState.MAKE_UP: gettext("extra date"),
        MarkState.NOT_TREATED: gettext("came, not treated"),
        MarkState.UNCOVERED: gettext("not approved by insurer"),
        MarkState.UNPLANNED: gettext("not yet booked"),
    }
    return patient[state] if for_patient and state in patient else staff[state]


def _strip_sentence(marks: Sequence[Mark], *, for_patient: bool) -> str:
    counts = [
        f"{count} {_mark_word(state, for_patient=for_patient)}"
        for state in MarkState
        if (count := sum(1 for mark in marks if mark.state == state.value))
    ]
    total = ngettext("Course, %(num)s visit", "Course, %(num)s visits", len(marks))
    return f"{total}: {', '.join(counts)}" if counts else total


def _legend(marks: Sequence[Mark], *, for_patient: bool) -> tuple[Mark, ...]:
    present_states = {mark.state for mark in marks}
    return tuple(
        Mark(state.value, _mark_word(state, for_patient=for_patient), None)
        for state in MarkState
        if state.value in present_states
    )


def _locale() -> str:
    return str(get_locale() or "en")
