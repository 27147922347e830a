"""Forms of the schedule; the choices that depend on data are filled by the view."""

from collections.abc import Iterable, Mapping

from flask_babel import gettext
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import TextInput

from clinic.rules.appointments import Outcome
from clinic.web.block_words import CHOICES
from clinic.web.fields import ClockField, DayField
from clinic.web.forms import ClinicForm
from clinic.web.outcomes import outcome_word, reason_word
from clinic.web.words import lazy

TELL = [
    SelectChoice("yes", lazy("Yes, send a message in a few minutes")),
    SelectChoice("no", lazy("No, I have told them")),
]
TYPED_TIME = TextInput()
"""A picker would show the hours of the browser's country, and the page has hours of its own."""

SECOND = lazy("I allow a second session that day; my name is kept with it")
PLACES = [
    SelectChoice("room", lazy("On site")),
    SelectChoice("video", lazy("Video")),
    SelectChoice("phone", lazy("Telephone")),
]
CANCELLERS = [
    SelectChoice("patient", lazy("The patient")),
    SelectChoice("clinic", lazy("The clinic")),
]


class VersionedForm(ClinicForm):
    """A form about a visit as it was when it was shown."""

    version = HiddenField(default="0")

    @property
    def shown_version(self) -> int:
        """Return the version of the visit that was shown."""
        text = self.version.data or ""
        return int(text) if text.isdecimal() and len(text) < 10 else 0


class FinishForm(VersionedForm):
    """What came of a visit."""

    outcome = RadioField(lazy("How did it end?"), default="complete", validators=[InputRequired()])
    reason = SelectField(lazy("Why, if not complete"), validators=[Optional()])

    def offer(self, reasons: Mapping[Outcome, Iterable[str]]) -> None:
        """Offer the outcomes, and the coded reasons of the policies in force, each once."""
        self.outcome.choices = [SelectChoice(one.value, outcome_word(one)) for one in Outcome]
        codes = dict.fromkeys(code for listed in reasons.values() for code in listed)
        words = [SelectChoice(code, reason_word(code)) for code in codes]
        self.reason.choices = [SelectChoice("", gettext("Choose a reason")), *words]


class CancelForm(VersionedForm):
    """Who cancels a visit, why, and whether the patient is told."""

    cancelled_by = RadioField(
        lazy("Who cancels?"),
        choices=CANCELLERS,
        validators=[InputRequired(lazy("Say who cancels."))],
    )
    reason = RadioField(lazy("Why?"), validators=[InputRequired(lazy("Say why."))])
    words = StringField(lazy("In other words"), validators=[Optional(), Length(max=200)])
    tell = RadioField(
        lazy("Tell the patient?"),
        choices=TELL,
        validators=[InputRequired(lazy("Choose one: never silent, never by surprise."))],
    )

    def offer(self, reasons: Iterable[str]) -> None:
        """Offer the coded reasons of the policies in force."""
        self.reason.choices = [SelectChoice(code, reason_word(code)) for code in reasons]

    @property
    def said(self) -> str:
        """Return the reason as it is kept: the code, and the words that were added."""
        words = self.words.data or ""
        return f"{self.reason.data}: {words}" if words else str(self.reason.data)


class MoveForm(VersionedForm):
    """Where a visit goes."""

    on = DayField(lazy("Day"), validators=[InputRequired(lazy("Choose a day."))])
    at = ClockField(
        lazy("Time"), validators=[InputRequired(lazy("Choose a time."))], widget=TYPED_TIME
    )
    second = BooleanField(SECOND)
    tell = RadioField(
        lazy("Tell the patient?"),
        choices=TELL,
        validators=[InputRequired(lazy("Choose one: never silent, never by surprise."))],
    )


class VisitForm(ClinicForm):
    """A single visit to be booked: a session of a course, a make-up, a consult, a check.

    `kind` is the key of a visit kind, or a course whose next session it is.
    """

    patient = HiddenField(lazy("Patient"))
    makes_up = HiddenField(lazy("Makes up for"))
    beside = HiddenField(lazy("Device, room or person"))
    q = StringField(lazy("Find the patient"), validators=[Optional(), Length(max=80)])
    site = SelectField(lazy("Site"), validators=[InputRequired()])
    kind = SelectField(
        lazy("Kind of visit"),
        validators=[InputRequired(lazy("Choose the kind of visit."))],
        validate_choice=False,
    )
    place = SelectField(lazy("Where"), choices=PLACES, default="room", validators=[InputRequired()])
    on = DayField(lazy("Day"), validators=[InputRequired(lazy("Choose a day."))])
    at = ClockField(
        lazy("Time"), validators=[InputRequired(lazy("Choose a time."))], widget=TYPED_TIME
    )
    second = BooleanField(SECOND)


class BlockForm(ClinicForm):
    """Time that is shut."""

    owner = SelectField(
        lazy("What is closed"), validators=[InputRequired(lazy("Say what is closed."))]
    )
    kind = SelectField(lazy("Why"), choices=CHOICES)
    reason = StringField(lazy("Words on the board"), validators=[Optional(), Length(max=200)])
    from_on = DayField(lazy("From"), validators=[InputRequired(lazy("Choose the first day."))])
    from_at = ClockField(lazy("at"), validators=[InputRequired(lazy("Choose a time."))])
    to_on = DayField(lazy("Until"), validators=[InputRequired(lazy("Choose the last day."))])
    to_at = ClockField(lazy("at"), validators=[InputRequired(lazy("Choose a time."))])
    seen = HiddenField(default="")
