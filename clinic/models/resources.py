"""Resources and what takes their time: seats, cells, shifts and blocks."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, Line, PublicId, Short, Tags, UTCDateTime

PERSON, PATIENT = "person", "patient"
"""The kinds of resource that are people; every other is a thing at a site."""


class Resource(Base):
    """Something an appointment holds: a device, room, coil, person or the patient.

    `site_id` is null for people, who may work at several sites. Capacity is the number of seats.
    """

    __tablename__ = "resource"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    key: Mapped[Short] = mapped_column(unique=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[Short]
    name: Mapped[Line]
    tags: Mapped[Tags] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index(None, "site_id", "kind"),)


class ResourceFit(Base):
    """A shared coil or navigator fits this device; the pair is what an appointment holds."""

    __tablename__ = "resource_fit"

    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True
    )
    device_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True
    )


class Seat(Base):
    """One unit of a resource's capacity; the number is book-keeping and never shown."""

    __tablename__ = "seat"

    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True
    )
    seat_no: Mapped[int] = mapped_column(primary_key=True)


class Cell(Base):
    """Five minutes of one seat, taken by one appointment: the key forbids a double booking.

    quantum is the UTC epoch in seconds divided by 300.
    """

    __tablename__ = "cell"
    __table_args__ = (
        ForeignKeyConstraint(["resource_id", "seat_no"], ["seat.resource_id", "seat.seat_no"]),
        Index(None, "appointment_id"),
        {"sqlite_with_rowid": False},
    )

    resource_id: Mapped[int] = mapped_column(primary_key=True)
    quantum: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seat_no: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))


class Shift(Base):
    """When a person works at a site on a weekday, between two dates; minutes of the local day."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("0 <= from_min AND from_min < to_min AND to_min <= 1440", name="span"),
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="dates"),
        UniqueConstraint("resource_id", "site_id", "weekday", "from_min", "from_on"),
    )

    id: Mapped[Id]
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    weekday: Mapped[int]
    from_min: Mapped[int]
    to_min: Mapped[int]
    from_on: Mapped[date]
    until_on: Mapped[date | None]


class Block(Base):
    """Time that is shut: a closure of a site, or leave or outage of one resource.

    It stops new bookings and never deletes an appointment. Removing it keeps the row.
    """

    __tablename__ = "block"
    __table_args__ = (
        CheckConstraint("start_at < end_at", name="span"),
        CheckConstraint("(site_id IS NULL) <> (resource_id IS NULL)", name="one_owner"),
        CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removed_pair"),
        Index(None, "resource_id", "start_at"),
        Index(None, "site_id", "start_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    key: Mapped[Short | None] = mapped_column(unique=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    kind: Mapped[Short]
    reason: Mapped[Line] = mapped_column(default="")
    start_at: Mapped[Instant]
    end_at: Mapped[Instant]
    created_at: Mapped[Instant]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class BlockKeep(Base):
    """An appointment inside a block that somebody decided, by name, to keep."""

    __tablename__ = "block_keep"

    block_id: Mapped[int] = mapped_column(
        ForeignKey("block.id", ondelete="CASCADE"), primary_key=True
    )
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True
    )
    kept_at: Mapped[Instant]
    kept_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
