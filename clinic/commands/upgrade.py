"""`clinic upgrade`: bring the tables of a running clinic to this version."""

import click

from clinic.commands.common import answer, json_option, open_any
from clinic.errors import RuleBroken
from clinic.models import migrate


@click.command(short_help="Bring the tables to this version.")
@json_option
def command(as_json: bool) -> None:
    """Bring the tables of a clinic to this version; all steps, or none.

    \b
    Example:
      clinic upgrade
    """
    clinic = open_any()
    if migrate.current(clinic.engine) == "base":
        raise RuleBroken("database_not_ready", command="clinic init")
    steps = migrate.pending(clinic.engine)
    migrate.upgrade(clinic.engine)
    if as_json:
        answer({"done": [*steps]})
    else:
        click.echo(f"Done: {', '.join(steps)}" if steps else "The tables are up to date.")
