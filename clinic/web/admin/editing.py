"""How a set-up page saves: faults by field, then what the change affects, then the change.

Nothing that is booked moves. When visits to come would no longer hold, they are listed first and
the form comes back filled; sending it once more saves it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from flask import Response, make_response, render_template
from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms import Field, HiddenField

from clinic.actions.setup_changes import Change, VisitsAffected, change_setup, version_of
from clinic.errors import ClinicError
from clinic.models.base import JsonValue
from clinic.models.engine import reading, writing
from clinic.queries.setup import Section
from clinic.schemas import DocumentRefused, Fault
from clinic.web.admin.faults import fault_words
from clinic.web.admin.rows import Entry, RowForm
from clinic.web.admin.tabs import tabs
from clinic.web.errors import form_again
from clinic.web.forms import ClinicForm
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.shell import say
from clinic.web.unheld import UnheldLine, unheld_lines

EDIT = "admin/edit.html"
MOST_SHOWN = 100
PATH = re.compile(r"\$\.\w+(?:\[0\])?(?:\.(\w+))?(?:\[(\d+)\])?(?:\.(\w+))?")


class SetupForm(ClinicForm):
    """A form about one entry of the set-up: some of its values, as they were when shown."""

    names: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[str] = ""
    version = HiddenField(default="")
    seen = HiddenField(default="")
    rows_title = ""
    rows: Sequence[RowForm] = ()

    def values(self) -> Entry:
        """Return the values as a set-up document has them: by default the one list."""
        return {self.listed: [row.value() for row in self.kept]}

    def blocks(self) -> tuple[Entry, ...]:
        """Return the closed times that are put with the values."""
        return ()

    def opened(self) -> tuple[str, ...]:
        """Return the keys of the closed times that are opened again: rows taken away."""
        gone = [row["key"].data for row in self.rows if "key" in row and not row.is_kept]
        return tuple(str(key) for key in gone if key)

    @property
    def kept(self) -> list[RowForm]:
        """Return the rows that are saved, in order."""
        return [row for row in self.rows if row.is_kept]

    @property
    def shown(self) -> list[Field]:
        """Return the fields that a page prints above the rows."""
        return [one for one in self if not isinstance(one, HiddenField)]

    def is_right(self) -> bool:
        """Say whether all that was entered can be read."""
        rows_right = [row.is_right() for row in self.rows]
        return self.validate() and all(rows_right)

    def field_of(self, fault: Fault) -> Field | None:
        """Return the field where a fault of the document was typed, None for none of them."""
        found = PATH.match(fault.path)
        name, index, part = found.groups() if found else (None, None, None)
        if name == self.listed and index is not None:
            return self.kept[int(index)].field_of(part or "")
        return self[name] if name is not None and name in self else None


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another page about the same thing."""

    label: str
    address: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Chooser:
    """A choice above the form by which the page is opened again."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class EditPage:
    """What a page of the set-up is about, and where it goes back to.

    `then` is where it leads when it is saved, "" for back.
    """

    title: str
    lead: str
    back: str
    section: Section
    key: str
    is_new: bool = False
    links: tuple[Link, ...] = ()
    chooser: tuple[Chooser, ...] = ()
    then: str = ""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A line of the summary above a form."""

    address: str
    label: str
    words: str


def show_entry(form: SetupForm, entry: Entry) -> None:
    """Remember the values as they are shown, so that nobody's change is overwritten."""
    form.version.data = version_of(entry, form.names)


def edit(page: EditPage, form: SetupForm) -> Response:
    """Show the form or save it; 303 back to the list when it is saved."""
    if not form.is_submitted():
        return make_response(render_template(EDIT, problem=None, **_context(page, form)))
    if not form.is_right():
        return form_again(EDIT, None, **_context(page, form))
    try:
        with writing(current_clinic().engine) as unit:
            target = run_once(unit, lambda: _save(unit, page, form))
    except VisitsAffected as found:
        form.seen.data = found.mark
        return _asked(page, form, found)
    except DocumentRefused as refused:
        others = _put_faults(form, refused.faults)
        return form_again(EDIT, None, **_context(page, form, others=others))
    except ClinicError as problem:
        return form_again(EDIT, problem, **_context(page, form))
    say(gettext("Saved."))
    return see_other(target)


def _save(unit: Session, page: EditPage, form: SetupForm) -> str:
    here = current_clinic()
    values: dict[str, JsonValue] = form.values()
    if page.is_new:
        values = {"key": page.key, **values}
    change = Change(
        section=page.section,
        key=page.key,
        values=values,
        version=None if page.is_new else form.version.data or "",
        seen=form.seen.data or "",
        blocks=form.blocks(),
        opened=form.opened(),
    )
    change_setup(unit, change=change, by=here.actor, now=here.now)
    return page.then or page.back


def _asked(page: EditPage, form: SetupForm, found: VisitsAffected) -> Response:
    """Show what the change would affect, with the form filled, before anything is saved."""
    with reading(current_clinic().engine) as unit:
        lines = unheld_lines(unit, found.rows)
    return make_response(
        render_template(EDIT, problem=None, **_context(page, form, affected=lines))
    )


def _put_faults(form: SetupForm, faults: Iterable[Fault]) -> list[str]:
    """Put each fault at its field and return those that have none."""
    others = []
    for fault in faults:
        field = form.field_of(fault)
        if field is None:
            others.append(fault_words(fault))
        else:
            field.errors = [*field.errors, fault_words(fault)]
    return others


def _context(
    page: EditPage,
    form: SetupForm,
    *,
    others: Sequence[str] = (),
    affected: Sequence[UnheldLine] = (),
) -> dict[str, object]:
    return {
        "tabs": tabs(),
        "page": page,
        "form": form,
        "faults": [*_problems(form), *(FieldProblem("", "", words) for words in others)],
        "affected": affected[:MOST_SHOWN],
        "count": len(affected),
    }


def _problems(form: SetupForm) -> list[FieldProblem]:
    fields = [*form, *(field for row in form.rows for field in row)]
    return [
        FieldProblem(f"#{field.id}", field.label.text, " ".join(str(one) for one in field.errors))
        for field in fields
        if field.errors
    ]
