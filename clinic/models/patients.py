"""Patients, and the folded words by which they are found."""

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, Line, PublicId, Short, Text_

# ordered by code point on both engines, so that a prefix is a range of the key
TOKEN = String(80).with_variant(String(80, collation="C"), "postgresql")


class Patient(Base):
    """A person treated here; always has a resource row with one seat, so nobody is booked twice."""

    __tablename__ = "patient"
    __table_args__ = (Index(None, "family", "given"), Index(None, "birth_on"))

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    record_number: Mapped[Short] = mapped_column(unique=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), unique=True)
    family: Mapped[Line]
    given: Mapped[Line]
    preferred: Mapped[Line] = mapped_column(default="")
    birth_on: Mapped[date | None]
    phone: Mapped[Short] = mapped_column(default="")
    email: Mapped[Line] = mapped_column(default="")
    language: Mapped[Short] = mapped_column(default="en")
    zone: Mapped[Short | None]
    desk_note: Mapped[Text_] = mapped_column(default="")
    wants_email: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant]


class PatientToken(Base):
    """One folded word, number end or date by which a patient is found; searched by prefix."""

    __tablename__ = "patient_token"
    __table_args__ = (Index(None, "patient_id"), {"sqlite_with_rowid": False})

    token: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    patient_id: Mapped[int] = mapped_column(
        ForeignKey("patient.id", ondelete="CASCADE"), primary_key=True
    )
