"""Reads about imports: batches and rows, who is known already, what hangs on a patient."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import Column, ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.accounts import Account
from clinic.models.base import Base
from clinic.models.imports import ExternalId, ImportBatch, ImportMap, ImportRow
from clinic.models.patients import Patient
from clinic.models.staff import Staff
from clinic.rules.import_twins import TwinIndex
from clinic.rules.imports import (
    BatchState,
    ColumnMap,
    Reason,
    RowState,
    guess_map,
    headings_hash,
    read_map,
)

Value = TypeVar("Value")

AT_ONCE = 500
"""So many values stand in one question: statements grow with the file, never faster."""
NOT_HANGING = frozenset({"patient_token", "audit_entry", "external_id", "import_row"})
NOT_BOOKED = frozenset({"patient", "seat"})
MOST_BATCHES = 50
KNOWN = (
    Patient.id,
    Patient.record_number,
    Patient.family,
    Patient.given,
    Patient.preferred,
    Patient.birth_on,
)


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One import as the list shows it: rows by what became of them."""

    public_id: str
    state: BatchState
    source: str
    created_at: datetime
    by: str
    counts: dict[RowState, int]


@dataclass(frozen=True, slots=True)
class Known:
    """A patient whose number elsewhere is known, as far as telling them apart needs."""

    patient_id: int
    record_number: str
    family: str
    given: str
    preferred: str
    birth_on: date | None


@dataclass(frozen=True, slots=True)
class StayedRow:
    """A patient of a batch that an undo left here, and the tables that hold more about them."""

    row_no: int
    public_id: str
    record_number: str
    reasons: tuple[Reason, ...]


def batch_by_public_id(session: Session, public_id: str) -> ImportBatch:
    """Return the batch of an address, or raise NotFound."""
    batch = session.scalars(
        select(ImportBatch).where(ImportBatch.public_id == public_id)
    ).one_or_none()
    if batch is None:
        raise NotFound("no_such_thing")
    return batch


def batches(session: Session) -> list[BatchLine]:
    """Return the latest imports, newest first."""
    rows = session.execute(
        select(ImportBatch, Staff.name)
        .outerjoin(Account, Account.id == ImportBatch.created_by)
        .outerjoin(Staff, Staff.id == Account.staff_id)
        .order_by(ImportBatch.id.desc())
        .limit(MOST_BATCHES)
    ).all()
    counts = _counts(session, [batch.id for batch, _ in rows])
    return [
        BatchLine(
            public_id=batch.public_id,
            state=batch.state,
            source=str(batch.body.get("source", "")),
            created_at=batch.created_at,
            by=name or "",
            counts=counts[batch.id],
        )
        for batch, name in rows
    ]


def row_counts(session: Session, batch_id: int) -> dict[RowState, int]:
    """Return how many rows of a batch are in each state; states without rows are 0."""
    return dict.fromkeys(RowState, 0) | _counts(session, [batch_id])[batch_id]


def _counts(session: Session, batch_ids: Collection[int]) -> dict[int, dict[RowState, int]]:
    query = (
        select(ImportRow.batch_id, ImportRow.state, func.count())
        .where(ImportRow.batch_id.in_(batch_ids))
        .group_by(ImportRow.batch_id, ImportRow.state)
    )
    found: dict[int, dict[RowState, int]] = defaultdict(dict)
    for batch_id, state, number in session.execute(query):
        found[batch_id][state] = number
    return found


def rows_in(
    session: Session, batch_id: int, states: Collection[RowState], limit: int | None = None
) -> Sequence[ImportRow]:
    """Return rows of a batch in these states, in the file's order."""
    query = (
        select(ImportRow)
        .where(ImportRow.batch_id == batch_id, ImportRow.state.in_(states))
        .order_by(ImportRow.row_no)
    )
    return session.scalars(query if limit is None else query.limit(limit)).all()


def cells_of(row: ImportRow) -> tuple[str, ...]:
    """Return the cells of a row as text."""
    return tuple(str(cell) for cell in row.cells)


def reasons_of(row: ImportRow) -> tuple[Reason, ...]:
    """Return why a row was not taken, or why its patient stayed."""
    return tuple(Reason(*(str(part) for part in one)) for one in row.reasons if type(one) is list)


def headings_of(batch: ImportBatch) -> tuple[str, ...]:
    """Return the headings of a batch's file."""
    return tuple(str(heading) for heading in batch.columns)


def map_of(batch: ImportBatch) -> ColumnMap:
    """Return the map by which a batch is read; whether it will do is for `check_map`."""
    return read_map(batch.body, headings_of(batch))


def map_for(session: Session, headings: Sequence[str]) -> tuple[ColumnMap, bool]:
    """Return the map last used for these headings, or a guess; and whether it is remembered."""
    kept = session.get(ImportMap, headings_hash(headings))
    if kept is None:
        return guess_map(headings), False
    return read_map(kept.body, headings), True


