"""The worklist: what somebody must look at, once for each thing."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, PublicId, Short, UTCDateTime


class WorkItem(Base):
    """One thing to do, for example a missed visit; withdrawn rather than deleted.

    `unique_key` (kind and subject) keeps it from being raised twice.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (outcome IS NULL)", name="done_pair"),
        Index(None, "done_at", "kind"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    unique_key: Mapped[Short] = mapped_column(unique=True)
    kind: Mapped[Short]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"))
    created_at: Mapped[Instant]
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    outcome: Mapped[Short | None]
