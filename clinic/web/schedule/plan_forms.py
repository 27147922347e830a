"""The form of a course's wishes, read as people type."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date

from flask_babel import gettext, ngettext
from wtforms import (
    BooleanField,
    Field,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from clinic.planning.courses import Plan
from clinic.planning.slots import sequence
from clinic.planning.wishes import Wishes
from clinic.rules.data import DataError, JsonValue, Node
from clinic.rules.people import BadDate, BadTime, parse_date, parse_time
from clinic.rules.protocols import Protocol, with_choice
from clinic.rules.visit_kinds import Place, VisitKind
from clinic.web.fields import too_far
from clinic.web.forms import ClinicForm
from clinic.web.present import birth_day, clock_time, route_word
from clinic.web.schedule.phases import (
    FIRST_DAY,
    PLACE,
    by_phase,
    phase_fields,
    place_field,
    wished_phases,
    with_phases,
)
from clinic.web.schedule.repeats import repeat_field
from clinic.web.words import lazy

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OPEN_DAYS = ("0", "1", "2", "3", "4")
"""The days the form offers; all of them ticked are no wish at all."""
SPAN = re.compile(r"\s*(?:\.\.|to|until|–|—)\s*")


def read_date(_form: object, field: Field) -> None:
    """Refuse what is no date, with an example."""
    if field.data:
        _date(field.data)


def read_time(_form: object, field: Field) -> None:
    """Refuse what is no hour, with an example."""
    if field.data:
        _time(field.data)


def _date(text: str) -> date:
    try:
        return parse_date(text)
    except BadDate as problem:
        if problem.args == ("date_too_far",):
            raise ValidationError(too_far()) from None
        words = gettext("Give a date, for example 1 June 2026 or 6/1/2026.")
        raise ValidationError(words) from None


def _time(text: str) -> int:
    try:
        return parse_time(text)
    except BadTime:
        raise ValidationError(gettext("Give an hour, for example 9:30 or 2 pm.")) from None


def read_away(_form: object, field: Field) -> None:
    """Refuse a line that is neither a date nor a span of dates."""
    away_dates(field.data or "")


def away_dates(text: str) -> tuple[tuple[date, date], ...]:
    """Return the spans of dates, one on each line: a date, or two with "to" between them."""
    spans = []
    for line in filter(None, (one.strip() for one in text.replace(",", "\n").splitlines())):
        first, *rest = SPAN.split(line)
        span = (_date(first), _date(rest[0]) if rest else _date(first))
        if len(rest) > 1 or span[0] > span[1]:
            raise ValidationError(gettext("Give one date or first to last on each line."))
        spans.append(span)
    return tuple(spans)


class PlanForm(ClinicForm):
    """What to plan and when the patient can come."""

    site = SelectField(lazy("Where"), validators=[InputRequired()])
    protocol = SelectField(
        lazy("Treatment"), validators=[InputRequired(lazy("Choose the treatment."))]
    )
    start_on = StringField(
        lazy("First day"),
        validators=[InputRequired(lazy("Give the first day.")), read_date],
    )
    preferred = StringField(
        lazy("Wished hour"),
        description=lazy("for example 9:30"),
        validators=[Optional(), read_time],
    )
    tolerance = SelectField(
        lazy("How far from it"),
        choices=[
            SelectChoice("", lazy("by protocol")),
            SelectChoice("0", lazy("exactly then")),
            *(SelectChoice(str(n), f"{n} min") for n in (15, 30, 60, 120)),
        ],
    )
    weekdays = SelectMultipleField(
        lazy("Days the patient can come"),
        choices=[SelectChoice(n, WEEKDAYS[int(n)]) for n in OPEN_DAYS],
        option_widget=CheckboxInput(),
        widget=ListWidget(),
    )
    window_from = StringField(lazy("Not before"), validators=[Optional(), read_time])
    window_to = StringField(lazy("Not after"), validators=[Optional(), read_time])
    prefers = SelectField(lazy("With"), default="")
    away = TextAreaField(
        lazy("Dates away"),
        description=lazy("one on each line: 10 June 2026, or 10 June 2026 to 12 June 2026"),
        validators=[Optional(), Length(max=1000), read_away],
    )
    per_week = SelectField(
        lazy("Visits a week"),
        choices=[
            SelectChoice("", lazy("by protocol")),
            *(SelectChoice(str(n), str(n)) for n in range(1, 6)),
        ],
    )
    shares_days = BooleanField(
        lazy("The prescriber allows visits on days of another course of this patient"),
    )

    def validate_window_to(self, field: Field) -> None:
        """Refuse a window that ends before it begins."""
        first, last = self.window_from, field.data
        if first.data and last and not first.errors and _time(last) <= _time(first.data):
            raise ValidationError(gettext("This is not after the hour before it."))

    def treatment(self) -> tuple[str, str | None]:
        """Return the protocol of a valid form and its variant or route, None for as it stands."""
        key, _, variant = str(self.protocol.data).partition(":")
        return key, variant or None

    def phases(self) -> list[list[Field]]:
        """Return the fields of each phase; none before a treatment is chosen."""
        return by_phase(self)

    def wishes(self) -> Wishes:
        """Return the wishes of a valid form."""
        days = frozenset(int(day) for day in self.weekdays.data or ())
        first, last = self.window_from.data, self.window_to.data
        wishes = Wishes(
            start_on=_date(self.start_on.data or ""),
            preferred_min=_time(self.preferred.data) if self.preferred.data else None,
            tolerance_min=int(self.tolerance.data) if self.tolerance.data else None,
            window=(_time(first) if first else 0, _time(last) if last else 1440)
            if first or last
            else None,
            weekdays=days if 0 < len(days) < 5 else None,
            away=away_dates(self.away.data or ""),
            per_week=int(self.per_week.data) if self.per_week.data else None,
            shares_days=bool(self.shares_days.data),
            prefers_id=int(self.prefers.data) if self.prefers.data else None,
            place=self[PLACE].data if PLACE in self else Place.ROOM,
        )
        return with_phases(wishes, self)


def plan_form(treatment: Protocol | None, kinds: Mapping[str, VisitKind]) -> type[PlanForm]:
    """Return the form with what depends on the treatment, once one is chosen.

    That is a field for each phase, one for talks that need not be on site, and one for the course
    that is repeated.
    """

    class TreatmentForm(PlanForm):
        """The wishes for a course of one treatment."""

    fields: dict[str, Field] = {}
    if treatment is not None:
        fields = repeat_field(treatment) | place_field(treatment, kinds) | phase_fields(treatment)
    for name, field in fields.items():
        setattr(TreatmentForm, name, field)
    return TreatmentForm


def treatment_of(text: str, known: Mapping[str, Protocol]) -> Protocol | None:
    """Return the protocol that the form's treatment names, None when it names none."""
    key, _, variant = text.partition(":")
    try:
        return with_choice(known[key], variant or None)
    except (KeyError, DataError):
        return None


