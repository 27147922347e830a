"""Imports of patients: the batch, its rows as they stood in the file, and numbers elsewhere."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import (
    Base,
    Id,
    Instant,
    JsonDict,
    JsonList,
    PublicId,
    Short,
    UTCDateTime,
    enum_type,
)
from clinic.rules.imports import BatchState, RowState


class ExternalId(Base):
    """The number under which another system knows a patient: a file read twice adds nobody twice.

    `source` names that system, because numbers of two systems may be equal.
    """

    __tablename__ = "external_id"
    __table_args__ = (Index(None, "patient_id"),)

    source: Mapped[Short] = mapped_column(primary_key=True)
    number: Mapped[Short] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))


class ImportMap(Base):
    """Which column meant which field when a file with these headings was last imported."""

    __tablename__ = "import_map"

    headings_hash: Mapped[Short] = mapped_column(primary_key=True)
    body: Mapped[JsonDict]
    updated_at: Mapped[Instant]


class ImportBatch(Base):
    """One file of patients on its way in; the file itself is not kept.

    `columns` are the headings, `body` the map by which the rows are read.
    """

    __tablename__ = "import_batch"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    state: Mapped[BatchState] = mapped_column(enum_type(BatchState, "import_state"))
    columns: Mapped[JsonList]
    body: Mapped[JsonDict]
    charset: Mapped[Short]
    created_at: Mapped[Instant]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ImportRow(Base):
    """One row of a file. Its cells go when the patient is in; of a refused row they stay.

    `reasons` are lists of code, field and what else a sentence needs.
    """

    __tablename__ = "import_row"
    __table_args__ = (Index(None, "batch_id", "state", "row_no"), Index(None, "patient_id"))

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("import_batch.id", ondelete="CASCADE"), primary_key=True
    )
    row_no: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[RowState] = mapped_column(enum_type(RowState, "row_state"))
    is_wanted: Mapped[bool] = mapped_column(default=False)
    cells: Mapped[JsonList]
    reasons: Mapped[JsonList] = mapped_column(default=list)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"))
