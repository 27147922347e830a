"""The outbox: messages that must not be lost, written with the change that causes them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, JsonDict, Line, Short, UTCDateTime, enum_type


class MessageState(StrEnum):
    """Where a message stands. DATA is committed before the body goes over the wire."""

    DUE = "due"
    LEASED = "leased"
    DATA = "data"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    HELD = "held"


class Message(Base):
    """One message to one patient. The text is made when it is sent; `values` holds ids only.

    Lease instants are the machine's; `send_after` and `not_after` are the clinic's.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease_pair"),
        Index(None, "state", "next_at"),
        Index(None, "patient_id", "send_after"),
        Index(None, "appointment_id"),
    )

    id: Mapped[Id]
    dedupe_key: Mapped[Line] = mapped_column(unique=True)
    kind: Mapped[Short]
    channel: Mapped[Short]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    appointment_id: Mapped[int | None] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE")
    )
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    schedule_version: Mapped[int] = mapped_column(default=1)
    values: Mapped[JsonDict] = mapped_column(default=dict)
    send_after: Mapped[Instant]
    not_after: Mapped[Instant]
    next_at: Mapped[Instant]
    state: Mapped[MessageState] = mapped_column(
        enum_type(MessageState, "message_state"), default=MessageState.DUE
    )
    tries: Mapped[int] = mapped_column(default=0)
    ambiguous_tries: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[Short | None]
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    message_id: Mapped[Line] = mapped_column(unique=True)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    outcome_code: Mapped[Short] = mapped_column(default="")
    created_at: Mapped[Instant]
