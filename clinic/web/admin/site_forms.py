"""Forms about a site: its weekly hours, its holidays, and what it is called."""

import re
from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext
from wtforms import Field, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, Optional, Regexp

from clinic.models.base import JsonValue
from clinic.rules.people import BadTime, parse_time
from clinic.rules.setups import WEEKDAYS, HolidaySpec
from clinic.schemas import Fault
from clinic.web.admin.editing import SetupForm
from clinic.web.admin.rows import Entry, RowForm
from clinic.web.admin.ticks import TicksField
from clinic.web.fields import DayField
from clinic.web.present import day_with_year
from clinic.web.words import lazy

BETWEEN = re.compile(r"\s*(?:[-\u2013\u2014]|\bto\b)\s*")
AND = re.compile(r"\s*(?:[,;+]|\band\b)\s*")
MIDNIGHT = 24 * 60
Span = tuple[int, int]


class SpansField(StringField):
    """The hours of a day, typed: 8:00 to 12:00, 13:00 to 18:00. Empty is closed."""

    spans: tuple[Span, ...] = ()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the spans, or raise ValueError with a sentence."""
        self.data = valuelist[0].strip() if valuelist else ""
        self.spans = spans_in(self.data)


def spans_in(text: str) -> tuple[Span, ...]:
    """Return typed hours as (from, to) in minutes of the day; ValueError with a sentence."""
    try:
        return tuple(_span(part) for part in AND.split(text.strip()) if part)
    except BadTime:
        raise ValueError(
            gettext("These are not hours. Type them as 8:00 to 18:00, or 8:00-12:00, 13:00-18:00.")
        ) from None


def _span(text: str) -> Span:
    first, *rest = BETWEEN.split(text.lower().strip())
    if len(rest) != 1:
        raise BadTime("time_unreadable")
    end = MIDNIGHT if rest[0] in {"24", "24:00", "0:00", "00:00"} else parse_time(rest[0])
    start = parse_time(first)
    if start >= end:
        raise ValueError(gettext("The end must come after the start."))
    return start, end


def clock(minutes: int) -> str:
    """Return a minute of the day as a set-up document has it, for example 08:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class HoursForm(SetupForm):
    """The opening hours of a week, a line for each day."""

    names = ("hours",)
    mon = SpansField(lazy("Monday"), validators=[Optional(), Length(max=80)])
    tue = SpansField(lazy("Tuesday"), validators=[Optional(), Length(max=80)])
    wed = SpansField(lazy("Wednesday"), validators=[Optional(), Length(max=80)])
    thu = SpansField(lazy("Thursday"), validators=[Optional(), Length(max=80)])
    fri = SpansField(lazy("Friday"), validators=[Optional(), Length(max=80)])
    sat = SpansField(lazy("Saturday"), validators=[Optional(), Length(max=80)])
    sun = SpansField(lazy("Sunday"), validators=[Optional(), Length(max=80)])

    @property
    def days(self) -> dict[str, SpansField]:
        """Return the fields by weekday."""
        fields = (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)
        return dict(zip(WEEKDAYS, fields, strict=True))

    def fill(self, entry: Entry) -> None:
        """Show the hours of a site."""
        texts: dict[str, list[str]] = {}
        hours = entry.get("hours")
        for one in hours if isinstance(hours, list) else ():
            if isinstance(one, Mapping) and isinstance(one["days"], list):
                for weekday in one["days"]:
                    texts.setdefault(str(weekday), []).append(f"{one['from']} to {one['to']}")
        for weekday, field in self.days.items():
            field.data = ", ".join(sorted(texts.get(weekday, [])))

    def values(self) -> Entry:
        """Return the hours as a set-up document has them."""
        hours: list[JsonValue] = [
            {"days": [weekday], "from": clock(first), "to": clock(last)}
            for weekday, field in self.days.items()
            for first, last in field.spans
        ]
        return {"hours": hours}

    def field_of(self, fault: Fault) -> Field | None:
        """Return the field of the weekday a fault names."""
        return self.days.get(str(fault.values.get("weekday")), self.mon)


class ProposalsForm(SetupForm):
    """Holidays of a country to choose from; what is there already stays."""

    names = ("holidays",)
    days = TicksField(lazy("Close the site on"))
    offered: tuple[HolidaySpec, ...] = ()
    there: tuple[JsonValue, ...] = ()

    def offer(self, proposals: Iterable[HolidaySpec], there: Sequence[JsonValue]) -> None:
        """Offer the proposals on whose day nothing is there yet."""
        self.there = tuple(there)
        taken = {str(one["on"]) for one in there if isinstance(one, Mapping)}
        self.offered = tuple(one for one in proposals if str(one.on) not in taken)
        self.days.choices = [
            SelectChoice(str(one.on), f"{day_with_year(one.on)} {one.name}") for one in self.offered
        ]

    def values(self) -> Entry:
        """Return all holidays: those that are there, then those that were ticked."""
        ticked = set(self.days.data or ())
        more: list[JsonValue] = [
            {"on": str(one.on), "name": one.name} for one in self.offered if str(one.on) in ticked
        ]
        return {"holidays": [*self.there, *more]}


class SiteForm(SetupForm):
    """What a site is called, where it is, and by which clock it goes."""

    names = ("name", "patient_name", "zone", "region", "address", "phone")
    name = StringField(lazy("Name"), validators=[InputRequired(), Length(max=200)])
    patient_name = StringField(
        lazy("Patients read"),
        validators=[InputRequired(), Length(max=200)],
        description=lazy("A neutral name: it stands in messages and calendars."),
    )
    zone = SelectField(lazy("Zone"), validators=[InputRequired()])
    region = StringField(
        lazy("Country"),
        default="US",
        validators=[
            InputRequired(),
            Regexp("^[A-Z]{2}$", message=lazy("Two capital letters, such as US.")),
        ],
        description=lazy("Two letters, such as US."),
    )
    address = StringField(lazy("Address"), validators=[Optional(), Length(max=200)])
    phone = StringField(lazy("Phone"), validators=[Optional(), Length(max=80)])

    def fill(self, entry: Entry) -> None:
        """Show a site of the set-up."""
        for name in self.names:
            self[name].data = str(entry[name])

    def values(self) -> Entry:
        """Return the site as a set-up document has it."""
        return {name: self[name].data or "" for name in self.names}

    def field_of(self, fault: Fault) -> Field | None:
        """Return the zone for what speaks against another zone."""
        return self.zone if fault.code == "zone_has_bookings" else super().field_of(fault)


class HolidayRow(RowForm):
    """A day on which the whole site is closed."""

    needed = ("on", "name_")
    parts = {"name": "name_"}
    on = DayField(lazy("Day"), validators=[Optional()])
    name_ = StringField(lazy("Holiday"), validators=[Optional(), Length(max=200)])

    def fill(self, value: JsonValue) -> None:
        """Show a holiday of the set-up."""
        if isinstance(value, Mapping):
            self.on.process_formdata([str(value["on"])])
            self.name_.data = str(value["name"])

    def value(self) -> Entry:
        """Return the holiday as a set-up document has it."""
        return {"on": str(self.on.data), "name": self.name_.data or ""}


class HolidaysForm(SetupForm):
    """The holidays of a site that are not over; what is past stays as it was."""

    names = ("holidays",)
    listed = "holidays"
    past: tuple[JsonValue, ...] = ()

    def values(self) -> Entry:
        """Return all holidays: those to come as typed, then those that are past."""
        return {"holidays": [*(row.value() for row in self.kept), *self.past]}
