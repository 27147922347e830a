"""Staff: people who work at the clinic, their dated grants and qualifications."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Line, PublicId, Short


class Staff(Base):
    """A person who works here; bookable with a resource, may log in with an account.

    `patient_id` is set for somebody who is treated here too: their own chart is shut to them.
    """

    __tablename__ = "staff"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    key: Mapped[Short] = mapped_column(unique=True)
    name: Mapped[Line]
    short_name: Mapped[Short]
    email: Mapped[Line | None]
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), unique=True)


class Grant(Base):
    """A role held by a person between two dates, at one site or (site null) at all."""

    __tablename__ = "staff_grant"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="dates"),
        UniqueConstraint("staff_id", "role", "site_id", "from_on"),
    )

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    role: Mapped[Short]
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    from_on: Mapped[date]
    until_on: Mapped[date | None]


class Qualification(Base):
    """What a person is qualified for; planning looks here, permission does not."""

    __tablename__ = "staff_qualification"
    __table_args__ = (UniqueConstraint("staff_id", "qualification"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    qualification: Mapped[Short]
    until_on: Mapped[date | None]
