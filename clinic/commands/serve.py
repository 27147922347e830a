"""`clinic serve`: the web pages and, unless told otherwise, the scheduler, in one process."""

import errno
import os

import click
from waitress.server import create_server

from clinic.app import create_app
from clinic.commands.common import open_clinic
from clinic.scheduler import background_scheduler, make_works

HOST = "127.0.0.1"
THREADS = 8
EXAMPLE = """Serve the clinic's pages, with the scheduler inside.

\b
The address is this machine only; put a web server with https before it for others.
Example:
  clinic serve --port 8000
"""


@click.command("serve", help=EXAMPLE)
@click.option("--port", type=click.IntRange(1, 65535), help="Port; else CLINIC_PORT, else 8000.")
@click.option("--host", default=HOST, show_default=True, help="Address to listen on.")
@click.option("--no-scheduler", is_flag=True, help="Serve pages only; run `clinic scheduler` too.")
def command(port: int | None, host: str, *, no_scheduler: bool) -> None:
    """Serve until the process is stopped; the tables must be up to date."""
    if port is not None:
        os.environ["CLINIC_PORT"] = str(port)
    clinic = open_clinic()
    settings = clinic.settings
    try:
        server = create_server(
            create_app(settings), host=host, port=settings.port, threads=THREADS, ident="clinic"
        )
    except OSError as error:
        raise click.ClickException(_why(error, settings.port)) from error
    if not no_scheduler:
        background_scheduler(make_works(settings, clinic.engine)).start()
    click.echo(f"The clinic is at {settings.base_url} (stop it with Ctrl-C).")
    server.run()


def _why(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken. Choose another, for example: clinic serve --port {port + 1}"
    return f"Port {port} cannot be opened: {error.strerror}"
