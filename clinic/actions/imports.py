"""Imports of patients: keep a file's rows, put them in by slices, take a batch back by slices.

A slice is one short transaction. It may be asked for again at any time, by anybody, twice at once:
it takes what is still waiting, and imports queue up behind one another.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require
from clinic.actions.import_verdicts import Verdict, judge
from clinic.actions.patients import enter_patient
from clinic.errors import ClinicError, Conflict
from clinic.models.audit import AuditEntry
from clinic.models.base import JsonValue
from clinic.models.imports import ExternalId, ImportBatch, ImportMap, ImportRow
from clinic.models.patients import Patient, PatientToken
from clinic.models.resources import Resource, Seat
from clinic.queries.imports import (
    cells_of,
    hanging,
    headings_of,
    map_for,
    map_of,
    old_batches,
    row_counts,
    rows_in,
)
from clinic.rules.actors import Actor
from clinic.rules.import_texts import Sheet, SheetRow
from clinic.rules.imports import (
    BatchState,
    ColumnMap,
    Reason,
    RowState,
    check_map,
    headings_hash,
    settle_dates,
)
from clinic.rules.permissions import Permission

SLICE = 100
"""Rows of one transaction: a third of a second, so that the desk is not kept waiting."""
KEPT_SLICE = 1_000
"""Rows kept in one transaction while a file is read."""
KEEP_DRAFTS = timedelta(days=7)
KEEP_ROWS = timedelta(days=30)
IN_ORDER = "LOCK TABLE external_id IN SHARE ROW EXCLUSIVE MODE"
"""PostgreSQL: imports one after the other; two at once could add the same person twice."""


def open_import(session: Session, *, sheet: Sheet, by: Actor, now: datetime) -> ImportBatch:
    """Return a new batch for a file, its columns read as last time or as guessed; no rows yet."""
    require(by, Permission.IMPORT_PATIENTS)
    prune_imports(session, now=now)
    column_map, _ = map_for(session, sheet.headings)
    batch = ImportBatch(
        state=BatchState.READING,
        columns=list(sheet.headings),
        body=_body(column_map),
        charset=sheet.charset,
        created_at=now,
        created_by=by.account_id,
    )
    session.add(batch)
    session.flush()
    _note(session, "open_import", batch, {"rows": len(sheet.rows)}, by, now)
    return batch


def keep_rows(session: Session, *, batch_id: int, rows: Sequence[SheetRow]) -> None:
    """Keep a portion of a file's rows with its batch."""
    session.execute(
        insert(ImportRow),
        [
            {
                "batch_id": batch_id,
                "row_no": row.row_no,
                "state": RowState.WAITING,
                "is_wanted": False,
                "cells": list(row.cells),
                "reasons": [],
            }
            for row in rows
        ],
    )


def close_reading(session: Session, *, batch_id: int) -> None:
    """Say that all rows of a file are kept: it can be looked at now."""
    batch = _locked(session, batch_id)
    _ask_state(batch, BatchState.READING)
    batch.state = BatchState.DRAFT


def map_columns(
    session: Session, *, batch_id: int, column_map: ColumnMap, by: Actor, now: datetime
) -> None:
    """Say what the columns of a draft hold; it is remembered for files with these headings."""
    require(by, Permission.IMPORT_PATIENTS)
    batch = _locked(session, batch_id)
    _ask_state(batch, BatchState.DRAFT)
    check_map(column_map)
    batch.body = _body(column_map)
    _remember(session, headings_hash(headings_of(batch)), batch.body, now)
    _note(session, "map_import", batch, {}, by, now)


def _remember(session: Session, key: str, body: dict[str, JsonValue], now: datetime) -> None:
    """Keep a map; of two at once the last stays."""
    insert_ = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {"body": body, "updated_at": now}
    session.execute(
        insert_(ImportMap)
        .values(headings_hash=key, **values)
        .on_conflict_do_update(index_elements=[ImportMap.headings_hash], set_=values)
    )


