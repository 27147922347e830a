"""Patients from another system: send the file, say what its columns hold, look, let it go in.

Open to the desk and to the administrator. A form does some seconds of the work; the page that
follows goes on by its button, which a script presses where there is one.
"""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.imports import (
    KEPT_SLICE,
    begin_import,
    begin_undo,
    close_reading,
    discard_import,
    import_slice,
    keep_rows,
    map_columns,
    open_import,
    undo_slice,
)
from clinic.actions.sheets import read_sheet
from clinic.errors import ClinicError, Conflict, RuleBroken
from clinic.models.engine import reading, writing
from clinic.models.imports import ImportBatch
from clinic.queries.imports import batch_by_public_id, headings_of, map_for, map_of
from clinic.rules.actors import Actor
from clinic.rules.import_texts import Sheet, read_text
from clinic.rules.imports import BatchState, ColumnMap, check_map
from clinic.rules.permissions import Door, Permission
from clinic.web.desk.import_forms import (
    ColumnsForm,
    GoForm,
    UploadForm,
    chosen_map,
    chosen_twins,
)
from clinic.web.desk.import_pages import (
    ColumnLine,
    ImportPage,
    column_lines,
    import_lines,
    import_page,
    left_out_csv,
    map_mark,
)
from clinic.web.errors import form_again
from clinic.web.guard import may_open, needs, open_doors
from clinic.web.looks import note_look
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.shell import in_menu, say
from clinic.web.words import lazy

blueprint = open_doors(Blueprint("imports", __name__, url_prefix="/imports"), Door.DESK, Door.ADMIN)

LIST = "desk/import.html"
COLUMNS = "desk/import_columns.html"
PAGE = "desk/import_batch.html"
UPLOAD = "imports.upload"
FILE_MOST = 20 * 1024 * 1024
SLICES = 10
"""Slices of one form: about three seconds, a thousand patients."""


@blueprint.url_value_preprocessor
def let_the_file_in(endpoint: str | None, _values: object) -> None:
    """Let a large body into the one view that takes a file, for those who may use it.

    Stands before the guard, which reads the form and with it the size.
    """
    if endpoint == UPLOAD and may_open(current_app, UPLOAD, current_clinic().actor):
        request.max_content_length = FILE_MOST


def only_here(actor: Actor) -> bool:
    """Say whether this is somebody who cannot come here from the list of patients."""
    return not actor.may(Permission.SEE_PATIENTS)


@blueprint.get("/")
@in_menu(lazy("Import"), position=95, shown_to=only_here)
@needs(Permission.IMPORT_PATIENTS)
def list_imports() -> str:
    """Show the form for a file, and what was imported before."""
    return render_template(LIST, form=UploadForm(), problem=None, lines=_lines())


def _lines() -> object:
    with reading(current_clinic().engine) as unit:
        return import_lines(unit)


@blueprint.post("/")
@needs(Permission.IMPORT_PATIENTS)
def upload() -> Response:
    """Read a file, keep its rows as a draft, and forget the file."""
    form = UploadForm()
    if not form.validate():
        return form_again(LIST, None, form=form, lines=_lines())
    try:
        sheet = _sheet(form)
        target = _stage(sheet)
    except ClinicError as problem:
        return form_again(LIST, problem, form=form, lines=_lines())
    return see_other(target)


def _sheet(form: UploadForm) -> Sheet:
    """Return the rows that were sent, as a file or pasted."""
    sent = form.file.data
    if sent:
        with sent.stream as stream:
            return read_sheet(stream.read())
    if not form.pasted.data:
        raise RuleBroken("import_file_missing")
    return read_text(form.pasted.data)


def _stage(sheet: Sheet) -> str:
    """Keep the rows with a new batch, in portions; return where to look at it."""
    here = current_clinic()
    opened: list[int] = []

    def begin(unit: Session) -> str:
        batch = open_import(unit, sheet=sheet, by=here.actor, now=here.now)
        opened.append(batch.id)
        _, is_remembered = map_for(unit, sheet.headings)
        page = "imports.show_import" if is_remembered else "imports.show_columns"
        return url_for(page, batch=batch.public_id)

    with writing(here.engine) as unit:
        target = run_once(unit, lambda: begin(unit))
    if not opened:  # this very form was sent before
        return target
    for start in range(0, len(sheet.rows), KEPT_SLICE):
        with writing(here.engine) as unit:
            keep_rows(unit, batch_id=opened[0], rows=sheet.rows[start : start + KEPT_SLICE])
    with writing(here.engine) as unit:
        close_reading(unit, batch_id=opened[0])
    return target


@blueprint.get("/<batch>/columns")
@needs(Permission.IMPORT_PATIENTS)
def show_columns(batch: str) -> str:
    """Show what each column is taken to hold, with a few of its values."""
    with reading(current_clinic().engine) as unit:
        row = batch_by_public_id(unit, batch)
        chosen = map_of(row)
        _, is_remembered = map_for(unit, headings_of(row))
        lines = column_lines(unit, row, chosen)
    note_look("see_import", subject="import", subject_id=row.id)
    form = ColumnsForm(data={"source": chosen.source, "date_order": chosen.date_order.value})
    return render_template(
        COLUMNS, form=form, problem=None, lines=lines, batch=batch, is_remembered=is_remembered
    )


