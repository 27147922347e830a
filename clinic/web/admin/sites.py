"""How a site is shown to the administrator."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext

from clinic.queries.sites import SiteRow
from clinic.rules.setups import Hours
from clinic.web import present
from clinic.web.phones import phone_words
from clinic.web.words import lazy

DAYS = (
    lazy("Mon"),
    lazy("Tue"),
    lazy("Wed"),
    lazy("Thu"),
    lazy("Fri"),
    lazy("Sat"),
    lazy("Sun"),
)
SWITCHES = {
    "prescriber_on_site": lazy("A prescriber is on site while patients are treated"),
    "one_to_one_start": lazy("One-to-one watch at the start of a dosing"),
}


@dataclass(frozen=True, slots=True)
class HolidayView:
    """A day on which the site is closed."""

    on: str
    name: str


@dataclass(frozen=True, slots=True)
class Span:
    """Weekdays with the same hours, for example "Mon to Fri" and "8:00 to 18:00"."""

    days: str
    hours: str


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site as its section prints it."""

    key: str
    name: str
    patient_name: str
    zone: str
    address: str
    phone: str
    switches: tuple[str, ...]
    hours: tuple[Span, ...]
    holidays: tuple[HolidayView, ...]
    may_change: bool


def present_site(row: SiteRow, *, may_change: bool) -> SiteView:
    """Return a site as its section prints it, with links for whoever may change it."""
    return SiteView(
        key=row.key,
        name=row.name,
        patient_name=row.patient_name,
        zone=row.zone.replace("_", " "),
        address=row.address,
        phone=phone_words(row.phone),
        switches=tuple(_switch(name, is_on) for name, is_on in sorted(row.switches.items())),
        hours=spans(row.hours),
        holidays=tuple(
            HolidayView(present.day_with_year(one.on), one.name) for one in row.holidays
        ),
        may_change=may_change,
    )


def spans(hours: Iterable[Hours]) -> tuple[Span, ...]:
    """Return hours with the weekdays of equal ones joined, in order of the week."""
    days: dict[tuple[int, int], list[int]] = {}
    for one in hours:
        days.setdefault((one.from_min, one.to_min), []).append(one.weekday)
    ordered = sorted((sorted(set(found)), times) for times, found in days.items())
    return tuple(Span(_days(found), hours_text(*times)) for found, times in ordered)


def hours_text(from_min: int, to_min: int) -> str:
    """Return a span of the day, for example "8:00 to 18:00"; the end of the day is 24:00."""
    last = "24:00" if to_min == 24 * 60 else present.clock_time(to_min)
    return gettext("%(first)s to %(last)s", first=present.clock_time(from_min), last=last)


def _days(weekdays: list[int]) -> str:
    """Return weekdays in words; three or more in a row as a range."""
    is_row = weekdays == list(range(weekdays[0], weekdays[0] + len(weekdays)))
    if is_row and len(weekdays) > 2:
        first, last = DAYS[weekdays[0]], DAYS[weekdays[-1]]
        return gettext("%(first)s to %(last)s", first=first, last=last)
    return ", ".join(str(DAYS[day]) for day in weekdays)


def _switch(name: str, is_on: bool) -> str:
    label = str(SWITCHES.get(name, name.replace("_", " ")))
    return f"{label}: {gettext('yes') if is_on else gettext('no')}"
