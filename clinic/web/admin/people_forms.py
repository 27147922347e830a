"""Forms about a person who works here: data, shifts, leave, qualifications and roles."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar

from flask_babel import gettext
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from clinic.models.base import JsonValue
from clinic.rules.setups import ALWAYS, WEEKDAYS
from clinic.web.admin.editing import SetupForm
from clinic.web.admin.rows import Entry, RowForm
from clinic.web.admin.site_forms import SpansField, clock
from clinic.web.admin.sites import DAYS
from clinic.web.admin.ticks import TicksField
from clinic.web.fields import ClockField, DayField
from clinic.web.words import lazy

MIDNIGHT = "00:00"


class PersonForm(SetupForm):
    """A person: name, how many patients at once, and whether they still work here."""

    names = ("name", "short_name", "email", "seats", "active")
    name = StringField(lazy("Name"), validators=[InputRequired(), Length(max=200)])
    short_name = StringField(
        lazy("Name on the board"), validators=[InputRequired(), Length(max=80)]
    )
    email = StringField(lazy("E-mail"), validators=[Optional(), Length(max=200)])
    seats = IntegerField(
        lazy("Patients at once"),
        default=1,
        validators=[InputRequired(), NumberRange(0, 9)],
        description=lazy("0 for somebody who is never booked; 2 for one who watches two."),
    )
    active = BooleanField(lazy("Works here"), default=True)

    def fill(self, entry: Entry) -> None:
        """Show a person of the set-up."""
        seats = entry["seats"]
        self.name.data, self.short_name.data = str(entry["name"]), str(entry["short_name"])
        self.email.data = str(entry["email"] or "")
        self.seats.data = seats if isinstance(seats, int) else 0
        self.active.data = entry["active"] is True

    def values(self) -> Entry:
        """Return the person as a set-up document has it."""
        return {
            "name": self.name.data or "",
            "short_name": self.short_name.data or "",
            "email": self.email.data or None,
            "seats": self.seats.data or 0,
            "active": bool(self.active.data),
        }


class ShiftRow(RowForm):
    """When somebody works: a site, weekdays, hours, and the dates between which it holds."""

    needed = ("hours", "days")
    parts = {"from": "hours", "to": "hours"}
    site = SelectField(lazy("Site"), validators=[InputRequired()])
    hours = SpansField(lazy("Hours"), validators=[Optional(), Length(max=40)])
    from_on = DayField(lazy("From"), validators=[Optional()])
    until_on = DayField(lazy("Until and with"), validators=[Optional()])
    days = TicksField(
        lazy("Days"),
        choices=[SelectChoice(key, name) for key, name in zip(WEEKDAYS, DAYS, strict=True)],
    )

    def fill(self, value: JsonValue) -> None:
        """Show a shift of the set-up."""
        if isinstance(value, Mapping):
            days = value["days"]
            self.site.data = str(value["site"])
            self.hours.data = f"{value['from']} to {value['to']}"
            self.days.data = [str(day) for day in days] if isinstance(days, list) else []
            fill_date(self.from_on, value["from_on"])
            fill_date(self.until_on, value["until_on"])

    def value(self) -> Entry:
        """Return the shift as a set-up document has it."""
        first, last = self.hours.spans[0]
        days: list[JsonValue] = [*(self.days.data or ())]
        return {
            "site": self.site.data or "",
            "days": days,
            "from": clock(first),
            "to": clock(last),
            "from_on": str(self.from_on.data or ALWAYS),
            "until_on": iso(self.until_on.data),
        }

    def is_right(self) -> bool:
        """Say whether the shift can be saved: one span of hours on its line."""
        is_right = super().is_right()
        if is_right and self.is_kept and len(self.hours.spans) > 1:
            self.hours.errors = [*self.hours.errors, gettext("One span of hours on each line.")]
            return False
        return is_right


class ShiftsForm(SetupForm):
    """All shifts of a person."""

    names = ("shifts",)
    listed = "shifts"


class LeaveRow(RowForm):
    """Days or hours of leave; without times, whole days; without a last day, one day."""

    open_end: ClassVar[timedelta] = timedelta(0)
    needed = ("on",)
    parts = {"from": "on", "to": "until_on"}
    key = HiddenField(default="")
    kind = HiddenField(default="")
    on = DayField(lazy("From"), validators=[Optional()])
    at = ClockField(lazy("at"), validators=[Optional()])
    until_on = DayField(lazy("Until and with"), validators=[Optional()])
    until_at = ClockField(lazy("to"), validators=[Optional()])
    reason = StringField(lazy("Words on the board"), validators=[Optional(), Length(max=200)])

    def fill(self, value: JsonValue) -> None:
        """Show a leave of the set-up."""
        if isinstance(value, Mapping):
            first = datetime.fromisoformat(str(value["from"]))
            last = datetime.fromisoformat(str(value["to"]))
            is_whole = f"{last:%H:%M}" == MIDNIGHT
            self.key.data, self.reason.data = str(value["key"]), str(value["reason"])
            self.kind.data = str(value["kind"])
            self.on.data = first.date()
            self.at.data = None if f"{first:%H:%M}" == MIDNIGHT else first.time()
            self.until_on.data = last.date() - timedelta(days=int(is_whole))
            self.until_at.data = None if is_whole else last.time()

    def value(self) -> Entry:
        """Return the leave as a set-up document has it."""
        first = self.on.data or date.min
        last, at = self.until_on.data or first + self.open_end, self.until_at.data
        end = f"{last}T{at:%H:%M}" if at else f"{last + timedelta(days=1)}T{MIDNIGHT}"
        start = f"{self.at.data:%H:%M}" if self.at.data else MIDNIGHT
        entry: Entry = {
            "from": f"{first}T{start}",
            "to": end,
            "reason": self.reason.data or "",
        }
        known = {"key": self.key.data, "kind": self.kind.data}
        return {**entry, **{name: text for name, text in known.items() if text}}


class LeaveForm(SetupForm):
    """The leave of a person that is not over; what is past stays as it was."""

    names = ("leave",)
    listed = "leave"
    past: tuple[JsonValue, ...] = ()

    def values(self) -> Entry:
        """Return all leave: that to come as typed, then that which is past."""
        return {"leave": [*(row.value() for row in self.kept), *self.past]}


class QualificationRow(RowForm):
    """What somebody is qualified for, until a day or for good."""

    needed = ("qualification",)
    parts = {"until": "until_on"}
    qualification = SelectField(lazy("Qualified for"), validators=[Optional()])
    until_on = DayField(lazy("Until and with"), validators=[Optional()])

    def fill(self, value: JsonValue) -> None:
        """Show a qualification of the set-up."""
        if isinstance(value, Mapping):
            self.qualification.data = str(value["qualification"])
            fill_date(self.until_on, value["until"])

    def value(self) -> Entry:
        """Return the qualification as a set-up document has it."""
        return {
            "qualification": self.qualification.data or "",
            "until": iso(self.until_on.data),
        }


class QualificationsForm(SetupForm):
    """All qualifications of a person."""

    names = ("qualifications",)
    listed = "qualifications"


class RoleRow(RowForm):
    """A role that somebody holds, at one site or at all, between two dates."""

    needed = ("role",)
    parts = {"from": "from_on", "until": "until_on"}
    role = SelectField(lazy("Role"), validators=[Optional()])
    site = SelectField(lazy("Site"), validators=[Optional()])
    from_on = DayField(lazy("From"), validators=[Optional()])
    until_on = DayField(lazy("Until and with"), validators=[Optional()])

    def fill(self, value: JsonValue) -> None:
        """Show a role of the set-up."""
        if isinstance(value, Mapping):
            self.role.data, self.site.data = str(value["role"]), str(value["site"] or "")
            fill_date(self.from_on, value["from"])
            fill_date(self.until_on, value["until"])

    def value(self) -> Entry:
        """Return the role as a set-up document has it."""
        return {
            "role": self.role.data or "",
            "site": self.site.data or None,
            "from": str(self.from_on.data or ALWAYS),
            "until": iso(self.until_on.data),
        }


class RolesForm(SetupForm):
    """All roles of a person."""

    names = ("roles",)
    listed = "roles"


def fill_date(field: DayField, value: JsonValue) -> None:
    """Show a date of the set-up; what holds always, or for good, is empty."""
    on = date.fromisoformat(value) if isinstance(value, str) else None
    field.data = None if on == ALWAYS else on


def iso(on: date | None) -> str | None:
    """Return a date as a set-up document has it; None for none."""
    return None if on is None else on.isoformat()


def choices(pairs: Sequence[tuple[str, str]], none: str) -> list[SelectChoice]:
    """Return choices after an empty one of this name."""
    return [SelectChoice("", none), *(SelectChoice(key, word) for key, word in pairs)]
