"""Courses: a patient's way through one protocol, and the change sets that shape it."""

from datetime import date

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, JsonDict, Line, PublicId, Short, enum_type
from clinic.rules.courses import CourseStatus


class Course(Base):
    """A course of visits; numbers and counts are derived from its appointments, never stored.

    `counts` is the prescribed number of visits by step key; `wishes` is what the patient asked for.
    `index_...` name the treatment it repeats: definition and variant, and the course if it was
    here. `lapses_on` is set while the course is pencilled: from that day on its seats are given up.
    """

    __tablename__ = "course"
    __table_args__ = (
        Index(None, "patient_id"),
        Index(None, "status"),
        Index(
            "ix_course_lapses_on",
            "lapses_on",
            sqlite_where=text("lapses_on IS NOT NULL"),
            postgresql_where=text("lapses_on IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    variant: Mapped[Short | None]
    index_course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"))
    index_definition_id: Mapped[int | None] = mapped_column(ForeignKey("definition.id"))
    index_variant: Mapped[Short | None]
    status: Mapped[CourseStatus] = mapped_column(enum_type(CourseStatus, "course_status"))
    start_on: Mapped[date]
    counts: Mapped[JsonDict]
    wishes: Mapped[JsonDict]
    lapses_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class ChangeSet(Base):
    """What one click changed together: the unit of a message to the patient and of undo.

    An undo is a change set of its own; `undoes_id` names the one it takes back, once.
    """

    __tablename__ = "change_set"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[Short]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    reason: Mapped[Line] = mapped_column(default="")
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"), unique=True)
    created_at: Mapped[Instant]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
