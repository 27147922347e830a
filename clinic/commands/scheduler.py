"""`clinic scheduler`: a process of its own for the minute tick."""

import click

from clinic.commands.common import open_clinic
from clinic.scheduler import blocking_scheduler, make_works

EXAMPLE = """Run the scheduler without a web server, until it is stopped.

\b
Any number may run at once: each message goes once, each missed visit is flagged once.
Example:
  clinic scheduler
"""


@click.command("scheduler", help=EXAMPLE)
def command() -> None:
    """Run the minute tick until the process is stopped."""
    clinic = open_clinic()
    works = make_works(clinic.settings, clinic.engine)
    click.echo("The scheduler is running. Stop it with Ctrl-C.")
    try:
        blocking_scheduler(works).start()
    except (KeyboardInterrupt, SystemExit):
        click.echo("The scheduler has stopped.")
