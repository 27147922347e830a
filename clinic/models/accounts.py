"""Accounts and what guards them: log-in sessions, one-time links, throttle, request keys."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.models.base import Base, Id, Instant, Line, PublicId, Short, UTCDateTime


class Account(Base):
    """A log-in, linked to exactly one of staff or patient."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("(staff_id IS NULL) <> (patient_id IS NULL)", name="one_owner"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    login: Mapped[Line | None] = mapped_column(unique=True)
    password_hash: Mapped[Line | None]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), unique=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]


class LoginSession(Base):
    """A server-side session; the cookie holds a token of which only the hash is kept.

    Its instants are the machine's, not the clinic's clock.
    """

    __tablename__ = "login_session"
    __table_args__ = (Index(None, "account_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    csrf_token: Mapped[Short]
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Search(Base):
    """Words somebody looked for a patient with, kept for the way back to the list.

    They stand in no address and no cookie, and are deleted within hours.
    """

    __tablename__ = "search"
    __table_args__ = (Index(None, "token_hash"), Index(None, "created_at"))

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_hash: Mapped[str] = mapped_column(
        ForeignKey("login_session.token_hash", ondelete="CASCADE")
    )
    words: Mapped[Line]
    created_at: Mapped[Instant]


class LoginLink(Base):
    """A one-time link: purpose-bound, stored hashed, used once. The first GET changes nothing."""

    __tablename__ = "login_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    purpose: Mapped[Short]
    created_at: Mapped[Instant]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[Instant]
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Throttle(Base):
    """Failed tries for one key (an account or an address, hashed) in the present window."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_at: Mapped[Instant]
    tries: Mapped[int]


class RequestKey(Base):
    """A form that was already answered: the same key and body finds the first result."""

    __tablename__ = "request_key"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    route: Mapped[Short]
    body_hash: Mapped[str] = mapped_column(String(64))
    result: Mapped[Line]
    created_at: Mapped[Instant] = mapped_column(index=True)
