"""A database that somebody else holds, and a form that does not wait ten seconds for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from clinic.models.engine import writing


@contextmanager
def held(engine: Engine, table: str) -> Iterator[None]:
    """Hold the table against every other write; reading goes on."""
    is_sqlite = engine.dialect.name == "sqlite"
    impatience = (engine.pool, "checkout", _sqlite) if is_sqlite else (engine, "begin", _postgres)
    event.listen(*impatience)
    with writing(engine) as session:
        session.execute(select(1))  # on SQLite the begin of it takes the lock
        if not is_sqlite:
            session.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))
        yield
    event.remove(*impatience)


def _sqlite(connection: DBAPIConnection, *_: object) -> None:
    connection.cursor().execute("PRAGMA busy_timeout=50")


def _postgres(connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
