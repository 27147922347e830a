"""Databases as they stood once: what many tests begin with is made once for each worker."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

T = TypeVar("T")


class Pictures:
    """Pictures of SQLite files by name, each with what its maker returned; PostgreSQL has none.

    A picture stands on the one its maker found: name it after the fixture that makes it, and let
    every fixture below it be pictured too, so that ids are the same each time.
    """

    def __init__(self, folder: Path) -> None:
        """Keep them in a folder of the worker."""
        self.folder = folder
        self.kept: dict[str, object] = {}

    def of(self, name: str, engine: Engine, make: Callable[[], T]) -> T:
        """Bring the database to where it stood after `make`, and return what that returned."""
        if engine.dialect.name != "sqlite":
            return make()
        target, file = Path(engine.url.database or ""), self.folder / f"{name}.db"
        if name in self.kept:
            engine.dispose()
            _copy(file, target)
        else:
            self.kept[name] = make()
            engine.dispose()
            _copy(target, file)
        return self.kept[name]  # type: ignore[return-value] # a name has one maker


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
