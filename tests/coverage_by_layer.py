"""Says how much of each layer the tests ran, lines and branches, and fails when one falls back.

Run after `pytest --cov` (`dev.py test --all` does): it reads the coverage that run has written.
The floors are what has been reached; they rise to 100 (web: 95) and never sink.
"""

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from coverage import Coverage

FLOORS = {
    "rules": 99.0,
    "planning": 97.0,
    "models": 96.0,
    "queries": 97.0,
    "actions": 96.0,
    "messaging": 88.0,
    "web": 95.0,
    "commands": 80.0,
    "demo": 80.0,
}
SUMS = (("covered_lines", "num_statements"), ("covered_branches", "num_branches"))


def layers(coverage: Coverage) -> dict[str, tuple[int, int]]:
    """Return (run, all) of lines and branches by layer; a lone module by its name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(report))
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, facts in files.items():
        layer = Path(name).parts[1].removesuffix(".py")
        for run, whole in SUMS:
            found[layer][0] += facts["summary"][run]
            found[layer][1] += facts["summary"][whole]
    return {layer: (run, whole) for layer, (run, whole) in found.items()}


def main() -> int:
    """Print the table; status 1 when a layer is under its floor."""
    coverage = Coverage()
    coverage.load()
    fallen = []
    for layer, (run, whole) in sorted(layers(coverage).items()):
        percent = 100 * run / whole if whole else 100.0
        floor = FLOORS.get(layer, 0.0)
        sys.stdout.write(f"{layer:<12} {percent:6.2f} %  floor {floor:g} %\n")
        if percent < floor:
            fallen.append(layer)
    if fallen:
        sys.stderr.write(f"Coverage fell below its floor in: {', '.join(fallen)}.\n")
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