def begin_import(
    session: Session,
    *,
    batch_id: int,
    seen: ColumnMap,
    wanted: Collection[int] | None,
    by: Actor,
    now: datetime,
) -> None:
    """Let a draft go in as its dry run was seen; `wanted` are the twins to add, None for all.

    Conflict when somebody has changed the columns since.
    """
    require(by, Permission.IMPORT_PATIENTS)
    batch = _locked(session, batch_id)
    _ask_state(batch, BatchState.DRAFT)
    if map_of(batch) != seen:
        raise Conflict("import_changed")
    check_map(seen)
    rows = rows_in(session, batch.id, {RowState.WAITING})
    batch.body = _body(settle_dates(seen, [cells_of(row) for row in rows]))
    batch.state = BatchState.RUNNING
    chosen = update(ImportRow).where(ImportRow.batch_id == batch.id).values(is_wanted=True)
    if wanted is None:
        session.execute(chosen)
    elif wanted:
        session.execute(chosen.where(ImportRow.row_no.in_(wanted)))
    _note(session, "begin_import", batch, {"rows": len(rows)}, by, now)


def import_slice(session: Session, *, batch_id: int, by: Actor, now: datetime) -> bool:
    """Put the next waiting rows of a batch in, and say whether more are waiting."""
    require(by, Permission.IMPORT_PATIENTS)
    _queue_up(session)
    batch = _locked(session, batch_id)
    if batch.state is not BatchState.RUNNING:
        return False
    rows = rows_in(session, batch.id, {RowState.WAITING}, SLICE)
    column_map = map_of(batch)
    verdicts = judge(
        session,
        [SheetRow(row.row_no, cells_of(row)) for row in rows],
        column_map,
        wanted={row.row_no for row in rows if row.is_wanted},
        today=now.date(),
        batch_id=batch.id,
    )
    for row, verdict in zip(rows, verdicts, strict=True):
        _settle(session, row, verdict, column_map.source, by, now)
    session.flush()
    if len(rows) == SLICE:
        return True
    _end(session, batch, BatchState.DONE, "end_import", by, now)
    return False


def _settle(
    session: Session, row: ImportRow, verdict: Verdict, source: str, by: Actor, now: datetime
) -> None:
    """Do with one row what was found; a row that the database refuses stops no other."""
    row.state = verdict.state
    row.reasons = _stored(verdict.reasons)
    if verdict.state is RowState.WAITING:
        try:
            with session.begin_nested():
                row.patient_id = _enter(session, verdict, source, by, now)
            row.state = RowState.ADDED
        except ClinicError as error:
            row.state, row.reasons = RowState.REFUSED, _stored([Reason(error.code)])
        except (IntegrityError, DataError):
            row.state, row.reasons = RowState.REFUSED, _stored([Reason("row_refused")])
    if row.state in (RowState.ADDED, RowState.KNOWN):
        row.cells = []


def _enter(session: Session, verdict: Verdict, source: str, by: Actor, now: datetime) -> int:
    patient = enter_patient(
        session,
        details=verdict.details,
        record_number=verdict.record_number or None,
        by=by,
        now=now,
    )
    if verdict.external_id:
        session.add(ExternalId(source=source, number=verdict.external_id, patient_id=patient.id))
        session.flush()
    return patient.id


def begin_undo(session: Session, *, batch_id: int, by: Actor, now: datetime) -> None:
    """Stop a batch, if it still runs, and let its patients be taken out again."""
    require(by, Permission.IMPORT_PATIENTS)
    batch = _locked(session, batch_id)
    _ask_state(batch, BatchState.RUNNING, BatchState.DONE, BatchState.UNDONE)
    batch.state, batch.ended_at = BatchState.UNDOING, None
    session.execute(
        update(ImportRow)
        .where(ImportRow.batch_id == batch.id, ImportRow.state == RowState.STAYED)
        .values(state=RowState.ADDED, reasons=[])
    )
    _note(session, "begin_undo_import", batch, {}, by, now)


def undo_slice(session: Session, *, batch_id: int, by: Actor, now: datetime) -> bool:
    """Take the next patients of a batch out, and say whether there are more.

    Who has anything here by now (a visit, a course, a log-in) stays, and the row says what.
    """
    require(by, Permission.IMPORT_PATIENTS)
    _queue_up(session)
    batch = _locked(session, batch_id)
    if batch.state is not BatchState.UNDOING:
        return False
    rows = rows_in(session, batch.id, {RowState.ADDED}, SLICE)
    kept = _kept(session, [row.patient_id for row in rows if row.patient_id is not None])
    gone = []
    for row in rows:
        if row.patient_id is None:
            continue
        if row.patient_id in kept:
            row.state, row.reasons = RowState.STAYED, _stored(kept[row.patient_id])
            continue
        gone.append(row.patient_id)
        row.state, row.patient_id = RowState.REMOVED, None
    session.flush()
    _remove(session, gone)
    for patient_id in gone:
        _note_removed(session, batch, patient_id, by, now)
    if len(rows) == SLICE:
        return True
    _end(session, batch, BatchState.UNDONE, "end_undo_import", by, now)
    return False


