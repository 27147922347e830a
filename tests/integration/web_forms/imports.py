"""The forms of an import as somebody is about to send them, and how each loses its race."""

from sqlalchemy import select

from clinic.actions.imports import close_reading, keep_rows, open_import
from clinic.models import ImportBatch, ImportRow
from clinic.models.engine import writing
from clinic.queries.imports import batch_by_public_id
from clinic.rules.import_texts import read_text
from clinic.rules.imports import RowState
from tests.conftest import NOW
from tests.integration.web_desk.conftest import MAKER
from tests.integration.web_forms.ground import Ground, WriteForm

HOME = "/imports/"
ROWS = 'Client ID,Name,DOB\n1,"Ruiz, Ana",1987-05-14\n'
COLUMNS = {"column-0": "external_id", "column-1": "name", "source": "else", "date_order": "auto"}


def draft(ground: Ground) -> str:
    """Keep a file as a draft and return its page."""
    sheet = read_text(ROWS)
    with writing(ground.desk.engine) as session:
        batch = open_import(session, sheet=sheet, by=MAKER, now=NOW)
        keep_rows(session, batch_id=batch.id, rows=sheet.rows)
        close_reading(session, batch_id=batch.id)
        return f"/imports/{batch.public_id}"


def done(ground: Ground) -> str:
    """Import a file and return the page of the import."""
    page = draft(ground)
    ground.front(f"{page}/go", page=page)
    return page


def left_out(ground: Ground, number: int) -> None:
    """Add one refused row to the only import."""
    page = newest(ground) or done(ground)
    with writing(ground.desk.engine) as session:
        batch = batch_by_public_id(session, page.rpartition("/")[2])
        session.add(
            ImportRow(
                batch_id=batch.id,
                row_no=100 + number,
                state=RowState.REFUSED,
                cells=["1", "Ruiz", "x"],
                reasons=[["date_unreadable", "birth_on", ""]],
            )
        )


def draft_row(ground: Ground, number: int) -> None:
    """Add one row to the only draft."""
    page = newest(ground) or draft(ground)
    with writing(ground.desk.engine) as session:
        batch = batch_by_public_id(session, page.rpartition("/")[2])
        cells = [f"{number}-x", f"Longname{number}, Ana", f"1987-05-1{number}"]
        session.add(
            ImportRow(
                batch_id=batch.id, row_no=100 + number, state=RowState.WAITING, cells=[*cells]
            )
        )


def newest(ground: Ground) -> str:
    """The page of the import that is there, "" while there is none."""
    with writing(ground.desk.engine) as session:
        row = session.scalars(select(ImportBatch.public_id).order_by(ImportBatch.id)).first()
    return f"/imports/{row}" if row else ""


def upload(_ground: Ground) -> WriteForm:
    return WriteForm(
        page=HOME,
        address=HOME,
        fields={"pasted": ROWS},
        kept="Ruiz, Ana",
        twin={"pasted": ROWS.replace("Ana", "Bo")},
    )


def save_columns(ground: Ground) -> WriteForm:
    page = draft(ground)
    return WriteForm(
        page=f"{page}/columns",
        address=f"{page}/columns",
        fields=COLUMNS,
        kept='value="else"',
        race=lambda: ground.front(f"{page}/go", page=page),
        says="This import has gone on meanwhile.",
    )


def go_on(ground: Ground) -> WriteForm:
    page = draft(ground)
    return WriteForm(
        page=page,
        address=f"{page}/go",
        kept="Ruiz, Ana",
        race=lambda: ground.front(f"{page}/columns", **COLUMNS),
        says="Somebody has changed the columns meanwhile.",
    )


def undo(ground: Ground) -> WriteForm:
    page = done(ground)
    return WriteForm(
        page=page,
        address=f"{page}/undo",
        race=lambda: ground.front(f"{page}/undo", page=page),
        lost=303,
    )


def discard(ground: Ground) -> WriteForm:
    page = draft(ground)
    return WriteForm(
        page=page,
        address=f"{page}/discard",
        kept="Ruiz, Ana",
        race=lambda: ground.front(f"{page}/discard", page=page),
        lost=404,
    )