@blueprint.post("/<batch>/columns")
@needs(Permission.IMPORT_PATIENTS)
def save_columns(batch: str) -> Response:
    """Keep what the columns hold, for this file and the next with these headings."""
    here, form = current_clinic(), ColumnsForm()
    with reading(here.engine) as unit:
        row = batch_by_public_id(unit, batch)
    if not form.validate():
        return _columns_again(row, form, None)
    try:
        chosen = chosen_map(form, headings_of(row))
        check_map(chosen)
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: _mapped(unit, row, chosen))
    except ClinicError as problem:
        return _columns_again(row, form, problem)
    return see_other(target)


def _mapped(unit: Session, row: ImportBatch, chosen: ColumnMap) -> str:
    here = current_clinic()
    map_columns(unit, batch_id=row.id, column_map=chosen, by=here.actor, now=here.now)
    return url_for("imports.show_import", batch=row.public_id)


def _columns_again(row: ImportBatch, form: ColumnsForm, problem: ClinicError | None) -> Response:
    with reading(current_clinic().engine) as unit:
        lines: list[ColumnLine] = column_lines(unit, row, chosen_map(form, headings_of(row)))
    return form_again(
        COLUMNS, problem, form=form, lines=lines, batch=row.public_id, is_remembered=False
    )


@blueprint.get("/<batch>")
@needs(Permission.IMPORT_PATIENTS)
def show_import(batch: str) -> Response:
    """Show an import: the dry run of a draft, how far it is, or what became of its rows."""
    try:
        page = _page(batch)
    except RuleBroken:  # a draft of which nobody has said yet where the names are
        return see_other(url_for("imports.show_columns", batch=batch))
    note_look("see_import", subject="import", subject_id=page.id)
    return make_response(render_template(PAGE, problem=None, **_shown(page)))


def _page(batch: str) -> ImportPage:
    here = current_clinic()
    with reading(here.engine) as unit:
        return import_page(unit, batch_by_public_id(unit, batch), here.now)


def _shown(page: ImportPage) -> dict[str, object]:
    form = GoForm(formdata=None, seen=page.seen)  # what was seen is what this page shows
    may_see = current_clinic().actor.may(Permission.SEE_PATIENTS)
    return {"page": page, "form": form, "may_see": may_see}


@blueprint.post("/<batch>/go")
@needs(Permission.IMPORT_PATIENTS)
def go_on(batch: str) -> Response:
    """Let a draft go in, or go on where the last form ended."""
    return _work(batch, _begin_if_draft, import_slice)


@blueprint.post("/<batch>/undo")
@needs(Permission.IMPORT_PATIENTS)
def undo(batch: str) -> Response:
    """Take a batch back, or go on with that; who has anything here by now stays."""
    return _work(batch, _begin_undo, undo_slice)


def _work(
    batch: str, begin: Callable[[Session, ImportBatch], None], slice_: Callable[..., bool]
) -> Response:
    """Begin if it has not begun, do some slices, and lead to the page of the import."""
    here = current_clinic()
    try:
        with writing(here.engine) as unit:
            row = batch_by_public_id(unit, batch)
            begin(unit, row)
        for _ in range(SLICES):
            with writing(here.engine) as unit:
                if not slice_(unit, batch_id=row.id, by=here.actor, now=here.now):
                    break
    except ClinicError as problem:
        return form_again(PAGE, problem, **_shown(_page(batch)))
    return see_other(url_for("imports.show_import", batch=batch))


def _begin_if_draft(unit: Session, row: ImportBatch) -> None:
    """Begin an import as its page showed it; one that has begun just goes on."""
    here = current_clinic()
    if row.state is BatchState.DRAFT:
        seen = map_of(row)
        if request.form.get("seen") != map_mark(seen):
            raise Conflict("import_changed")
        begin_import(
            unit, batch_id=row.id, seen=seen, wanted=chosen_twins(), by=here.actor, now=here.now
        )
    elif row.state not in (BatchState.RUNNING, BatchState.DONE):
        raise Conflict("import_elsewhere", state=row.state.value)


def _begin_undo(unit: Session, row: ImportBatch) -> None:
    here = current_clinic()
    if row.state is not BatchState.UNDOING:
        begin_undo(unit, batch_id=row.id, by=here.actor, now=here.now)


@blueprint.post("/<batch>/discard")
@needs(Permission.IMPORT_PATIENTS)
def discard(batch: str) -> Response:
    """Forget a draft, or the rows that an import left out."""
    here = current_clinic()
    try:
        with writing(here.engine) as unit:
            row = batch_by_public_id(unit, batch)
            discard_import(unit, batch_id=row.id, by=here.actor, now=here.now)
    except ClinicError as problem:
        return form_again(PAGE, problem, **_shown(_page(batch)))
    say(gettext("The rows of the file are deleted."))
    return see_other(url_for("imports.list_imports"))


@blueprint.get("/<batch>/left-out.csv")
@needs(Permission.IMPORT_PATIENTS)
def left_out(batch: str) -> Response:
    """Hand the rows that are left out back as a file, each with its reason."""
    here = current_clinic()
    with reading(here.engine) as unit:
        row = batch_by_public_id(unit, batch)
        text = left_out_csv(unit, row, here.now)
    note_look("export_left_out", subject="import", subject_id=row.id)
    answer = make_response(text.encode("utf-8-sig"))
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = "attachment; filename=left-out.csv"
    return answer
