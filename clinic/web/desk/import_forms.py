"""Forms of the import: the file, what its columns hold, and the buttons that go on."""

from collections.abc import Sequence

from flask import request
from flask_wtf.file import FileField
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, Optional

from clinic.rules.import_dates import DateOrder
from clinic.rules.imports import OUR_SOURCE, SOURCE_MOST, ColumnMap, Field
from clinic.web.forms import ClinicForm
from clinic.web.words import lazy

FIELD_WORDS = {
    Field.EXTERNAL_ID: lazy("Number in the other system"),
    Field.RECORD_NUMBER: lazy("Record number here"),
    Field.NAME: lazy("Whole name"),
    Field.FAMILY: lazy("Family name"),
    Field.GIVEN: lazy("Given name"),
    Field.MIDDLE: lazy("Middle name"),
    Field.PREFERRED: lazy("Called"),
    Field.BIRTH: lazy("Birth date"),
    Field.MOBILE: lazy("Mobile phone"),
    Field.PHONE: lazy("Phone"),
    Field.EMAIL: lazy("E-mail"),
    Field.LANGUAGE: lazy("Language"),
    Field.DIED: lazy("Deceased"),
}
ORDERS = [
    SelectChoice(DateOrder.AUTO.value, lazy("The column shows it")),
    SelectChoice(DateOrder.MONTH_FIRST.value, lazy("Month first: 5/14/1987")),
    SelectChoice(DateOrder.DAY_FIRST.value, lazy("Day first: 14/5/1987")),
]
FILES = ".csv,.tsv,.txt,.xlsx,text/csv"


class UploadForm(ClinicForm):
    """A file of patients, or the same as pasted rows."""

    file = FileField(
        lazy("File"),
        description=lazy("CSV or Excel (.xlsx), up to 20 MB, with headings in the first row."),
        render_kw={"accept": FILES},
    )
    pasted = TextAreaField(
        lazy("Or paste rows here, with their headings"),
        validators=[Optional(), Length(max=900_000)],
        render_kw={"rows": "4", "spellcheck": "false", "autocomplete": "off"},
    )


class ColumnsForm(ClinicForm):
    """What the columns of a file hold; the columns themselves are read by `chosen_map`."""

    source = StringField(
        lazy("Which system the file is from"),
        description=lazy(
            "Its numbers are kept under this name, so that a second file adds nobody twice."
        ),
        default=OUR_SOURCE,
        validators=[InputRequired(lazy("Give the system a name.")), Length(max=SOURCE_MOST)],
    )
    date_order = SelectField(
        lazy("How dates are written"), choices=ORDERS, validators=[InputRequired()]
    )


class GoForm(ClinicForm):
    """A button of an import; `seen` says which reading of the columns its page showed."""

    seen = HiddenField(default="")


def column_name(number: int) -> str:
    """Return the name of the select of a column."""
    return f"column-{number}"


def chosen_map(form: ColumnsForm, headings: Sequence[str]) -> ColumnMap:
    """Return the map that was sent; anything that is no field is a column not read."""
    fields = {field.value: field for field in Field}
    orders = {order.value: order for order in DateOrder}
    columns = tuple(
        (heading, fields.get(request.form.get(column_name(number), "")))
        for number, heading in enumerate(headings)
    )
    order = orders.get(form.date_order.data, DateOrder.AUTO)
    return ColumnMap(columns, order, form.source.data or "")


def chosen_twins() -> frozenset[int]:
    """Return the rows that are to be added though they look like somebody who is here."""
    return frozenset(int(row) for row in request.form.getlist("twin") if row.isdecimal())
