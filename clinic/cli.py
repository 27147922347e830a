"""The command line: `clinic ...`. Each command is a module of `clinic.commands`."""

import os
import sys
from importlib import import_module
from keyword import iskeyword

import click

from clinic import __version__
from clinic.commands.common import refuse
from clinic.errors import ClinicError
from config import SettingRefused

COMMANDS = (
    "bench",
    "book",
    "demo",
    "doctor",
    "import",
    "init",
    "plan",
    "protocol",
    "rezone",
    "scheduler",
    "serve",
    "setup",
    "tick",
    "upgrade",
    "user",
    "why",
)
"""The modules of `clinic.commands`; each has a click command named `command`."""

PRIVATE = 0o077


class CommandGroup(click.Group):
    """The commands by module name, imported when used; errors become one sentence and status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        found = import_module(f"clinic.commands.{module}").command
        return found if isinstance(found, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what the clinic refuses is said and ends with status 1.

        New files (database, secret, lists) are readable by their owner only.
        """
        os.umask(PRIVATE)
        try:
            return super().invoke(ctx)
        except ClinicError as error:
            refuse(error, as_json=bool(ctx.meta.get("as_json")))
            ctx.exit(1)
        except SettingRefused as error:
            click.echo(f"clinic: {error}", err=True)
            ctx.exit(2)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clinic")
def main() -> None:
    """Coursekeeper: schedules and treatment courses of a TMS and KAP clinic.

    \b
    Example:
      clinic init --name "Ana Ruiz" --email ana@example.org --zone America/Chicago
    """


if __name__ == "__main__":
    sys.exit(main())
