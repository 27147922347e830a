"""`clinic import`: patients from a file of another system, and a batch taken back."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.orm import Session

from clinic.actions.import_verdicts import judge
from clinic.actions.imports import (
    KEPT_SLICE,
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
from clinic.commands.common import Clinic, answer, command_actor, json_option, open_clinic
from clinic.commands.sentences import sentence
from clinic.errors import RuleBroken
from clinic.models.base import JsonValue
from clinic.models.engine import reading, writing
from clinic.queries.imports import (
    batch_by_public_id,
    batches,
    map_for,
    reasons_of,
    row_counts,
    rows_in,
    stayed_rows,
)
from clinic.rules.actors import Actor
from clinic.rules.import_texts import LEFT_OUT_HEADINGS, Sheet, write_rows
from clinic.rules.imports import (
    ColumnMap,
    Reason,
    RowState,
    check_map,
    read_map,
    settle_dates,
)

FILE_MOST = 20 * 1024 * 1024
LEFT_OUT = (RowState.REFUSED, RowState.TWIN)
SHOWN = 20
"""So many rows are listed on a terminal; `--json` and `--refused` give all."""

OUTCOME = {
    RowState.ADDED: "added",
    RowState.KNOWN: "here already",
    RowState.TWIN: "left out: somebody of this name and birth date is here",
    RowState.REFUSED: "refused",
}
WOULD = OUTCOME | {RowState.WAITING: "would be added"}
Slice = Callable[..., bool]


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a row, or would; no word of the patient."""

    row_no: int
    state: RowState
    reasons: tuple[Reason, ...]


@click.group
def command() -> None:
    """Patients from a file of another system; a dry run, and undo.

    \b
    Example:
      clinic import patients clients.csv --dry-run
    """


@command.command
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--map", "map_file", type=click.Path(path_type=Path), help="Columns, as JSON.")
@click.option("--dry-run", is_flag=True, help="Say what would become of each row.")
@click.option("--add-twins", is_flag=True, help="Also add rows that look like a known person.")
@click.option(
    "--refused", type=click.Path(path_type=Path), help="Write the rows left out to this CSV file."
)
@json_option
@click.pass_context
def patients(
    ctx: click.Context,
    file: Path,
    map_file: Path | None,
    dry_run: bool,
    add_twins: bool,
    refused: Path | None,
    as_json: bool,
) -> None:
    """Add the patients of FILE (CSV of any kind, or .xlsx); a second time adds nobody.

    Columns are guessed from their headings, or as they were said last time. See docs/imports.md.

    \b
    Example:
      clinic import patients clients.csv --map clients.json --refused left-out.csv
    """
    clinic, actor = open_clinic(), command_actor(ctx)
    sheet = read_sheet(_bytes(file))
    column_map = _column_map(clinic, sheet, map_file)
    wanted = None if add_twins else frozenset[int]()
    batch = ""
    if dry_run:
        lines = _dry_run(clinic, sheet, column_map, wanted)
    else:
        batch = _stage(clinic, sheet, column_map, actor)
        lines = _go_in(clinic, batch, column_map, wanted, actor, is_quiet=as_json)
    if refused is not None:
        _write_left_out(refused, sheet, lines)
    _say(batch, column_map, lines, as_json=as_json)


