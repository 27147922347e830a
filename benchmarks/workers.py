"""M1, M2, M3: what a web worker weighs, how soon it answers, and how heavy its board is.

Each worker is a process of its own, the bare one in `benchmarks.bare`, so that nothing another
benchmark has loaded is counted.
"""

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks.bare import peak_mb
from benchmarks.boards import board_client
from benchmarks.clinics import make_clinic
from benchmarks.harness import RUNS, Figure
from config import ROOT

ROWS = 10_000
SCRIPTS = ROOT / "clinic" / "static" / "js"


def run() -> list[Figure]:
    """Return memory beside a bare worker, time to the first answer, and weights in kB."""
    with tempfile.TemporaryDirectory() as folder:
        engine, ground = make_clinic(f"sqlite:///{Path(folder) / 'clinic.db'}", ROWS)
        engine.dispose()
        where = (folder, str(ground.cast.desk.account_id))
        bare = [_probe("benchmarks.bare", *where) for _ in range(RUNS)]
        ours = [_probe("benchmarks.workers", *where) for _ in range(RUNS)]
    return [_memory(ours, bare), _start(ours, bare), _weight(ours[0])]


def _probe(module: str, folder: str, account: str) -> dict[str, float]:
    """Return what one fresh worker tells of itself, and the milliseconds to its first answer."""
    begun = perf_counter()
    command = [sys.executable, "-m", module, folder, account]
    # Our own interpreter with our own words.
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:  # noqa: S603 -- see above
        if worker.stdout is None:
            raise RuntimeError("the worker has no output")
        first = worker.stdout.readline()
        wall_ms = (perf_counter() - begun) * 1000
        told: dict[str, float] = json.loads(worker.stdout.read() or "{}")
    if worker.returncode or first.strip() != "200":
        raise RuntimeError(f"the worker {module} did not answer 200")
    return {**told, "first_ms": wall_ms}


def _memory(ours: list[dict[str, float]], bare: list[dict[str, float]]) -> Figure:
    mine, theirs = (statistics.median(one["peak_mb"] for one in some) for some in (ours, bare))
    note = f"{mine:.0f} MB against {theirs:.0f} MB bare: {mine / theirs:.2f} times"
    return Figure("M1", "memory of a web worker, its peak", note=note)


def _start(ours: list[dict[str, float]], bare: list[dict[str, float]]) -> Figure:
    walls = [one["first_ms"] for one in ours]
    floor = statistics.median(one["first_ms"] for one in bare)
    return Figure(
        "M2", "cold start to the first 200", statistics.median(walls), max(walls), floor_ms=floor
    )


def _weight(told: dict[str, float]) -> Figure:
    scripts = sum(path.stat().st_size for path in SCRIPTS.glob("*.js")) / 1000
    note = f"{told['html_kb']:.0f} kB HTML, {told['gz_kb']:.0f} kB gz, {scripts:.0f} kB of scripts"
    return Figure("M3", "weight of the day board, 200 cards", note=note)


def _clinic(folder: str, account_id: int) -> None:
    """Answer with the board from a worker of ours, then thirty times more, and tell the weights."""
    url = f"sqlite:///{Path(folder) / 'clinic.db'}"
    page = board_client(Path(folder), url, account_id)
    page()
    print(200, flush=True)
    body = [page() for _ in range(30)][-1]
    told = {
        "peak_mb": peak_mb(),
        "html_kb": len(body) / 1000,
        "gz_kb": len(gzip.compress(body)) / 1000,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    _clinic(sys.argv[1], int(sys.argv[2]))
