"""An importer for the tests: files in, slices until the end, and what the clinic holds then."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, func, select

from clinic.actions.import_verdicts import Verdict, judge
from clinic.actions.imports import (
    begin_import,
    begin_undo,
    close_reading,
    import_slice,
    keep_rows,
    map_columns,
    open_import,
    undo_slice,
)
from clinic.actions.sheets import read_sheet
from clinic.models import ImportBatch, ImportRow, Patient
from clinic.models.engine import reading, writing
from clinic.queries.imports import map_for, map_of, reasons_of, row_counts, rows_in
from clinic.rules.actors import Actor, system_actor
from clinic.rules.imports import ColumnMap, RowState, settle_dates

BY = system_actor("test")
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
FILES = Path(__file__).parents[2] / "data" / "imports"


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports files into one clinic."""

    engine: Engine
    by: Actor = BY

    def dry_run(self, data: bytes) -> list[Verdict]:
        """What would become of each row."""
        sheet = read_sheet(data)
        with reading(self.engine) as session:
            column_map, _ = map_for(session, sheet.headings)
            settled = settle_dates(column_map, [row.cells for row in sheet.rows])
            return judge(session, sheet.rows, settled, wanted=(), today=NOW.date())

    def stage(self, data: bytes, column_map: ColumnMap | None = None) -> int:
        """Keep a file as a draft and return the id of the batch."""
        sheet = read_sheet(data)
        with writing(self.engine) as session:
            batch_id = open_import(session, sheet=sheet, by=self.by, now=NOW).id
            keep_rows(session, batch_id=batch_id, rows=sheet.rows)
            close_reading(session, batch_id=batch_id)
            if column_map is not None:
                map_columns(session, batch_id=batch_id, column_map=column_map, by=self.by, now=NOW)
        return batch_id

    def begin(self, batch_id: int, wanted: Collection[int] | None = ()) -> None:
        """Let a draft go in."""
        with writing(self.engine) as session:
            seen = map_of(session.get_one(ImportBatch, batch_id))
            begin_import(session, batch_id=batch_id, seen=seen, wanted=wanted, by=self.by, now=NOW)

    def run(self, batch_id: int) -> None:
        """Do slices until none is left."""
        self._by_slices(import_slice, batch_id)

    def take(
        self,
        data: bytes,
        column_map: ColumnMap | None = None,
        wanted: Collection[int] | None = (),
    ) -> int:
        """Import a file and return the id of its batch."""
        batch_id = self.stage(data, column_map)
        self.begin(batch_id, wanted)
        self.run(batch_id)
        return batch_id

    def undo(self, batch_id: int) -> None:
        """Take a batch back."""
        with writing(self.engine) as session:
            begin_undo(session, batch_id=batch_id, by=self.by, now=NOW)
        self._by_slices(undo_slice, batch_id)

    def _by_slices(self, slice_: Callable[..., bool], batch_id: int) -> None:
        is_more = True
        while is_more:
            with writing(self.engine) as session:
                is_more = slice_(session, batch_id=batch_id, by=self.by, now=NOW)

    def counts(self, batch_id: int) -> dict[str, int]:
        """Rows of a batch by state, without the states that have none."""
        with reading(self.engine) as session:
            return {one.value: n for one, n in row_counts(session, batch_id).items() if n}

    def codes(self, batch_id: int) -> dict[int, list[tuple[str, str, str]]]:
        """Why rows of a batch are not in."""
        with reading(self.engine) as session:
            return {
                row.row_no: [(one.code, one.field, one.other) for one in reasons_of(row)]
                for row in rows_in(session, batch_id, set(RowState))
                if row.reasons
            }

    def patients(self) -> list[tuple[object, ...]]:
        """Everybody, as far as a file can say it."""
        query = select(
            Patient.family,
            Patient.given,
            Patient.preferred,
            Patient.birth_on,
            Patient.phone,
            Patient.email,
            Patient.language,
        ).order_by(Patient.id)
        with reading(self.engine) as session:
            return [tuple(row) for row in session.execute(query)]

    def count(self) -> int:
        """How many patients there are."""
        with reading(self.engine) as session:
            return session.scalars(select(func.count()).select_from(Patient)).one()

    def cells(self, batch_id: int) -> dict[int, list[object]]:
        """The cells that are still kept, by row."""
        with reading(self.engine) as session:
            rows = session.scalars(select(ImportRow).where(ImportRow.batch_id == batch_id))
            return {row.row_no: [*row.cells] for row in rows if row.cells}


def csv(*rows: str) -> bytes:
    """Lines as a file."""
    return ("\n".join(rows) + "\n").encode()
