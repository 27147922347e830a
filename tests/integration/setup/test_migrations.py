"""The migrations build what the models say, from nothing and back, on both engines."""

import re
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect
from sqlalchemy.orm import Session

from clinic.models import Base, Site, migrate
from clinic.models.engine import make_engine, reading, writing


def test_models_equal_the_newest_migration(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, Base.metadata)

    assert difference == []


def test_every_check_of_the_models_is_in_the_database(engine: Engine) -> None:
    wanted = {
        (table.name, constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }

    looked = inspect(engine)
    found = {
        (table, check["name"])
        for table in Base.metadata.tables
        for check in looked.get_check_constraints(table)
    }

    assert found == wanted


def test_upgrade_runs_again_without_change(engine: Engine) -> None:
    migrate.upgrade(engine)

    assert (migrate.current(engine), migrate.pending(engine)) == (migrate.head(), [])


def test_downgrade_leaves_no_table_of_ours(engine: Engine) -> None:
    migrate.downgrade(engine, "base")

    left = set(inspect(engine).get_table_names()) & set(Base.metadata.tables)
    assert left == set()


def test_an_empty_database_lacks_every_revision(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")

    assert migrate.pending(engine)[-1] == migrate.head()
    engine.dispose()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'half.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE work_item (id INTEGER PRIMARY KEY)")

    failed = False
    try:
        migrate.upgrade(engine)
    except Exception as error:  # the driver's own kind, which differs by engine
        failed = "work_item" in str(error)

    assert failed
    assert inspect(engine).get_table_names() == ["work_item"]
    engine.dispose()


def test_foreign_keys_are_watched_again_after_a_migration(sqlite_engine: Engine) -> None:
    migrate.upgrade(sqlite_engine)

    with sqlite_engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_migrations_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (migrate.SCRIPTS / "versions").glob("*.py"))
    numbers = [int(match.group(1)) for name in names if (match := re.match(r"(\d{4})_", name))]

    assert numbers == list(range(1, len(names) + 1))


def test_a_read_unit_keeps_nothing(engine: Engine) -> None:
    site = Site(key="main", name="Main", patient_name="Main", zone="America/New_York")
    with reading(engine) as session:
        session.add(site)
        session.flush()

    assert _sites(engine) == 0


def test_a_write_unit_keeps_its_work_once(engine: Engine) -> None:
    site = Site(key="main", name="Main", patient_name="Main", zone="America/New_York")
    with writing(engine) as session:
        session.add(site)

    assert _sites(engine) == 1


def _sites(engine: Engine) -> int:
    with Session(engine) as session:
        return session.query(Site).count()
