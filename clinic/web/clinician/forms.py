"""The forms of the visit page: vitals and side effects."""

from flask_babel import gettext, lazy_gettext
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.validators import InputRequired, Length, Optional, Regexp

from clinic.web.forms import ClinicForm

WHOLE = {"inputmode": "numeric", "autocomplete": "off", "maxlength": "3"}
SECONDARY = {"inputmode": "numeric", "autocomplete": "off", "maxlength": "2"}
TIME_PATTERN = r"([01]?\d|2[0-3])[:.h]?[0-5]\d"


class ReadingField(IntegerField):
    """A whole number typed on a number pad; the words for anything else are ours."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep what was typed, so that a refused form shows it again."""
        try:
            super().process_formdata([one.strip() for one in valuelist])
        except ValueError as error:
            raise ValueError(gettext("Give a whole number.")) from error


class VitalsForm(ClinicForm):
    """One reading: pressure in mmHg, pulse per minute, SpO2 in percent, and two more if taken."""

    systolic = ReadingField(
        lazy_gettext("Systolic, mmHg"),
        validators=[InputRequired(lazy_gettext("Give the systolic pressure."))],
        render_kw=WHOLE,
    )
    diastolic = ReadingField(
        lazy_gettext("Diastolic, mmHg"),
        validators=[InputRequired(lazy_gettext("Give the diastolic pressure."))],
        render_kw=WHOLE,
    )
    pulse = ReadingField(lazy_gettext("Pulse, /min"), validators=[Optional()], render_kw=WHOLE)
    spo2 = ReadingField(lazy_gettext("SpO₂, %"), validators=[Optional()], render_kw=WHOLE)
    breathing = ReadingField(
        lazy_gettext("Breathing, /min"), validators=[Optional()], render_kw=SECONDARY
    )
    sedation = SelectField(
        lazy_gettext("Awake, MOAA/S"),
        choices=[
            ("", lazy_gettext("not assessed")),
            ("5", lazy_gettext("5: answers readily")),
            ("4", lazy_gettext("4: answers slowly")),
            ("3", lazy_gettext("3: answers when called loudly")),
            ("2", lazy_gettext("2: answers when shaken mildly")),
            ("1", lazy_gettext("1: answers to a painful squeeze")),
            ("0", lazy_gettext("0: does not answer")),
        ],
        validators=[Optional()],
    )
    taken_time = StringField(
        lazy_gettext("Taken at"),
        validators=[
            Optional(),
            Regexp(f"^{TIME_PATTERN}$", message=lazy_gettext("Give a time such as 13:05.")),
        ],
        description=lazy_gettext("Now, if left empty"),
        render_kw={"autocomplete": "off", "maxlength": "5", "placeholder": "13:05"},
    )
    corrects = HiddenField()


class SideEffectForm(ClinicForm):
    """One side effect: a tap on a term of the list logs it at the grade that is chosen."""

    grade = RadioField(lazy_gettext("How strong"), default="1", validators=[InputRequired()])
    term = SelectField(lazy_gettext("What"), validators=[Optional()])
    free_text = StringField(lazy_gettext("In words"), validators=[Length(max=200)])
    relatedness = SelectField(lazy_gettext("Related to the treatment"), default="possible")
    action = SelectField(lazy_gettext("What was done"), default="none")
    outcome = SelectField(lazy_gettext("How it is now"), default="ongoing")
    is_serious = BooleanField(lazy_gettext("A serious event"))


class VoidForm(ClinicForm):
    """Why something on the record was a mistake."""

    reason = StringField(
        lazy_gettext("Why was it a mistake?"),
        validators=[
            InputRequired(lazy_gettext("Say in a few words why it was a mistake.")),
            Length(max=200),
        ],
    )
