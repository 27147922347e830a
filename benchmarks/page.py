"""Writes the results page from a file of figures: `python -m benchmarks.page results.json`."""

import json
import platform
import sys
from pathlib import Path

PAGE = Path(__file__).with_name("RESULTS.md")
TARGETS = {
    "B1": ("≤ 3 x floor, ≤ 8 statements", "≤ 1.6 x, ≤ 4"),
    "B2": ("growth ≤ 1.5", "≤ 1.1"),
    "B3": ("≤ 3 x floor", "≤ 1.5 x"),
    "B4": ("≤ 5 ms, 3 statements", "≤ 1.5 ms, 2"),
    "B5": ("≤ 60 ms, ≤ 40 statements", "≤ 20 ms, ≤ 12"),
    "P1": ("p99 ≤ 30 ms for the first plan, ≤ 300 ms for three", "10 / 100 ms"),
    "P2": ("≤ 30 ms", "≤ 10 ms"),
    "S2": ("≤ 100 ms", "≤ 15 ms"),
    "M1": ("≤ 2 x bare", "≤ 1.5 x"),
    "M2": ("≤ 2 s", "≤ 1 s"),
    "M3": ("≤ 120 kB HTML, 20 kB gz, 60 kB scripts", "60 / 10 / 20"),
}
HEAD = """# Benchmarks

Made by `clinic bench --out FILE` and `python -m benchmarks.page FILE`. Trust ratios, statements and
growth more than milliseconds: the machine below is shared. A floor is measured in the same run, in
turn with the workload it belongs to.

"""


def page(figures: list[dict[str, object]]) -> str:
    """Return the page: a line on the machine and a table, one row a figure."""
    machine = f"Python {platform.python_version()}, {platform.machine()}, SQLite in a file."
    rows = [
        "| id | workload | measured | must | aim |",
        "|---|---|---|---|---|",
        *(_row(figure) for figure in figures),
    ]
    return HEAD + machine + "\n\n" + "\n".join(rows) + "\n"


def _row(figure: dict[str, object]) -> str:
    must, aim = TARGETS.get(str(figure["id"]).partition("-")[0], ("", ""))
    return f"| {figure['id']} | {figure['name']} | {_measured(figure)} | {must} | {aim} |"


def _measured(figure: dict[str, object]) -> str:
    wall, floor = (_number(figure[key]) for key in ("wall_ms", "floor_ms"))
    parts = [f"{wall:.1f} ms"] if wall else []
    if wall and floor:
        parts.append(f"{wall / floor:.1f} x floor ({floor:.1f} ms)")
    if figure["statements"] is not None:
        parts.append(f"{figure['statements']} statements")
    return ", ".join([*parts, str(figure["note"])] if figure["note"] else parts)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(Path(sys.argv[1]).read_text("utf-8"))), encoding="utf-8")
