"""`clinic protocol`: load the medical director's data, and list what is in force."""

from pathlib import Path

import click

from clinic.actions.definitions import Loaded, load_file, load_starter_data
from clinic.commands.common import answer, command_actor, json_option, open_clinic
from clinic.models.definitions import DefinitionStatus
from clinic.models.engine import reading, writing
from clinic.queries.definitions import DefinitionKind, versions


@click.group
def command() -> None:
    """Protocols, visit kinds, thresholds and the other clinical data.

    \b
    Example:
      clinic protocol load protocols.json
    """


@command.command
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--starter", is_flag=True, help="Load the starter data that come with the package.")
@click.option(
    "--version",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Version of a kind that comes one to a file (thresholds, policies, ...).",
)
@json_option
@click.pass_context
def load(
    ctx: click.Context, files: tuple[Path, ...], starter: bool, version: int, as_json: bool
) -> None:
    """Check FILES and store what is new as approved versions; all of it or nothing.

    Protocols and visit kinds carry their version; an approved version never changes.

    \b
    Example:
      clinic protocol load visit_kinds.json protocols.json
      clinic protocol load thresholds.json --version 2
    """
    if not files and not starter:
        raise click.UsageError("give a FILE, or --starter")
    clinic = open_clinic()
    actor, now = command_actor(ctx), clinic.now()
    with writing(clinic.engine) as session:
        loads = [load_starter_data(session, by=actor, now=now)] if starter else []
        loads += [
            load_file(session, path=path, version=version, by=actor, now=now) for path in files
        ]
    _say(loads, as_json=as_json)


def _say(loads: list[Loaded], *, as_json: bool) -> None:
    added = [name for one in loads for name in one.added]
    unchanged = sum(one.unchanged for one in loads)
    if as_json:
        answer({"added": [*added], "unchanged": unchanged})
        return
    for name in added:
        click.echo(f"added {name}")
    click.echo(f"{len(added)} added, {unchanged} were there already")


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List every version of every definition.

    \b
    Example:
      clinic protocol list --json
    """
    clinic = open_clinic()
    with reading(clinic.engine) as session:
        rows = [row for kind in DefinitionKind for row in session.scalars(versions(kind))]
    if as_json:
        answer(
            {
                "definitions": [
                    {
                        "kind": row.kind,
                        "key": row.key,
                        "version": row.version,
                        "status": row.status.value,
                        "in_force_on": str(row.in_force_on or ""),
                    }
                    for row in rows
                ]
            }
        )
        return
    for row in rows:
        mark = "" if row.status is DefinitionStatus.APPROVED else f" ({row.status})"
        click.echo(f"{row.kind:<20} {row.key:<24} {row.version}{mark}")
