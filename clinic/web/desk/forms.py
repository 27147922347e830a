"""Forms of the front desk."""

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, Optional

from clinic.web.fields import BirthField
from clinic.web.forms import ClinicForm
from clinic.web.words import lazy

NO_HISTORY = {"autocomplete": "off"}
"""The browser is not to keep, or fill in, one patient's data at another's form."""
LANGUAGES = [SelectChoice("en", "English"), SelectChoice("es", "Español")]


class PatientForm(ClinicForm):
    """What is written about a patient at the desk."""

    family = StringField(
        lazy("Family name"),
        validators=[InputRequired(lazy("Write the family name.")), Length(max=200)],
        render_kw=NO_HISTORY,
    )
    given = StringField(
        lazy("Given name"), validators=[Optional(), Length(max=200)], render_kw=NO_HISTORY
    )
    preferred = StringField(
        lazy("Called"),
        description=lazy("The name the patient likes to be called by."),
        validators=[Optional(), Length(max=200)],
        render_kw=NO_HISTORY,
    )
    birth_on = BirthField(
        lazy("Birth date"),
        description=lazy("For example 5/14/1987 or 14 May 1987."),
        validators=[Optional()],
        render_kw=NO_HISTORY,
    )
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
        lazy("Language"), choices=LANGUAGES, default="en", validators=[InputRequired()]
    )
    wants_email = BooleanField(lazy("Send reminders and changes by e-mail"), default=True)
    desk_note = TextAreaField(
        lazy("Note for the desk"),
        description=lazy("Nothing clinical: everybody at the desk reads it."),
        validators=[Optional(), Length(max=4000)],
    )
    version = HiddenField(default="0")
    seen = HiddenField(default="")


class LinkForm(ClinicForm):
    """A button that makes a log-in link."""
