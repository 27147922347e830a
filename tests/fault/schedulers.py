"""A scheduler process for the fault tests: it ticks on a database until it is done or killed."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clinic.clock import parse_instant
from clinic.jobs import Works, new_owner, tick
from clinic.messaging.base import Mail
from clinic.models.engine import make_engine

DIE_BEFORE_DATA, DIE_IN_DATA, LIVE = "before_data", "in_data", "live"


@dataclass(frozen=True)
class FileSender:
    """Appends one line for each mail to a file that all processes share; may kill its process."""

    path: Path
    fate: str

    def send(self, mail: Mail, *, before_data: Callable[[], None]) -> None:
        if self.fate == DIE_BEFORE_DATA:
            os.kill(os.getpid(), signal.SIGKILL)
        before_data()
        if self.fate == DIE_IN_DATA:
            os.kill(os.getpid(), signal.SIGKILL)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{mail.message_id}\n")


def main(url: str, moment: str, path: str, fate: str, ticks: str) -> None:
    """Tick several times at one moment of the clinic's clock."""
    instant = parse_instant(moment)
    works = Works(
        engine=make_engine(url),
        sender=FileSender(Path(path), fate),
        now=lambda: instant,
        owner=new_owner(),
    )
    for _ in range(int(ticks)):
        tick(works)


if __name__ == "__main__":
    main(*sys.argv[1:])
