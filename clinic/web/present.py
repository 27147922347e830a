"""Shared presenters: dates, times, names and status words.

What staff and patients read is in the words of the clinic; a patient never reads "missed".
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale, gettext

from clinic.rules.appointments import CancelledBy, Outcome, Status


@dataclass(frozen=True, slots=True)
class StatusTag:
    """A status as it is shown: edge and tint by `status`, a glyph and a word."""

    status: str
    glyph: str
    word: str


def day(on: date) -> str:
    """Return a short date, for example "Tue 16 Mar"."""
    return _day(on, language())


@lru_cache(maxsize=4096)
def _day(on: date, locale: str) -> str:
    return format_date(on, "EEE d MMM", locale=locale)


def day_with_year(on: date) -> str:
    """Return a short date with its year, for example "Tue 16 Mar 2027"."""
    return format_date(on, "EEE d MMM yyyy", locale=language())


def birth_day(on: date) -> str:
    """Return a birth date, for example "14 May 1987": its weekday is of no use to anybody."""
    return format_date(on, "d MMM yyyy", locale=language())


def long_day(on: date) -> str:
    """Return a date as a patient reads it, for example "Tuesday 16 March"."""
    pattern = "EEEE d 'de' MMMM" if language() == "es" else "EEEE d MMMM"
    return format_date(on, pattern, locale=language())


@lru_cache(maxsize=2048)
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


def route_word(route: str) -> str:
    """Return a way of giving a drug in words, "" for none."""
    words = {
        "im": gettext("into the muscle"),
        "sl": gettext("under the tongue"),
        "iv": gettext("as an infusion"),
        "nasal": gettext("nasal spray"),
    }
    return words.get(route, route)


def role_word(role: str) -> str:
    """Return a role in words."""
    return _role_words(language()).get(role, role.replace("_", " "))


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
    return _status_tag(language(), status, outcome, is_confirmed, cancelled_by)


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


def place_word(place: str) -> str:
    """Return where a visit is held that needs no room, "" for one that does."""
    return {"video": gettext("by video"), "phone": gettext("by telephone")}.get(place, "")


def language() -> str:
    """Return the language of the page, for example "en"."""
    return str(get_locale() or "en")


def key_words(key: str) -> str:
    """Return a key of the set-up in words, for example "TMS device" for tms_device."""
    words = key.replace("_", " ")
    return words.replace("tms", "TMS", 1) if words.startswith("tms") else words.capitalize()
