"""The forms of the visit page: vitals, side effects, a mistake, and the end of a visit."""

from flask_babel import gettext
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from clinic.rules.vitals_release import Way
from clinic.web.forms import ClinicForm
from clinic.web.words import lazy

WHOLE = {"inputmode": "numeric", "autocomplete": "off", "maxlength": "3"}
SECONDARY = {"inputmode": "numeric", "autocomplete": "off", "maxlength": "2"}
WORDS_MOST = 160
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
        lazy("Systolic, mmHg"),
        validators=[InputRequired(lazy("Give the systolic pressure."))],
        render_kw=WHOLE,
    )
    diastolic = ReadingField(
        lazy("Diastolic, mmHg"),
        validators=[InputRequired(lazy("Give the diastolic pressure."))],
        render_kw=WHOLE,
    )
    pulse = ReadingField(lazy("Pulse, /min"), validators=[Optional()], render_kw=WHOLE)
    spo2 = ReadingField(lazy("SpO₂, %"), validators=[Optional()], render_kw=WHOLE)
    breathing = ReadingField(lazy("Breathing, /min"), validators=[Optional()], render_kw=SECONDARY)
    sedation = SelectField(
        lazy("Awake, MOAA/S"),
        choices=[
            SelectChoice("", lazy("not assessed")),
            SelectChoice("5", lazy("5: answers readily")),
            SelectChoice("4", lazy("4: answers slowly")),
            SelectChoice("3", lazy("3: answers when called loudly")),
            SelectChoice("2", lazy("2: answers when shaken mildly")),
            SelectChoice("1", lazy("1: answers to a painful squeeze")),
            SelectChoice("0", lazy("0: does not answer")),
        ],
        validators=[Optional()],
    )
    taken_time = StringField(
        lazy("Taken at"),
        validators=[
            Optional(),
            Regexp(f"^{TIME_PATTERN}$", message=lazy("Give a time such as 13:05.")),
        ],
        description=lazy("Empty means now"),
        render_kw={"autocomplete": "off", "maxlength": "5"},
    )
    corrects = HiddenField()


class EffectDetailsForm(ClinicForm):
    """How a side effect is: how strong, how it is now, and what was done."""

    grade = RadioField(lazy("How strong"), default="1", validators=[InputRequired()])
    free_text = StringField(lazy("In words"), validators=[Length(max=200)])
    relatedness = SelectField(lazy("Related to the treatment"), default="possible")
    action = SelectField(lazy("What was done"), default="none")
    outcome = SelectField(lazy("How it is now"), default="ongoing")
    is_serious = BooleanField(lazy("A serious event"))


class SideEffectForm(EffectDetailsForm):
    """One side effect: a tap on a term of the list logs it at the grade that is chosen."""

    term = SelectField(lazy("What"), validators=[Optional()])


class VoidForm(ClinicForm):
    """Why something on the record was a mistake."""

    reason = StringField(
        lazy("Why was it a mistake?"),
        validators=[
            InputRequired(lazy("Say in a few words why it was a mistake.")),
            Length(max=200),
        ],
    )


class TickField(SelectMultipleField):
    """A list of statements, each with a box of its own."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class FinishForm(ClinicForm):
    """What came of a visit, what was seen to, and how the patient leaves.

    An ending is complete, or an outcome with its coded reason as one choice. Nothing chosen as way
    is a release.
    """

    ending = RadioField(
        lazy("How did it end?"),
        validators=[InputRequired(lazy("Choose how it ended, with the reason."))],
    )
    ticked = TickField(lazy("Seen to"), validators=[Optional()])
    way = RadioField(
        lazy("How does the patient leave?"), default=Way.DISCHARGED.value, validators=[Optional()]
    )
    words = StringField(
        lazy("Who decided or was told, and why"),
        validators=[Length(max=WORDS_MOST)],
        render_kw={"maxlength": str(WORDS_MOST)},
    )
    is_nothing_given = BooleanField(lazy("Nothing was given"))
    version = HiddenField(default="0")
