"""`clinic doctor`: look at everything the clinic stands on, and say what to do about it."""

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import click
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from clinic.clock import machine_now
from clinic.commands.common import Clinic, answer, json_option, open_any
from clinic.models import migrate
from clinic.models.engine import reading
from clinic.models.machinery import Heartbeat
from clinic.models.sites import Site
from clinic.queries.zones import package_rules, reconciled, rules_in_force, system_rules

SAFE_SQLITE = (3, 51, 3)
WORK_AROUND = (
    "this version can corrupt a WAL database when several processes checkpoint at once; "
    "update SQLite, or run one process (clinic serve starts its own scheduler), or use PostgreSQL"
)
LEAST_FREE_BYTES = 1_000_000_000
SILENT_AFTER = timedelta(minutes=3)
BACKUP_AGE = timedelta(days=2)


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what to do when it is not well."""

    name: str
    state: State
    detail: str


@click.command
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check database, migrations, files, disk, zone data, scheduler and backups.

    The status is 1 when something must be mended at once; warnings leave it at 0.

    \b
    Example:
      clinic doctor --json
    """
    clinic = open_any()
    checks = [check for look in LOOKS for check in look(clinic)]
    worst_is_fail = any(check.state is State.FAIL for check in checks)
    if as_json:
        answer(
            {
                "ok": not worst_is_fail,
                "checks": [
                    {"name": one.name, "state": one.state.value, "detail": one.detail}
                    for one in checks
                ],
            }
        )
    else:
        for one in checks:
            click.echo(f"{one.state:<5} {one.name:<12} {one.detail}")
    ctx.exit(1 if worst_is_fail else 0)


def sqlite_version(clinic: Clinic) -> Iterator[Check]:
    """Warn of a SQLite that has the WAL-reset fault."""
    if clinic.engine.dialect.name != "sqlite":
        return
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        yield Check("sqlite", State.WARN, f"{version}: {WORK_AROUND}")
    else:
        yield Check("sqlite", State.OK, version)


def migrations(clinic: Clinic) -> Iterator[Check]:
    """Fail when the tables cannot be read or are older than the program."""
    try:
        pending = migrate.pending(clinic.engine)
    except DBAPIError as error:
        yield Check("database", State.FAIL, f"cannot be opened ({type(error.orig).__name__})")
        return
    if pending:
        detail = f"{', '.join(pending)} pending: run clinic init (new) or clinic upgrade"
        yield Check("migrations", State.FAIL, detail)
    else:
        yield Check("migrations", State.OK, migrate.head())


def file_modes(clinic: Clinic) -> Iterator[Check]:
    """Fail when others on this machine can read the database or the secret."""
    names = ("clinic.db", "clinic.db-wal", "secret")
    found = [path for name in names if (path := clinic.settings.instance / name).exists()]
    loose = [path.name for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        detail = f"{', '.join(loose)} can be read by others: chmod 600 in the instance folder"
        yield Check("files", State.FAIL, detail)
    else:
        yield Check("files", State.OK, f"{len(found)} private files")


def disk_space(clinic: Clinic) -> Iterator[Check]:
    """Warn when the disk of the instance folder runs full."""
    free = shutil.disk_usage(clinic.settings.instance).free
    state = State.OK if free >= LEAST_FREE_BYTES else State.WARN
    yield Check("disk", state, f"{free // 1_000_000} MB free")


def zone_data(_clinic: Clinic) -> Iterator[Check]:
    """Show which zone rules are used: Python prefers the system's to those of the package."""
    system, package = system_rules(), package_rules()
    if system is None:
        yield Check("zones", State.OK, f"rules {package} of the tzdata package")
    elif system < package:
        detail = f"rules {system} of the system, older than {package} of the package: "
        yield Check("zones", State.WARN, detail + "update the system's tzdata")
    else:
        yield Check("zones", State.OK, f"rules {system} of the system")


def visit_times(clinic: Clinic) -> Iterator[Check]:
    """Warn when a site's visits were last reckoned by other zone rules, or some could not move."""
    try:
        with reading(clinic.engine) as session:
            keys, known = sorted(session.scalars(select(Site.key))), reconciled(session)
    except DBAPIError:
        return  # the tables are missing, which the check of migrations says
    rules = rules_in_force()
    other = [key for key in keys if key not in known or known[key].rules != rules]
    left = {key: known[key].left for key in keys if key not in other and known[key].left}
    if other:
        told = ", ".join(
            f"{key} ({known[key].rules if key in known else 'never'})" for key in other
        )
        detail = f"rules are now {rules}; visits were last reckoned otherwise at {told}: "
        yield Check("visit times", State.WARN, detail + "run clinic rezone --dry-run, then rezone")
    for key, count in left.items():
        detail = f"{count} at {key} are not at their wall time: run clinic rezone to see which"
        yield Check("visit times", State.WARN, detail)
    if keys and not other and not left:
        yield Check("visit times", State.OK, f"reckoned by rules {rules}")


def heartbeat(clinic: Clinic) -> Iterator[Check]:
    """Warn when the scheduler has been silent; a machine's time, which nothing drives."""
    try:
        with reading(clinic.engine) as session:
            last = session.execute(select(func.max(Heartbeat.at))).scalar_one()
    except DBAPIError:
        return  # the tables are missing, which the check of migrations says
    if last is None:
        yield Check("scheduler", State.WARN, "has never run: start clinic serve")
        return
    silent = machine_now() - last
    state = State.OK if silent <= SILENT_AFTER else State.WARN
    yield Check("scheduler", state, f"last seen {int(silent.total_seconds())} s ago")


def backups(clinic: Clinic) -> Iterator[Check]:
    """Warn when the newest file in the backups folder is old, or there is none."""
    folder = clinic.settings.instance / "backups"
    times = [path.stat().st_mtime for path in folder.glob("*")] if folder.is_dir() else []
    if not times:
        yield Check("backup", State.WARN, "there is none in the instance folder")
        return
    age = machine_now() - datetime.fromtimestamp(max(times), UTC)
    state = State.OK if age <= BACKUP_AGE else State.WARN
    yield Check("backup", state, f"newest is {int(age.total_seconds() // 3600)} h old")


LOOKS: tuple[Callable[[Clinic], Iterator[Check]], ...] = (
    sqlite_version,
    migrations,
    file_modes,
    disk_space,
    zone_data,
    visit_times,
    heartbeat,
    backups,
)
