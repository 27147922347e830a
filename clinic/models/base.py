"""The base of all tables: naming of constraints, column types, short-hands."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = dict[str, "JsonValue"] | list["JsonValue"]
JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


class UTCDateTime(TypeDecorator[datetime]):
    """An instant, stored as UTC; a naive one is refused. SQLite drops the zone: it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC; ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of all tables; Flask-SQLAlchemy is given its metadata only."""

    metadata = MetaData(naming_convention=NAMING)

    def __repr__(self) -> str:
        """Show class and id only: a row may hold what must not reach a log."""
        return f"<{type(self).__name__} {getattr(self, 'id', '?')}>"


def enum_type(states: type[StrEnum], name: str) -> Enum:
    """Return a text column type with a CHECK that admits the values of `states` only."""
    return Enum(
        states,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda kind: [state.value for state in kind],
    )


def new_public_id() -> str:
    """Return an unguessable id (128 bits) for addresses; row numbers never leave the house."""
    return secrets.token_urlsafe(16)


Id = Annotated[int, mapped_column(primary_key=True)]
PublicId = Annotated[str, mapped_column(String(32), unique=True, default=new_public_id)]
Instant = Annotated[datetime, mapped_column(UTCDateTime)]
Short = Annotated[str, mapped_column(String(80))]
Line = Annotated[str, mapped_column(String(200))]
Text_ = Annotated[str, mapped_column(String(4000))]
JsonDict = Annotated[dict[str, JsonValue], mapped_column(JSON)]
JsonList = Annotated[list[JsonValue], mapped_column(JSON)]
Tags = Annotated[list[str], mapped_column(JSON)]
