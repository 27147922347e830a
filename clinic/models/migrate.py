"""Migrations: bring a database to the newest tables, and say which are pending.

Plain Alembic, without the Flask application: the scripts are in `migrations/` of the checkout.
"""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

import clinic

SCRIPTS = Path(clinic.__file__).resolve().parent.parent / "migrations"
UPGRADE_LOCK = 4_707_201  # any fixed number: two starting processes wait for each other


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to `revision`, all steps in one transaction, or change nothing.

    Safe when several processes start at once: the second waits and finds nothing to do.
    """
    _run(engine, command.upgrade, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables back to `revision` ("base" empties the database of them)."""
    _run(engine, command.downgrade, revision)


def head() -> str:
    """Return the newest revision in the checkout."""
    return ScriptDirectory.from_config(_config()).get_current_head() or "base"


def current(engine: Engine) -> str:
    """Return the revision of the database; "base" when it has no tables of ours."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or "base"


def pending(engine: Engine) -> list[str]:
    """Return the revisions this database still lacks, oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    steps = scripts.iterate_revisions("head", current(engine))
    return [step.revision for step in reversed(list(steps))]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def _run(engine: Engine, step: Callable[[Config, str], None], revision: str) -> None:
    config = _config()
    with engine.execution_options(is_write_unit=True).connect() as connection:
        _foreign_keys(connection, is_on=False)
        try:
            with connection.begin():
                _lock(connection)
                config.attributes["connection"] = connection
                step(config, revision)
                _check_foreign_keys(connection)
        finally:
            _foreign_keys(connection, is_on=True)


def _foreign_keys(connection: Connection, *, is_on: bool) -> None:
    """Switch SQLite's foreign keys; a table is rebuilt by copying, which they would refuse.

    SQLite ignores the switch inside a transaction, so it goes straight to the driver.
    """
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys={'ON' if is_on else 'OFF'}")
        cursor.close()


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"the migration left {len(broken)} rows pointing nowhere")


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
