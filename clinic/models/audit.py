"""The audit trail: who read or changed what, and when. Rows are only ever added."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, JsonDict, Short


class AuditEntry(Base):
    """One act by an account or a named system actor. `values` holds ids and codes, no names."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (system IS NULL)", name="one_actor"),
        Index(None, "patient_id", "at"),
        Index(None, "at"),
    )

    id: Mapped[Id]
    at: Mapped[Instant]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    system: Mapped[Short | None]
    verb: Mapped[Short]
    subject_kind: Mapped[Short]
    subject_id: Mapped[int | None]
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"))
    values: Mapped[JsonDict] = mapped_column(default=dict)
