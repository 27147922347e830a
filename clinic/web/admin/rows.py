"""Lists inside a set-up form: a small form for each entry, and empty ones to add more."""

import re
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from flask import request
from flask_babel import gettext
from wtforms import BooleanField, Field, HiddenField, SelectField

from clinic.models.base import JsonValue
from clinic.web.forms import ClinicForm
from clinic.web.words import lazy

Entry = dict[str, JsonValue]
MORE = 3
NUMBERED = re.compile(r"row-(\d{1,3})-")


class RowForm(ClinicForm):
    """One entry of a list. It is blank while nothing of it is filled in or chosen."""

    needed: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[dict[str, str]] = {}
    gone = BooleanField(lazy("Remove"))
    is_old = False

    def fill(self, value: JsonValue) -> None:
        """Show an entry of the set-up."""
        raise NotImplementedError

    def value(self) -> Entry:
        """Return the entry as a set-up document has it."""
        raise NotImplementedError

    @property
    def is_blank(self) -> bool:
        """Say whether nothing was entered; a choice that always stands at something is no entry."""
        own = (one for one in self.shown if not _always_chosen(one))
        return not any(field.data or field.errors for field in own)

    @property
    def is_kept(self) -> bool:
        """Say whether this entry is part of the list that is saved."""
        return not self.gone.data and not self.is_blank

    @property
    def shown(self) -> list[Field]:
        """Return the fields that a page prints."""
        hidden = (self.gone.name, self.request_key.name)
        return [field for field in self if field.name not in hidden and not is_hidden(field)]

    @property
    def hidden(self) -> list[Field]:
        """Return the fields that a page carries along."""
        return [field for field in self if is_hidden(field) and field.name != self.request_key.name]

    def is_right(self) -> bool:
        """Say whether the entry can be saved; what is missing is noted at its field."""
        fields_right = self.validate()
        if not self.is_kept:
            return bool(self.gone.data) or fields_right
        for name in self.needed:
            field = self[name]
            if not field.data and not field.errors:
                field.errors = [*field.errors, gettext("Please fill this in.")]
        return not self.errors

    def field_of(self, part: str) -> Field:
        """Return the field of a part of the entry as the set-up document names it."""
        name = self.parts.get(part, part)
        return self[name] if name in self else self[self.needed[0]]


Row = TypeVar("Row", bound=RowForm)


def rows_of(kind: type[Row], entries: Sequence[JsonValue], *, more: int = MORE) -> list[Row]:
    """Return the rows as they were sent, or those of these entries and some blank ones."""
    if request.method == "POST":
        sent = {int(found[1]) for name in request.form if (found := NUMBERED.match(name))}
        return [_row(kind, number) for number in sorted(sent)]
    rows = [_row(kind, number) for number in range(len(entries) + more)]
    for row, entry in zip(rows, entries, strict=False):
        row.fill(entry)
        row.is_old = True
    return rows


def _row(kind: type[Row], number: int) -> Row:
    return kind(prefix=f"row-{number}-", meta={"csrf": False})


def _always_chosen(field: Field) -> bool:
    return isinstance(field, SelectField) and bool(field.flags.required)


def is_hidden(field: Field) -> bool:
    """Say whether a field is not for the eye."""
    return isinstance(field, HiddenField)
