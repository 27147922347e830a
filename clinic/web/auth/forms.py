"""The forms of the way in."""

from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from clinic.actions.accounts import PASSWORD_LEAST, PASSWORD_MOST
from clinic.web.forms import ClinicForm
from clinic.web.words import lazy


class LogInForm(ClinicForm):
    """Name and password."""

    login = StringField(
        lazy("Log-in name"),
        validators=[InputRequired(lazy("Please give your log-in name.")), Length(max=200)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        lazy("Password"),
        validators=[InputRequired(lazy("Please give your password.")), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class LinkForm(ClinicForm):
    """The button that uses a one-time link up."""


class PasswordForm(ClinicForm):
    """One's own password: the present one, and the new one twice."""

    present = PasswordField(
        lazy("Present password"),
        validators=[InputRequired(lazy("Please give your present password."))],
        render_kw={"autocomplete": "current-password"},
    )
    fresh = PasswordField(
        lazy("New password"),
        description=lazy("10 characters or more. A sentence is easy to remember."),
        validators=[
            InputRequired(lazy("Please give a new password.")),
            Length(
                min=PASSWORD_LEAST,
                max=PASSWORD_MOST,
                message=lazy("The new password needs 10 to 200 characters."),
            ),
        ],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        lazy("New password again"),
        validators=[EqualTo("fresh", lazy("The two new passwords are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )
