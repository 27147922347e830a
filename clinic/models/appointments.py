"""Appointments: the plan of one visit, what it holds, and every change of its status."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import (
    Base,
    Id,
    Instant,
    JsonDict,
    Line,
    PublicId,
    Short,
    UTCDateTime,
    enum_type,
)
from clinic.rules.appointments import CancelledBy, Outcome, Status


class Appointment(Base):
    """One booking. It belongs to a course and a step, never to a number.

    `local_on`, `local_min` and `zone` keep the wall time that was promised (minutes of the local
    day); `start_at` is computed from them. `flag_at` is when it becomes missed if nobody arrives.
    A move keeps the row and raises `version` (the calendar's SEQUENCE); `uid` is its lineage.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("start_at < end_at", name="span"),
        CheckConstraint("(cancelled_at IS NULL) = (cancelled_by IS NULL)", name="cancelled_pair"),
        CheckConstraint("outcome IS NULL OR status = 'fulfilled'", name="outcome_of_fulfilled"),
        CheckConstraint("(course_id IS NULL) = (step_key IS NULL)", name="step_of_course"),
        Index(None, "site_id", "local_on", "start_at"),
        Index(None, "patient_id", "local_on"),
        # All that numbering a visit reads: 200 cards count 3,600 visits without touching a row.
        Index("ix_appointment_number", "course_id", "start_at", "id", "status", "outcome"),
        Index(
            "ix_appointment_flag_at",
            "flag_at",
            sqlite_where=text("flag_at IS NOT NULL"),
            postgresql_where=text("flag_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    uid: Mapped[PublicId]
    version: Mapped[int] = mapped_column(default=1)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"))
    step_key: Mapped[Short | None]
    phase: Mapped[Short | None]
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    kind_key: Mapped[Short]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    place: Mapped[Short] = mapped_column(default="room")
    start_at: Mapped[Instant]
    end_at: Mapped[Instant]
    zone: Mapped[Short]
    local_on: Mapped[date]
    local_min: Mapped[int]
    length_min: Mapped[int]
    status: Mapped[Status] = mapped_column(enum_type(Status, "status"))
    outcome: Mapped[Outcome | None] = mapped_column(enum_type(Outcome, "outcome"))
    outcome_reason: Mapped[Short | None]
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    arrived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_by: Mapped[CancelledBy | None] = mapped_column(enum_type(CancelledBy, "cancelled_by"))
    is_late: Mapped[bool] = mapped_column(default=False)
    make_up_for_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"))
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    flag_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    note: Mapped[Line] = mapped_column(default="")
    created_at: Mapped[Instant]


class Assignment(Base):
    """What an appointment holds: so many seats of a resource from one quantum to another.

    A quantum is the UTC epoch in seconds divided by 300. `requirement` is the id in the visit
    kind, or "patient"; the span of a room or device includes turnover. While `is_held`, the cells
    of the span are taken; cells are pruned later, these rows stay. With 0 seats the resource is
    there by a seat that another requirement of the visit holds (one person in two parts).
    """

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("from_quantum < to_quantum", name="span"),
        CheckConstraint("seats >= 0", name="seats"),
        Index(None, "appointment_id"),
        Index(
            "ix_assignment_held",
            "resource_id",
            "from_quantum",
            sqlite_where=text("is_held"),
            postgresql_where=text("is_held"),
        ),
    )

    id: Mapped[Id]
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    requirement: Mapped[Short]
    from_quantum: Mapped[int] = mapped_column(BigInteger)
    to_quantum: Mapped[int] = mapped_column(BigInteger)
    seats: Mapped[int]
    is_held: Mapped[bool] = mapped_column(default=True)


class StatusChange(Base):
    """One change of an appointment's status or time; `by` null means the clinic's own job.

    `before` is what undo puts back (clinic/actions/pictures.py); null when there was nothing.
    """

    __tablename__ = "status_change"
    __table_args__ = (Index(None, "appointment_id", "at"), Index(None, "change_set_id"))

    id: Mapped[Id]
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))
    verb: Mapped[Short]
    from_status: Mapped[Status | None] = mapped_column(enum_type(Status, "from_status"))
    to_status: Mapped[Status] = mapped_column(enum_type(Status, "to_status"))
    from_start_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    to_start_at: Mapped[Instant]
    reason: Mapped[Line] = mapped_column(default="")
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    before: Mapped[JsonDict | None] = mapped_column(JSON(none_as_null=True))
    at: Mapped[Instant]
    by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class BoardVersion(Base):
    """A number that rises with every change to a site's day; max(updated_at) misses commits."""

    __tablename__ = "board_version"

    site_id: Mapped[int] = mapped_column(
        ForeignKey("site.id", ondelete="CASCADE"), primary_key=True
    )
    on: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int]
