"""`clinic bench`: measure the benchmarks of the checkout, and compare two results."""

import json
import subprocess
import sys
from pathlib import Path

import click

from clinic.errors import RuleBroken
from config import ROOT


@click.command(short_help="Measure, and compare two results.")
@click.argument("names", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), help="Write the results as JSON here.")
@click.option(
    "--against", type=click.Path(path_type=Path), help="Show the ratio to an earlier result."
)
def command(names: tuple[str, ...], out: Path | None, against: Path | None) -> None:
    """Run the benchmarks (all, or those named) and print their figures.

    \b
    Example:
      clinic bench planning --out /tmp/now.json --against benchmarks/results.json
    """
    if not (ROOT / "benchmarks" / "run.py").exists():
        raise RuleBroken("benchmarks_absent")
    run = [sys.executable, "-m", "benchmarks.run", *names]
    done = subprocess.run(run, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(done.returncode)
    if out is not None:
        out.write_text(done.stdout, encoding="utf-8")
    before = {} if against is None else _by_id(against.read_text(encoding="utf-8"))
    for key, figure in _by_id(done.stdout).items():
        click.echo(_line(figure, before.get(key)))


def _by_id(text: str) -> dict[str, dict[str, object]]:
    return {str(figure["id"]): figure for figure in json.loads(text)}


def _line(figure: dict[str, object], before: dict[str, object] | None) -> str:
    wall, floor = _number(figure["wall_ms"]), _number(figure["floor_ms"])
    time = f"{wall:>9.1f} ms" if wall else " " * 12
    line = f"{figure['id']:<10} {figure['name']:<40} {time}"
    if figure["statements"] is not None:
        line += f"  {figure['statements']} statements"
    if floor:
        line += f"  {wall / floor:.2f} x floor"
    earlier = _number(before["wall_ms"]) if before else 0.0
    if earlier:
        line += f"  {wall / earlier:.2f} x before"
    return f"{line}  {figure['note']}".rstrip()


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
