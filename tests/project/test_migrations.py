"""Migrations are numbered, lead from nothing to the models, and back."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from clinic.models import Base
from clinic.models.engine import make_engine
from clinic.models.migrate import downgrade, upgrade
from tests.project.sources import ROOT, tree
from tests.servers import Postgres

VERSIONS = ROOT / "migrations" / "versions"
OWN_TABLE = "alembic_version"
INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}
Rules = dict[str, dict[str, str]]


@pytest.fixture(
    params=[
        pytest.param("sqlite", id="sqlite"),
        pytest.param("postgres", id="postgres", marks=pytest.mark.postgres),
    ]
)
def empty_engines(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Engine, Engine]]:
    """Two databases without tables on each engine in turn."""
    if request.param == "sqlite":
        urls = [f"sqlite:///{tmp_path / part}.db" for part in ("one", "two")]
        yield from opened(urls)
        return
    server: Postgres = request.getfixturevalue("postgres")
    names = [f"empty_{uuid4().hex[:12]}" for _ in range(2)]
    for name in names:
        server.execute("CREATE DATABASE {}", name)
    yield from opened([server.url(name) for name in names])
    for name in names:
        server.execute("DROP DATABASE {} WITH (FORCE)", name)


def test_migrations_are_numbered_without_a_hole() -> None:
    files = sorted(path.name for path in VERSIONS.glob("*.py"))

    assert [name for name in files if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name)] == []
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))


def test_each_migration_follows_the_one_before() -> None:
    steps = [revision_of(path) for path in sorted(VERSIONS.glob("*.py"))]

    numbers = [f"{n:04}" for n in range(1, len(steps) + 1)]
    assert steps == list(zip(numbers, [None, *numbers[:-1]], strict=True))


def test_migrated_tables_are_those_of_the_models(empty_engines: tuple[Engine, Engine]) -> None:
    migrated, _ = empty_engines

    upgrade(migrated)

    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_checks_and_indexes_are_those_of_the_models(
    empty_engines: tuple[Engine, Engine],
) -> None:
    migrated, made = empty_engines

    upgrade(migrated)
    Base.metadata.create_all(made)

    assert rules_of(migrated) == rules_of(made)


def test_going_back_to_nothing_and_forward_again_gives_the_same(
    empty_engines: tuple[Engine, Engine],
) -> None:
    engine, _ = empty_engines
    upgrade(engine)
    before = rules_of(engine)

    downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) - {OWN_TABLE} == set()
    upgrade(engine)

    assert rules_of(engine) == before


def test_a_second_upgrade_changes_nothing(empty_engines: tuple[Engine, Engine]) -> None:
    engine, _ = empty_engines
    upgrade(engine)
    before = rules_of(engine)

    upgrade(engine)

    assert rules_of(engine) == before


def opened(urls: list[str]) -> Iterator[tuple[Engine, Engine]]:
    """Yield engines for two addresses and close them afterwards."""
    one, two = (make_engine(url) for url in urls)
    yield one, two
    one.dispose()
    two.dispose()


def rules_of(engine: Engine) -> Rules:
    """The checks of each table and all indexes as the database itself tells them.

    Alembic's own comparison does not look at checks nor at the condition of a partial index.
    """
    inspector = inspect(engine)
    tables = sorted(set(inspector.get_table_names()) - {OWN_TABLE})
    found = {
        table: {
            str(check["name"]): plain(check["sqltext"])
            for check in inspector.get_check_constraints(table)
        }
        for table in tables
    }
    with engine.connect() as connection:
        rows = connection.execute(text(INDEXES[engine.dialect.name])).all()
    found["indexes"] = {str(name): plain(str(sql)) for name, sql in rows if OWN_TABLE not in name}
    return found


def plain(sql: str) -> str:
    """The same text however it was spaced."""
    return " ".join(sql.split())


def revision_of(path: Path) -> tuple[object, object]:
    """The number a migration gives itself and the one it follows."""
    values = {
        node.target.id: ast.literal_eval(node.value)
        for node in tree(path).body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.value
        and isinstance(node.value, ast.Constant)
    }
    return values["revision"], values["down_revision"]