def _kept(session: Session, patient_ids: Sequence[int]) -> dict[int, list[Reason]]:
    """Return why patients stay. Their rows are locked first: a booking under way is waited for."""
    query = Patient.__table__.select().where(Patient.id.in_(patient_ids)).with_for_update()
    versions = {row.id: row.version for row in session.execute(query)}
    kept = {
        patient_id: [Reason("has", table) for table in tables]
        for patient_id, tables in hanging(session, patient_ids).items()
    }
    for patient_id, version in versions.items():
        if version > 1:
            kept.setdefault(patient_id, []).append(Reason("has", "change"))
    return kept


def _remove(session: Session, patient_ids: Sequence[int]) -> None:
    """Delete patients with their seats and words; the audit keeps its rows and their ids."""
    if not patient_ids:
        return
    resources = session.scalars(
        Patient.__table__.select()
        .with_only_columns(Patient.resource_id)
        .where(Patient.id.in_(patient_ids))
    ).all()
    session.execute(
        update(AuditEntry).where(AuditEntry.patient_id.in_(patient_ids)).values(patient_id=None)
    )
    for owned in (ExternalId, PatientToken):
        session.execute(delete(owned).where(owned.patient_id.in_(patient_ids)))
    session.execute(delete(Patient).where(Patient.id.in_(patient_ids)))
    session.execute(delete(Seat).where(Seat.resource_id.in_(resources)))
    session.execute(delete(Resource).where(Resource.id.in_(resources)))


def discard_import(session: Session, *, batch_id: int, by: Actor, now: datetime) -> None:
    """Forget the rows of a file: a draft goes whole, of an ended import what was left out."""
    require(by, Permission.IMPORT_PATIENTS)
    batch = _locked(session, batch_id)
    _ask_state(batch, BatchState.READING, BatchState.DRAFT, BatchState.DONE, BatchState.UNDONE)
    _note(session, "discard_import", batch, {}, by, now)
    _forget(session, batch)


def prune_imports(session: Session, *, now: datetime) -> None:
    """Forget the rows of drafts after a week, and those that were left out after a month."""
    for batch in session.scalars(old_batches(now - KEEP_DRAFTS, now - KEEP_ROWS)).all():
        _forget(session, batch)


def _forget(session: Session, batch: ImportBatch) -> None:
    rows = ImportRow.batch_id == batch.id
    if batch.state in (BatchState.READING, BatchState.DRAFT):
        session.execute(delete(ImportRow).where(rows))
        session.delete(batch)
        session.flush()
        return
    session.execute(update(ImportRow).where(rows).values(cells=[]))


def _locked(session: Session, batch_id: int) -> ImportBatch:
    return session.get_one(ImportBatch, batch_id, with_for_update=True)


def _queue_up(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(IN_ORDER))


def _ask_state(batch: ImportBatch, *states: BatchState) -> None:
    if batch.state not in states:
        raise Conflict("import_elsewhere", state=batch.state.value)


def _end(
    session: Session, batch: ImportBatch, state: BatchState, verb: str, by: Actor, now: datetime
) -> None:
    batch.state, batch.ended_at = state, now
    counts = row_counts(session, batch.id)
    _note(session, verb, batch, {one.value: n for one, n in counts.items() if n}, by, now)


def _body(column_map: ColumnMap) -> dict[str, JsonValue]:
    """Return a map as it is stored; `read_map` reads it back."""
    return {
        "columns": {**column_map.named()},
        "date_order": column_map.date_order.value,
        "source": column_map.source,
    }


def _stored(reasons: Sequence[Reason]) -> list[JsonValue]:
    return [[reason.code, reason.field, reason.other] for reason in reasons]


def _note_removed(
    session: Session, batch: ImportBatch, patient_id: int, by: Actor, now: datetime
) -> None:
    record_audit(
        session,
        verb="remove_imported_patient",
        subject="patient",
        subject_id=patient_id,
        values={"import": batch.id},
        by=by,
        now=now,
    )


def _note(
    session: Session,
    verb: str,
    batch: ImportBatch,
    values: dict[str, JsonValue],
    by: Actor,
    now: datetime,
) -> None:
    record_audit(
        session, verb=verb, subject="import", subject_id=batch.id, values=values, by=by, now=now
    )