@command.command
@click.argument("batch")
@json_option
@click.pass_context
def undo(ctx: click.Context, batch: str, as_json: bool) -> None:
    """Take the patients of BATCH out again; who has anything here by now stays.

    \b
    Example:
      clinic import undo v3wQ1x...
    """
    clinic, actor = open_clinic(), command_actor(ctx)
    with writing(clinic.engine) as session:
        batch_id = batch_by_public_id(session, batch).id
        begin_undo(session, batch_id=batch_id, by=actor, now=clinic.now())
    _by_slices(clinic, undo_slice, batch_id, actor, is_quiet=as_json)
    with reading(clinic.engine) as session:
        removed = row_counts(session, batch_id)[RowState.REMOVED]
        stayed = stayed_rows(session, batch_id)
    if as_json:
        rows: list[JsonValue] = [
            {
                "row": one.row_no,
                "record_number": one.record_number,
                "has": [reason.field for reason in one.reasons],
            }
            for one in stayed
        ]
        answer({"removed": removed, "stayed": rows})
        return
    click.echo(f"{removed} removed, {len(stayed)} stayed")
    for one in stayed:
        has = ", ".join(reason.field.replace("_", " ") for reason in one.reasons)
        click.echo(f"  row {one.row_no}, record {one.record_number}: has {has}")


@command.command("list")
@json_option
def list_batches(as_json: bool) -> None:
    """List the latest imports.

    \b
    Example:
      clinic import list
    """
    with reading(open_clinic().engine) as session:
        lines = batches(session)
    if as_json:
        rows: list[JsonValue] = [
            {
                "batch": one.public_id,
                "state": one.state.value,
                "source": one.source,
                "at": one.created_at.isoformat(),
                "rows": {state.value: number for state, number in one.counts.items()},
            }
            for one in lines
        ]
        answer({"batches": rows})
        return
    for one in lines:
        counts = ", ".join(f"{number} {state}" for state, number in sorted(one.counts.items()))
        click.echo(f"{one.public_id}  {one.created_at:%Y-%m-%d %H:%M}  {one.state}: {counts}")


