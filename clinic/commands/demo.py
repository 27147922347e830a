"""`clinic demo`: build a believable clinic in instance/demo and serve it."""

import json
import os
import shutil
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import click

from clinic.clock import machine_now
from clinic.demo.cast import PASSWORD
from clinic.demo.story import SCENE, tell_story
from clinic.errors import RuleBroken
from clinic.models.engine import make_engine
from clinic.models.migrate import upgrade
from config import ROOT, Settings

ZONE = "America/New_York"
LOGINS = (
    ("front desk", "dana"),
    ("clinician (nurse)", "cleo"),
    ("TMS operator", "tomas"),
    ("prescriber", "folake"),
    ("administrator", "adan"),
)


@click.command(short_help="Build the demo clinic and serve it.")
@click.option("--port", type=int, default=None, help="Port to serve on (8000).")
@click.option("--no-serve", is_flag=True, help="Stop after building.")
@click.option("--keep", is_flag=True, help="Keep a demo that was built on another day.")
@click.option("--seed", type=int, default=20260301, show_default=True, help="Seed of the story.")
def command(port: int | None, no_serve: bool, keep: bool, seed: int) -> None:
    """Build a believable clinic in the folder instance/demo and serve it on this machine only.

    \b
    Example:
      clinic demo --port 8080
    """
    folder = Path(os.environ.get("CLINIC_INSTANCE") or ROOT / "instance") / "demo"
    day = demo_day(machine_now())
    if not is_fresh(folder, day, keep=keep, seed=seed):
        build(folder, day, seed)
    if not no_serve:
        serve(folder, port)


def demo_day(now: datetime) -> date:
    """Return today, or the Monday after a weekend, in the demo's zone."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    return today + timedelta(days=(7 - today.weekday()) % 7 if today.weekday() > 4 else 0)


def is_fresh(folder: Path, day: date, *, keep: bool, seed: int) -> bool:
    """Say whether the folder holds a finished demo of this day (or any, to keep).

    RuleBroken when the folder holds a database that this command did not make.
    """
    marker = folder / "demo.json"
    if not marker.exists():
        if (folder / "clinic.db").exists():
            raise RuleBroken("not_a_demo", folder=folder.name)
        return False
    made = json.loads(marker.read_text(encoding="utf-8"))
    return bool(made["done"]) and (keep or (made["day"], made["seed"]) == (str(day), seed))


def build(folder: Path, day: date, seed: int) -> None:
    """Make the demo anew; a half-built one is not taken for a finished one."""
    begun = perf_counter()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark(folder, day, seed, done=False)
    engine = make_engine(f"sqlite:///{folder / 'clinic.db'}")
    upgrade(engine)
    for line in tell_story(engine, today=day, seed=seed):
        click.echo(f"  {line}")
    engine.dispose()
    mark(folder, day, seed, done=True)
    click.echo(f"Built the demo of {day:%A %d %B} in {perf_counter() - begun:.0f} s")


def mark(folder: Path, day: date, seed: int, *, done: bool) -> None:
    """Write the marker by which this command knows its own work."""
    text = json.dumps({"day": str(day), "seed": seed, "done": done})
    (folder / "demo.json").write_text(text, encoding="utf-8")


def serve(folder: Path, port: int | None) -> None:
    """Become `clinic serve` on the demo's folder, its clock at the scene and running on."""
    made = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    day = date.fromisoformat(made["day"])
    scene = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE))
    chosen = str(port or Settings.from_environment().port)
    env = {
        **os.environ,
        "CLINIC_INSTANCE": str(folder),
        "CLINIC_NOW": (scene + timedelta(minutes=SCENE)).isoformat(),
        "CLINIC_PORT": chosen,
    }
    env.pop("CLINIC_DATABASE_URL", None)
    click.echo(f"http://127.0.0.1:{chosen}   it is {day:%A %d %B}, 10:52 in the demo")
    for part, login in LOGINS:
        click.echo(f"  {part:<20} {login:<8} {PASSWORD}")
    click.echo("  patient              a link made on a patient's page by the front desk")
    sys.stdout.flush()
    os.execve(  # noqa: S606 -- becomes our own server, no shell is wanted
        sys.executable, [sys.executable, "-m", "clinic.cli", "serve"], env
    )
