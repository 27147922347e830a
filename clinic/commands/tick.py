"""`clinic tick`: do once what the scheduler does every minute."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime

import click

from clinic.clock import parse_instant
from clinic.commands.common import answer, json_option, open_clinic
from clinic.jobs import TickReport, hold_restored, prune, tick
from clinic.models.base import JsonValue
from clinic.scheduler import make_works

EXAMPLE = """Do all that is due now, once: send messages, flag missed visits, write reminders.

\b
Example:
  clinic tick --now 2026-03-09T08:00:00-05:00 --json
"""


@click.command("tick", help=EXAMPLE)
@click.option("--now", "moment", metavar="ISO", help="Do it as of this instant (with an offset).")
@json_option
@click.option(
    "--hold-past",
    is_flag=True,
    help="Send nothing: hold every message that was due in the past. Use it after a restore.",
)
def command(moment: str | None, *, as_json: bool, hold_past: bool) -> None:
    """Run one tick and say what it did; exit status 1 when a row failed."""
    clinic = open_clinic()
    works = make_works(clinic.settings, clinic.engine)
    if moment is not None:
        works = replace(works, now=_held_at(moment, is_production=clinic.settings.is_production))
    if hold_past:
        _say({"held": (held := hold_restored(works))}, f"{held} messages are held.", as_json)
        return
    report = tick(works)
    prune(works)  # who calls this from cron runs no scheduler that would do it each hour
    _say(asdict(report), sentence(report), as_json)
    if _failed(report):
        raise SystemExit(1)


def _say(values: Mapping[str, JsonValue], words: str, as_json: bool) -> None:
    if as_json:
        answer(values)
    else:
        click.echo(words)


def _held_at(moment: str, *, is_production: bool) -> Callable[[], datetime]:
    """Return a clock that stands still at the moment asked for; not in production."""
    if is_production:
        raise click.UsageError("--now drives the clock; it is refused in production.")
    try:
        instant = parse_instant(moment)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--now") from error
    return lambda: instant


def sentence(report: TickReport) -> str:
    """Return the report in words."""
    parts = [
        f"{report.sent} sent",
        f"{report.closed} no longer needed",
        f"{report.put_back} to be tried again",
        f"{report.reminders_written} reminders written",
        f"{report.flagged} visits flagged as missed",
        f"{report.lapsed} pencilled courses given up",
        f"{_failed(report)} failed",
    ]
    return ", ".join(parts) + "."


def _failed(report: TickReport) -> int:
    return len(report.failed_messages) + len(report.failed_flags) + len(report.failed_courses)
