"""The base of all forms: clean text, a request key, and no field without a label."""

import secrets
import unicodedata
from collections.abc import MutableMapping
from typing import TypeVar

from flask import request
from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from clinic.web.requests import UNSAFE_METHODS

Bound = TypeVar("Bound", bound=Field)

ALLOWED_CONTROLS = frozenset("\n\r\t")
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
NOT_CLEANED = (HiddenField, PasswordField)  # a password may begin with a space
REFUSED_CATEGORIES = frozenset({"Cc", "Cs"})


def nfc(value: str | None) -> str | None:
    """Return text in the one normal form in which it is stored, without outer spaces."""
    return None if value is None else unicodedata.normalize("NFC", value).strip()


def refuse_controls(_form: BaseForm, field: Field) -> None:
    """Refuse NUL, surrogates, control and direction-changing characters with a field error."""
    text = field.data or ""
    allowed = ALLOWED_CONTROLS if isinstance(field, TextAreaField) else frozenset()
    for character in text:
        if character in allowed:
            continue
        if character in BIDI_CONTROLS or unicodedata.category(character) in REFUSED_CATEGORIES:
            raise ValidationError(
                gettext("This contains a character that cannot be stored. Please type it again.")
            )


class CleanMeta(FlaskForm.Meta):
    """Add the text filter and check to every text field of every form."""

    def bind_field(
        self,
        form: BaseForm,
        unbound_field: "UnboundField[Bound]",
        options: MutableMapping[str, object],
    ) -> Bound:
        """Return the bound field with the clinic's filter and check in front."""
        field = super().bind_field(form, unbound_field, options)
        if isinstance(field, StringField) and not isinstance(field, NOT_CLEANED):
            field.filters = (nfc, *field.filters)
            field.validators = (refuse_controls, *field.validators)
        return field


class ClinicForm(FlaskForm):
    """A form with a CSRF token and a request key; every text field is cleaned and checked."""

    Meta = CleanMeta
    request_key = HiddenField(default=lambda: secrets.token_urlsafe(16))

    def __init__(self, **given: object) -> None:
        """Fill the form from the request, or else from `data` or `obj`."""
        super().__init__(**given)  # type: ignore[no-untyped-call] # Flask-WTF has no types

    def is_submitted(self) -> bool:
        """Say whether the form was sent."""
        return request.method in UNSAFE_METHODS