def known_numbers(session: Session, source: str, numbers: Iterable[str]) -> dict[str, Known]:
    """Return the patients that this source knows under these numbers."""
    found: dict[str, Known] = {}
    for some in _portions({number for number in numbers if number}):
        query = (
            select(ExternalId.number, *KNOWN)
            .join(Patient, Patient.id == ExternalId.patient_id)
            .where(ExternalId.source == source, ExternalId.number.in_(some))
        )
        found |= {row[0]: Known(*row[1:]) for row in session.execute(query)}
    return found


def add_namesakes(session: Session, index: TwinIndex, births: Iterable[date | None]) -> None:
    """Put the patients of these birth dates into the index, under their record numbers."""
    asked = set(births)
    for some in _portions(asked - {None}):
        _fill(session, index, Patient.birth_on.in_(some))
    if None in asked:
        _fill(session, index, Patient.birth_on.is_(None))


def _fill(session: Session, index: TwinIndex, condition: ColumnElement[bool]) -> None:
    query = select(*KNOWN).where(condition).order_by(Patient.id)
    for row in session.execute(query):
        one = Known(*row)
        index.add(
            names=(one.family, one.given, one.preferred),
            birth_on=one.birth_on,
            label=one.record_number,
        )


def known_records(session: Session, numbers: Iterable[str]) -> dict[str, Known]:
    """Return the patients who have these record numbers."""
    found: dict[str, Known] = {}
    for some in _portions({number for number in numbers if number}):
        query = select(*KNOWN).where(Patient.record_number.in_(some))
        found |= {one.record_number: one for one in (Known(*row) for row in session.execute(query))}
    return found


def rows_of_patients(session: Session, batch_id: int, patient_ids: Iterable[int]) -> dict[int, int]:
    """Return the row numbers of those patients whom this batch has added."""
    found: dict[int, int] = {}
    for some in _portions(set(patient_ids)):
        query = select(ImportRow.patient_id, ImportRow.row_no).where(
            ImportRow.batch_id == batch_id, ImportRow.patient_id.in_(some)
        )
        found |= {patient_id: row_no for patient_id, row_no in session.execute(query) if patient_id}
    return found


def hanging(session: Session, patient_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the tables that hold something about patients, besides what an import made.

    Asked of the tables themselves, so that a table that comes later is not forgotten.
    """
    found: dict[int, set[str]] = defaultdict(set)
    for column in _pointing_at("patient", NOT_HANGING):
        for patient_id in session.scalars(select(column).where(column.in_(patient_ids)).distinct()):
            found[patient_id].add(column.table.name)
    owners = select(Patient.resource_id, Patient.id).where(Patient.id.in_(patient_ids))
    resources = {row[0]: row[1] for row in session.execute(owners)}
    for column in _pointing_at("resource", NOT_BOOKED):
        for resource_id in session.scalars(select(column).where(column.in_(resources)).distinct()):
            found[resources[resource_id]].add(column.table.name)
    return {patient_id: tuple(sorted(tables)) for patient_id, tables in found.items()}


def _pointing_at(table: str, but: frozenset[str]) -> Iterator[Column[int]]:
    """Yield the columns of other tables that point at the ids of one."""
    for other in Base.metadata.sorted_tables:
        for column in other.columns:
            targets = {key.column.table.name for key in column.foreign_keys}
            if other.name not in but and table in targets:
                yield column


def stayed_rows(session: Session, batch_id: int) -> list[StayedRow]:
    """Return the patients whom an undo left here, in the file's order."""
    query = (
        select(ImportRow, Patient.public_id, Patient.record_number)
        .join(Patient, Patient.id == ImportRow.patient_id)
        .where(ImportRow.batch_id == batch_id, ImportRow.state == RowState.STAYED)
        .order_by(ImportRow.row_no)
    )
    return [
        StayedRow(row.row_no, public_id, record_number, reasons_of(row))
        for row, public_id, record_number in session.execute(query)
    ]


def old_batches(drafts_before: datetime, rows_before: datetime) -> "Select[ImportBatch]":
    """Return the query of batches whose rows have been kept for long enough."""
    is_draft = ImportBatch.state.in_((BatchState.READING, BatchState.DRAFT))
    return select(ImportBatch).where(
        or_(
            is_draft & (ImportBatch.created_at < drafts_before),
            ~is_draft & (ImportBatch.created_at < rows_before),
        )
    )


def _portions(values: Collection[Value]) -> Iterator[list[Value]]:
    """Yield the values in portions that fit into one question."""
    kept = list(values)
    for start in range(0, len(kept), AT_ONCE):
        yield kept[start : start + AT_ONCE]
