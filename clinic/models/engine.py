"""Engines and units of work: how the clinic talks to SQLite and PostgreSQL.

pysqlite's own transaction mode begins after the first SELECT, which lets two bookings read the
same free seat. The driver's mode is therefore switched off and every transaction begins by an
event: IMMEDIATE for a write unit, plain for a read unit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from clinic.errors import Busy, Conflict

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
CELL_TRIES = 3
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys=ON",
)
POSTGRES_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"
POSTGRES_BUSY = frozenset({"55P03", "40P01", "40001"})


def engine_options(url: str) -> dict[str, object]:
    """Return the keyword arguments of `create_engine` for this database."""
    if url.startswith("sqlite"):
        return {"connect_args": {"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000}}
    return {"pool_pre_ping": True, "hide_parameters": True}


def make_engine(url: str) -> Engine:
    """Return an engine ready for units of work."""
    return prepare_engine(create_engine(url, **engine_options(url)))


def prepare_engine(engine: Engine) -> Engine:
    """Attach the clinic's connection and begin events, and return the engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgres)
    return engine


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("is_write_unit", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get("is_write_unit", False):
        connection.exec_driver_sql(POSTGRES_LOCK_TIMEOUT)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Yield a session for one read unit; nothing it does is kept."""
    with Session(engine, autoflush=False, expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Yield a session for one write unit and commit it once at the end; Busy when locked out."""
    bound = engine.execution_options(is_write_unit=True)
    try:
        with Session(bound, expire_on_commit=False) as session, session.begin():
            yield session
    except DBAPIError as error:
        if is_busy(error):
            raise Busy("database_busy") from error
        raise


def write(engine: Engine, work: Callable[[Session], T]) -> T:
    """Return what `work` returns from one write unit, tried again when a cell was just taken.

    Locks make that rare; the key of the cell table is the last word. Conflict after three tries.
    """
    for _ in range(CELL_TRIES):
        try:
            with writing(engine) as session:
                return work(session)
        except IntegrityError as error:
            if not is_cell_taken(error):
                raise
    raise Conflict("just_taken")


def is_cell_taken(error: IntegrityError) -> bool:
    """Say whether the key of the cell table refused a row."""
    text = str(error.orig)
    return "pk_cell" in text or "UNIQUE constraint failed: cell." in text


def is_busy(error: DBAPIError) -> bool:
    """Say whether the database was locked by others, so that trying again can help."""
    if getattr(error.orig, "sqlstate", None) in POSTGRES_BUSY:
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)