def wished(kept: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return the fields of the form for wishes as they are kept with a course."""
    node = Node("wishes", kept)
    start, hour, most = (node.optional(one) for one in ("start_on", "preferred_min", "per_week"))
    tolerance, window = node.optional("tolerance_min"), node.optional("window")
    days, away = node.optional("weekdays"), node.optional("away")
    hours = sorted(one.whole() for one in window.items()) if window else []
    spans = [sorted(one.text() for one in span.items()) for span in away.items()] if away else []
    shares, prefers = node.optional("shares_days"), node.optional("prefers_id")
    place = node.optional("place")
    return {
        "start_on": birth_day(date.fromisoformat(start.text())) if start else "",
        "preferred": clock_time(hour.whole()) if hour else "",
        "tolerance": str(tolerance.whole()) if tolerance else "",
        "weekdays": [str(one.whole()) for one in days.items()] if days else list(OPEN_DAYS),
        "window_from": clock_time(hours[0]) if hours else "",
        "window_to": clock_time(hours[1]) if hours else "",
        "away": "\n".join(span_words(*map(date.fromisoformat, span)) for span in spans),
        "per_week": str(most.whole()) if most else "",
        "shares_days": shares.flag() if shares else False,
        "prefers": str(prefers.whole()) if prefers else "",
        "place": place.text() if place else Place.ROOM.value,
        **wished_phases(node),
    }


def span_words(first: date, last: date) -> str:
    """Return a span of dates away as the form reads it: one date, or two."""
    ends = [birth_day(first)] if first == last else [birth_day(first), birth_day(last)]
    return " to ".join(ends)


def treatment_groups(protocols: Mapping[str, Protocol]) -> dict[str, list[SelectChoice]]:
    """Return the treatments as the form offers them, by kind, those of one kind by name."""
    words = {
        "tms": gettext("TMS"),
        "kap": gettext("Ketamine with psychotherapy"),
        "ketamine": gettext("Ketamine"),
        "esketamine": gettext("Esketamine"),
    }
    found: dict[str, list[SelectChoice]] = {word: [] for word in words.values()}
    for key, protocol in sorted(protocols.items(), key=lambda pair: pair[1].name):
        word = words.get(protocol.modality, protocol.modality)
        found.setdefault(word, []).extend(_treatments(key, protocol))
    none = {"": [SelectChoice("", gettext("Choose the treatment"))]}
    return none | {word: choices for word, choices in found.items() if choices}


def treatment_key(protocol: str, variant: str | None) -> str:
    """Return what the form sends for a protocol and its variant or route."""
    return protocol if variant is None else f"{protocol}:{variant}"


def variant_name(protocol: Protocol, variant: str | None) -> str:
    """Return a variant or route in words, for the protocol as it stands its usual route or ""."""
    if variant is None:
        return route_word(protocol.default_route or "")
    return next((one.name for one in protocol.variants if one.key == variant), route_word(variant))


def _treatments(key: str, protocol: Protocol) -> list[SelectChoice]:
    """Return a protocol as it stands, after it each variant and each other route of giving."""
    routes = [one.key for one in protocol.routes if one.key != protocol.default_route]
    choices = [None, *(one.key for one in protocol.variants), *routes]
    return [
        SelectChoice(
            treatment_key(key, one),
            _treatment(with_choice(protocol, one), variant_name(protocol, one)),
        )
        for one in choices
    ]


def _treatment(protocol: Protocol, name: str) -> str:
    """Return a treatment behind its number of visits: a narrow select cuts the end of a name."""
    whole = f"{protocol.name}, {name}" if name else protocol.name
    visits = len(sequence(protocol, Wishes(FIRST_DAY)))
    return ngettext("%(num)s visit: %(name)s", "%(num)s visits: %(name)s", visits, name=whole)


def digest(plan: Plan) -> str:
    """Return a short mark of a plan, so that what is booked is what was shown."""
    text = repr([(visit.on, visit.start_cell, visit.holds) for visit in plan.visits])
    return hashlib.sha256(text.encode()).hexdigest()[:24]
