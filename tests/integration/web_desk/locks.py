"""A database that somebody else holds, and a form that does not wait ten seconds for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event, select, text

from clinic.models.engine import writing


@contextmanager
def held(engine: Engine, table: str) -> Iterator[None]:
    """Hold the table against every other write; reading goes on."""
    is_sqlite = engine.dialect.name == "sqlite"  # its BEGIN takes the lock
    event.listen(engine, "begin", _do_not_wait, insert=is_sqlite)
    with writing(engine) as session:
        session.execute(select(1))
        if not is_sqlite:
            session.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))
        yield
    event.remove(engine, "begin", _do_not_wait)


def _do_not_wait(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    short = "PRAGMA busy_timeout=50" if is_sqlite else "SET LOCAL lock_timeout = '50ms'"
    connection.exec_driver_sql(short)
