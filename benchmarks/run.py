"""Runs the benchmarks and prints their figures as JSON: `python -m benchmarks.run [name ...]`."""

import json
import sys
from collections.abc import Callable, Mapping

from benchmarks import boards, courses, patients, planning, weeks, workers
from benchmarks.harness import Figure

SUITE: Mapping[str, Callable[[], list[Figure]]] = {
    "boards": boards.run,
    "courses": courses.run,
    "patients": patients.run,
    "planning": planning.run,
    "weeks": weeks.run,
    "workers": workers.run,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; status 2 for an unknown name."""
    unknown = [name for name in names if name not in SUITE]
    if unknown:
        print(f"no benchmark {unknown[0]}; there are {', '.join(SUITE)}", file=sys.stderr)
        return 2
    figures = [figure for name in names or SUITE for figure in SUITE[name]()]
    print(json.dumps([figure.as_json() for figure in figures], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
