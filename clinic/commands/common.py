"""What the commands share: opening the clinic, JSON answers, and saying what is refused."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import click
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError

from clinic.commands.sentences import sentence
from clinic.errors import ClinicError, RuleBroken
from clinic.models import migrate
from clinic.models.base import JsonValue
from clinic.models.engine import make_engine
from clinic.rules.actors import Actor, system_actor
from clinic.schemas import DocumentRefused
from config import SettingRefused, Settings


@dataclass(frozen=True, slots=True)
class Clinic:
    """An opened clinic: its settings and engine."""

    settings: Settings
    engine: Engine

    def now(self) -> datetime:
        """Return the clinic's present instant."""
        return self.settings.clock.now()


def open_clinic() -> Clinic:
    """Return the clinic of the environment; RuleBroken when its tables are not up to date."""
    clinic = open_any()
    if migrate.pending(clinic.engine):
        is_new = migrate.current(clinic.engine) == "base"
        command = "clinic init" if is_new else "clinic upgrade"
        raise RuleBroken("database_not_ready", command=command)
    return clinic


def open_any() -> Clinic:
    """Return the clinic of the environment, whatever the state of its tables."""
    settings = Settings.from_environment()
    settings.instance.mkdir(parents=True, exist_ok=True)
    try:
        return Clinic(settings, make_engine(settings.database_url))
    except (ArgumentError, ImportError) as error:
        words = "give sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        raise SettingRefused(f"CLINIC_DATABASE_URL cannot be used: {words}") from error


def command_actor(ctx: click.Context) -> Actor:
    """Return the actor of a command: whoever may run it on this machine, by the command's name."""
    return system_actor(f"clinic {ctx.info_name}")


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--json`: the answer, and a refusal too, is one JSON object."""

    def remember(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
        ctx.meta["as_json"] = value
        return value

    return click.option(
        "--json", "as_json", is_flag=True, callback=remember, help="Answer in JSON."
    )(command)


def answer(values: Mapping[str, JsonValue]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(values, ensure_ascii=False, indent=1))


def refuse(error: ClinicError, *, as_json: bool) -> None:
    """Print why something was refused: sentences on standard error, or one JSON object."""
    faults = [
        {"path": fault.path, "code": fault.code, "reason": sentence(fault.code, fault.values)}
        for fault in (error.faults if isinstance(error, DocumentRefused) else ())
    ]
    reason = sentence(error.code, error.values)
    if as_json:
        click.echo(json.dumps({"error": error.code, "reason": reason, "faults": faults}, indent=1))
        return
    click.echo(f"clinic: {reason}", err=True)
    for fault in faults:
        click.echo(f"  {fault['path']}: {fault['reason']}", err=True)
