"""Forms of the front desk."""

from typing import ClassVar

from flask_babel import gettext
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from clinic.rules.people import FIRST_LANGUAGE, LANGUAGES
from clinic.web.fields import BirthField
from clinic.web.forms import ClinicForm
from clinic.web.words import lazy

NO_HISTORY = {"autocomplete": "off"}
"""The browser is not to keep, or fill in, one patient's data at another's form."""
SPOKEN = [SelectChoice(code, name) for code, name in LANGUAGES.items()]


class KnownBirth:
    """Asks for a birth date unless it is said not to be known."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __call__(self, form: "PatientForm", field: BirthField) -> None:
        """Raise StopValidation for neither; a date that was typed counts for more than the tick."""
        if field.errors:
            return
        if field.data is None and not form.birth_unknown.data:
            raise StopValidation(gettext("Write the birth date, or tick that it is not known."))


class HasAddress:
    """Refuses e-mail that is wished for without an address."""

    def __call__(self, form: "PatientForm", field: BooleanField) -> None:
        """Raise StopValidation where there is no e-mail address."""
        if field.data and not form.email.data:
            raise StopValidation(gettext("Write an e-mail address, or take this tick away."))


class PatientForm(ClinicForm):
    """What is written about a patient at the desk."""

    family = StringField(
        lazy("Family name"),
        validators=[InputRequired(lazy("Write the family name.")), Length(max=200)],
        render_kw=NO_HISTORY | {"data-focus-first": True},
    )
    given = StringField(
        lazy("Given name"),
        validators=[InputRequired(lazy("Write the given name.")), Length(max=200)],
        render_kw=NO_HISTORY,
    )
    preferred = StringField(
        lazy("Called"),
        description=lazy("What the patient likes to be called."),
        validators=[Optional(), Length(max=200)],
        render_kw=NO_HISTORY,
    )
    birth_on = BirthField(
        lazy("Birth date"),
        description=lazy("For example 5/14/1987 or 14 May 1987."),
        validators=[KnownBirth()],
        render_kw=NO_HISTORY,
    )
    birth_unknown = BooleanField(lazy("Birth date not known"))
    phone = StringField(
        lazy("Phone"),
        validators=[Optional(), Length(max=40)],
        render_kw=NO_HISTORY | {"inputmode": "tel"},
    )
    email = StringField(
        lazy("E-mail"),
        validators=[Optional(), Length(max=200)],
        render_kw=NO_HISTORY | {"inputmode": "email"},
    )
    language = SelectField(
        lazy("Language"),
        choices=SPOKEN,
        default=FIRST_LANGUAGE,
        validators=[InputRequired()],
    )
    wants_email = BooleanField(
        lazy("Send reminders and changes by e-mail"), validators=[HasAddress()]
    )
    desk_note = TextAreaField(
        lazy("Note for the desk"),
        description=lazy("Nothing clinical: everybody at the desk reads it."),
        validators=[Optional(), Length(max=4000)],
    )
    version = HiddenField(default="0")
    seen = HiddenField(default="")


class LinkForm(ClinicForm):
    """A button that makes a log-in link."""
