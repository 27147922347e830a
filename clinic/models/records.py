"""The clinical record of a visit: what really happened, vitals and side effects.

Rows are superseded or amended, never edited or deleted.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, JsonList, Line, PublicId, Short, UTCDateTime


class VisitRecord(Base):
    """What happened at a visit: actual start and end are never refused, whatever the plan says."""

    __tablename__ = "visit_record"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_pair"),
    )

    id: Mapped[Id]
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), unique=True)
    started_at: Mapped[Instant]
    started_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class Observation(Base):
    """One set of vitals, with the verdict given at the time and the thresholds it was given by.

    Pressure in mmHg, pulse and breathing per minute, SpO2 in percent, sedation MOAA/S 0-5.
    """

    __tablename__ = "observation"
    __table_args__ = (
        CheckConstraint("(voided_at IS NULL) = (voided_by IS NULL)", name="voided_pair"),
        Index(None, "appointment_id", "taken_at"),
        Index(None, "patient_id", "taken_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    rule_set: Mapped[Short]
    taken_at: Mapped[Instant]
    systolic_mmhg: Mapped[int | None]
    diastolic_mmhg: Mapped[int | None]
    heart_rate_bpm: Mapped[int | None]
    spo2_percent: Mapped[int | None]
    respiratory_rate_pm: Mapped[int | None]
    moaas_score: Mapped[int | None]
    level: Mapped[Short]
    reasons: Mapped[JsonList]
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("observation.id"), unique=True)
    voided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    voided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    void_reason: Mapped[Line] = mapped_column(default="")


class SideEffect(Base):
    """One adverse event, of the coded list or in free words; grade and seriousness are apart."""

    __tablename__ = "side_effect"
    __table_args__ = (
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade"),
        CheckConstraint("(voided_at IS NULL) = (voided_by IS NULL)", name="voided_pair"),
        Index(None, "appointment_id"),
        Index(None, "patient_id", "onset_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    term_key: Mapped[Short]
    free_text: Mapped[Line] = mapped_column(default="")
    grade: Mapped[int]
    is_serious: Mapped[bool] = mapped_column(default=False)
    level: Mapped[Short]
    relatedness: Mapped[Short]
    action: Mapped[Short]
    outcome: Mapped[Short]
    onset_at: Mapped[Instant]
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("side_effect.id"), unique=True)
    voided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    voided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
