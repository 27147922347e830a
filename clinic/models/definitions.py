"""Definitions: the medical director's versioned data, for example protocols and thresholds."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, JsonDict, Short, UTCDateTime, enum_type


class DefinitionStatus(StrEnum):
    """Where a version stands; an approved body never changes."""

    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"


class Definition(Base):
    """One version of one thing the medical director decides; records point at the row."""

    __tablename__ = "definition"
    __table_args__ = (
        UniqueConstraint("kind", "key", "version"),
        CheckConstraint(
            "status = 'draft' OR (approved_at IS NOT NULL AND in_force_on IS NOT NULL)",
            name="approved_pair",
        ),
        Index(None, "kind", "status", "key"),
    )

    id: Mapped[Id]
    kind: Mapped[Short]
    key: Mapped[Short]
    version: Mapped[int]
    status: Mapped[DefinitionStatus] = mapped_column(
        enum_type(DefinitionStatus, "definition_status")
    )
    body: Mapped[JsonDict]
    in_force_on: Mapped[date | None]
    created_at: Mapped[Instant]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