def _bytes(file: Path) -> bytes:
    """Return what a file holds, or raise RuleBroken when it is unreadable or too large."""
    try:
        if file.stat().st_size > FILE_MOST:
            raise RuleBroken("file_too_large", most=FILE_MOST // (1024 * 1024))
        return file.read_bytes()
    except OSError as error:
        raise RuleBroken("file_unreadable", file=str(file)) from error


def _column_map(clinic: Clinic, sheet: Sheet, map_file: Path | None) -> ColumnMap:
    """Return the map of a file, or else what was said last time, or a guess."""
    if map_file is not None:
        try:
            column_map = read_map(json.loads(_bytes(map_file)), sheet.headings)
        except ValueError as error:
            raise RuleBroken("map_unreadable") from error
    else:
        with reading(clinic.engine) as session:
            column_map, _ = map_for(session, sheet.headings)
    check_map(column_map)
    return column_map


def _dry_run(
    clinic: Clinic, sheet: Sheet, column_map: ColumnMap, wanted: frozenset[int] | None
) -> list[Line]:
    """Return what would become of each row; nothing is written, not even the rows."""
    settled = settle_dates(column_map, [row.cells for row in sheet.rows])
    twins = {row.row_no for row in sheet.rows} if wanted is None else wanted
    with reading(clinic.engine) as session:
        verdicts = judge(session, sheet.rows, settled, wanted=twins, today=clinic.now().date())
    return [Line(one.row_no, one.state, one.reasons) for one in verdicts]


def _stage(clinic: Clinic, sheet: Sheet, column_map: ColumnMap, by: Actor) -> str:
    """Keep the rows of a file as a draft, and return the address of the batch."""
    now = clinic.now()
    with writing(clinic.engine) as session:
        batch = open_import(session, sheet=sheet, by=by, now=now)
    for start in range(0, len(sheet.rows), KEPT_SLICE):
        with writing(clinic.engine) as session:
            keep_rows(session, batch_id=batch.id, rows=sheet.rows[start : start + KEPT_SLICE])
    with writing(clinic.engine) as session:
        close_reading(session, batch_id=batch.id)
        map_columns(session, batch_id=batch.id, column_map=column_map, by=by, now=now)
    return batch.public_id


def _go_in(
    clinic: Clinic,
    batch: str,
    column_map: ColumnMap,
    wanted: frozenset[int] | None,
    by: Actor,
    *,
    is_quiet: bool,
) -> list[Line]:
    """Put a draft in, slice by slice, and return what became of each row."""
    with writing(clinic.engine) as session:
        batch_id = batch_by_public_id(session, batch).id
        begin_import(
            session, batch_id=batch_id, seen=column_map, wanted=wanted, by=by, now=clinic.now()
        )
    if not is_quiet:
        click.echo(f"batch {batch}")
    _by_slices(clinic, import_slice, batch_id, by, is_quiet=is_quiet)
    with reading(clinic.engine) as session:
        rows = rows_in(session, batch_id, set(RowState))
        return [Line(row.row_no, row.state, reasons_of(row)) for row in rows]


def _by_slices(clinic: Clinic, slice_: Slice, batch_id: int, by: Actor, *, is_quiet: bool) -> None:
    """Do slice after slice, each its own write unit, and show how far it is on standard error."""
    with reading(clinic.engine) as session:
        before = _to_do(session, batch_id, slice_)
    hidden = is_quiet or not sys.stderr.isatty()
    with click.progressbar(length=before, file=sys.stderr, hidden=hidden) as bar:
        is_more = True
        while is_more:
            with writing(clinic.engine) as session:
                is_more = slice_(session, batch_id=batch_id, by=by, now=clinic.now())
                left = _to_do(session, batch_id, slice_)
            bar.update(before - left)
            before = left


def _to_do(session: Session, batch_id: int, slice_: Slice) -> int:
    state = RowState.ADDED if slice_ is undo_slice else RowState.WAITING
    return row_counts(session, batch_id)[state]


def _write_left_out(path: Path, sheet: Sheet, lines: Sequence[Line]) -> None:
    """Write the rows that are not taken, as they stood, with the reason; readable by their owner.

    Cells that a spreadsheet would run carry an apostrophe, which an import takes off again.
    """
    cells = {row.row_no: row.cells for row in sheet.rows}
    rows = [
        (*cells[one.row_no], str(one.row_no), "; ".join(map(_words, one.reasons)))
        for one in lines
        if one.state in LEFT_OUT
    ]
    path.write_text(
        write_rows([(*sheet.headings, *LEFT_OUT_HEADINGS), *rows]), encoding="utf-8-sig"
    )


def _words(reason: Reason) -> str:
    other = {"other": reason.other, "most": reason.other, "date": "this"}
    words = sentence(reason.code, other)
    return f"{reason.field}: {words}" if reason.field else words


def _say(batch: str, column_map: ColumnMap, lines: Sequence[Line], *, as_json: bool) -> None:
    """Say how many rows went where, and why some did not."""
    counts = Counter(one.state for one in lines)
    left = [one for one in lines if one.state in LEFT_OUT]
    if as_json:
        rows: list[JsonValue] = [
            {
                "row": one.row_no,
                "state": one.state.value,
                "reasons": [{"code": why.code, "field": why.field} for why in one.reasons],
            }
            for one in left
        ]
        columns: dict[str, JsonValue] = {**column_map.named()}
        numbers: dict[str, JsonValue] = {state.value: n for state, n in sorted(counts.items())}
        answer(
            {
                "dry_run": not batch,
                "batch": batch or None,
                "columns": columns,
                "rows": numbers,
                "left_out": rows,
            }
        )
        return
    for state, number in sorted(counts.items()):
        click.echo(f"{number:>7} {OUTCOME[state] if batch else WOULD[state]}")
    for one in left[:SHOWN]:
        click.echo(f"  row {one.row_no}: {'; '.join(map(_words, one.reasons))}")
    if len(left) > SHOWN:
        click.echo(f"  and {len(left) - SHOWN} more; --refused FILE.csv writes them all")
    if not batch:
        click.echo("Nothing was changed.")
    elif counts[RowState.ADDED]:
        click.echo(f"To take it back: clinic import undo {'-- ' * batch.startswith('-')}{batch}")
