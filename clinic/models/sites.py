"""Sites: places with their own zone, hours and holidays."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, JsonDict, Line, PublicId, Short


class Site(Base):
    """A place where patients are seen; `switches` overrides the clinic's policy switches."""

    __tablename__ = "site"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    key: Mapped[Short] = mapped_column(unique=True)
    name: Mapped[Line]
    patient_name: Mapped[Line]
    zone: Mapped[Short]
    region: Mapped[Short] = mapped_column(default="US")
    address: Mapped[Line] = mapped_column(default="")
    phone: Mapped[Short] = mapped_column(default="")
    switches: Mapped[JsonDict] = mapped_column(default=dict)


class OpeningHours(Base):
    """When a site is open on a weekday, in minutes of the local day."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("0 <= from_min AND from_min < to_min AND to_min <= 1440", name="span"),
        UniqueConstraint("site_id", "weekday", "from_min"),
    )

    id: Mapped[Id]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"))
    weekday: Mapped[int]
    from_min: Mapped[int]
    to_min: Mapped[int]


class Holiday(Base):
    """A day on which a site is closed."""

    __tablename__ = "holiday"
    __table_args__ = (UniqueConstraint("site_id", "on"),)

    id: Mapped[Id]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"))
    on: Mapped[date]
    name: Mapped[Line]
