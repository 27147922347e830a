"""The visits of each phase as people ask for them: a number of visits, or of weeks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import gettext, ngettext
from wtforms import Field, Form, SelectField, StringField, ValidationError
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import Optional

from clinic.planning.slots import count_of, places_of, visits_in, weekly_choices
from clinic.planning.wishes import Wishes
from clinic.rules.data import Node
from clinic.rules.protocols import Protocol
from clinic.rules.steps import Choice, Step
from clinic.rules.visit_kinds import Place, VisitKind
from clinic.web.present import key_words

PLACE = "place"
VISITS, EVERY, WEEKLY = "visits_", "every_", "weekly_"
EXTENT = re.compile(r"(\d{1,3})\s*(w|wk|wks|weeks?|visits?|sessions?)?", re.IGNORECASE)
FIRST_DAY = date(2000, 1, 3)  # of wishes of which only the visits a week are read


@dataclass(frozen=True, slots=True)
class Extent:
    """How long a phase goes on: so many visits, or so many weeks."""

    number: int
    is_weeks: bool


def read_extent(text: str) -> Extent:
    """Return what was typed, for example "6" or "12 weeks"; a form's error for anything else."""
    match = EXTENT.fullmatch(text.strip())
    if match is None:
        raise ValidationError(gettext("Give a number of visits or of weeks: 6, or 12 weeks."))
    return Extent(int(match[1]), (match[2] or "").lower().startswith("w"))


def allowed(step: Step) -> Callable[[Form, Field], None]:
    """Return a validator that refuses what the protocol does not allow for a phase."""

    def check(form: Form, field: Field) -> None:
        visits = _visits(read_extent(field.data), step, form)
        most = visits if step.count.most is None else step.count.most
        if not step.count.least <= visits <= most:
            words = gettext("Give %(range)s visits, this is %(n)s.", n=visits, range=_range(step))
            raise ValidationError(words)

    return check


def _visits(extent: Extent, step: Step, form: Form) -> int:
    if not extent.is_weeks:
        return extent.number
    every, weekly = (
        {key: int(text) for key, text in typed(form, prefix).items() if text.isdecimal()}
        for prefix in (EVERY, WEEKLY)
    )
    most = int(text) if (text := str(form["per_week"].data)).isdecimal() else None
    wishes = Wishes(FIRST_DAY, per_week=most, every=every, weekly=weekly)
    return visits_in(step, wishes, extent.number)


def phase_fields(protocol: Protocol) -> dict[str, Field]:
    """Return the fields of each step whose number of visits, or weeks between, can be chosen."""
    found: dict[str, Field] = {}
    others = list(weekly_choices(protocol))[1:]
    for step in protocol.steps:
        if step.count.least != step.count.most:
            found[VISITS + step.key] = StringField(
                key_words(step.key),
                description=_usual(step),
                validators=[Optional(), allowed(step)],
            )
        if len(step.every_weeks.options) > 1:
            found[EVERY + step.key] = _often(step, step.every_weeks, every_words)
        if step.key in others and step.weekly_limit and len(step.weekly_limit.options) > 1:
            found[WEEKLY + step.key] = _often(step, step.weekly_limit, weekly_words)
    return found


def place_field(protocol: Protocol, kinds: Mapping[str, VisitKind]) -> dict[str, Field]:
    """Return the field for talks that need not be on site; none where every visit has to be."""
    offered = places_of(protocol.steps, kinds)
    if offered == (Place.ROOM,):
        return {}
    words = {
        Place.ROOM: gettext("on site"),
        Place.VIDEO: gettext("by video, where the treatment allows it"),
        Place.PHONE: gettext("by telephone, where the treatment allows it"),
    }
    choices = [SelectChoice(place.value, words[place]) for place in offered]
    return {PLACE: SelectField(gettext("Talks"), choices=choices, default=Place.ROOM.value)}


def place_words(place: str) -> str:
    """Return what was asked of the talks in words, "" for those on site."""
    words = {Place.VIDEO: gettext("talks by video"), Place.PHONE: gettext("talks by telephone")}
    return words.get(Place(place), "")


def _often(step: Step, choice: Choice, words: Callable[[int], str]) -> Field:
    others = [SelectChoice(str(n), words(n)) for n in choice.options if n != choice.default]
    return SelectField(
        gettext("How often: %(phase)s", phase=key_words(step.key)),
        choices=[SelectChoice("", words(choice.default)), *others],
        default="",
    )


def weekly_words(visits: int) -> str:
    """Return how many visits a week, for example "2 a week"."""
    return gettext("%(n)s a week", n=visits)


def every_words(weeks: int) -> str:
    """Return how far apart visits are, for example "every 2 weeks"."""
    return ngettext("every week", "every %(num)s weeks", weeks)


def wished_phases(kept: Node) -> dict[str, str]:
    """Return the fields for the counts and weeks that are kept with a course."""
    found: dict[str, str] = {}
    for name, prefix, words in (
        ("weeks", VISITS, "%(n)s weeks"),
        ("counts", VISITS, "%(n)s"),
        ("every", EVERY, "%(n)s"),
        ("weekly", WEEKLY, "%(n)s"),
    ):
        members = kept.optional(name)
        for key, one in members.entries() if members else ():
            found[prefix + key] = words % {"n": one.whole()}
    return found


def by_phase(form: Form) -> list[list[Field]]:
    """Return the fields of each phase, one list a phase; none before a treatment is chosen."""
    found: dict[str, list[Field]] = {}
    for field in form:
        for prefix in (VISITS, EVERY, WEEKLY):
            if field.name.startswith(prefix):
                found.setdefault(field.name.removeprefix(prefix), []).append(field)
    return list(found.values())


def typed(form: Form, prefix: str) -> dict[str, str]:
    """Return by step what was typed in the fields of a kind, without the empty ones."""
    return {
        field.name.removeprefix(prefix): field.data
        for field in form
        if field.name.startswith(prefix) and field.data
    }


def with_phases(wishes: Wishes, form: Form) -> Wishes:
    """Return the wishes with what a valid form says of the phases."""
    extents = {key: read_extent(text) for key, text in typed(form, VISITS).items()}
    return replace(
        wishes,
        counts={key: one.number for key, one in extents.items() if not one.is_weeks},
        weeks={key: one.number for key, one in extents.items() if one.is_weeks},
        every={key: int(text) for key, text in typed(form, EVERY).items()},
        weekly={key: int(text) for key, text in typed(form, WEEKLY).items()},
    )


def phase_words(wishes: Wishes) -> list[str]:
    """Return what was asked of each phase in words, for example "Monthly: 26 weeks"."""
    found = {
        key: [ngettext("%(num)s visit", "%(num)s visits", n)] for key, n in wishes.counts.items()
    }
    for key, n in wishes.weeks.items():
        found.setdefault(key, [ngettext("%(num)s week", "%(num)s weeks", n)])
    for key, n in wishes.every.items():
        found.setdefault(key, []).append(every_words(n))
    for key, n in wishes.weekly.items():
        found.setdefault(key, []).append(weekly_words(n))
    return [f"{key_words(key)}: {', '.join(words)}" for key, words in found.items()]


def _usual(step: Step) -> str:
    usual = count_of(step, Wishes(FIRST_DAY))
    return gettext("usually %(n)s, allowed %(range)s", n=usual, range=_range(step))


def _range(step: Step) -> str:
    least, most = step.count.least, step.count.most
    return gettext("%(n)s or more", n=least) if most is None else f"{least}–{most}"
