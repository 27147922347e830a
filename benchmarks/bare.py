"""A bare web worker, Flask and SQLAlchemy and nothing of ours: the floor of M1 and M2."""

import json
import resource
import sys
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, text


def main(folder: str) -> None:
    """Answer once, print the status, then what the worker weighs."""
    engine = create_engine(f"sqlite:///{Path(folder) / 'clinic.db'}")
    app = Flask("bare")

    @app.get("/")
    def hello() -> str:
        with engine.connect() as connection:
            return str(connection.execute(text("SELECT 1")).scalar_one())

    print(app.test_client().get("/").status_code, flush=True)
    print(json.dumps({"peak_mb": peak_mb()}))


def peak_mb() -> float:
    """Return the most memory this process has held.

    Linux keeps the parent's peak in `ru_maxrss` through an exec, so its own status is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(held.split()[1]) / 1_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000


if __name__ == "__main__":
    main(sys.argv[1])
