"""Machinery: the scheduler's heartbeat, the clinic's own settings, the mark of its set-up."""

from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Instant, JsonDict, Short


class Heartbeat(Base):
    """When a background process last said that it is alive (the machine's clock)."""

    __tablename__ = "heartbeat"

    name: Mapped[Short] = mapped_column(primary_key=True)
    at: Mapped[Instant]


class ClinicSetting(Base):
    """One setting of the organisation, for example its name, zone and policies."""

    __tablename__ = "clinic_setting"

    key: Mapped[Short] = mapped_column(primary_key=True)
    value: Mapped[JsonDict]


class SetupMark(Base):
    """A word that changes with every change of the set-up: what was read under it still holds.

    There is one row, "setup", and none until something has changed.
    """

    __tablename__ = "setup_mark"

    key: Mapped[Short] = mapped_column(primary_key=True)
    mark: Mapped[Short]
