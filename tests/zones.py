"""Zone rules that change by law in the middle of a test: a zone's file becomes that of another."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from clinic.rules.wall_days import wall_day


@contextmanager
def rules_changed(folder: Path, *, zone: str, to: str, version: str) -> Iterator[None]:
    """Let a zone follow the rules of another, from a folder of zone files with a version."""
    target = folder / zone
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(files("tzdata").joinpath("zoneinfo", *to.split("/")).read_bytes())
    (folder / "+VERSION").write_text(f"{version}\n", encoding="utf-8")
    before = zoneinfo.TZPATH
    _use([str(folder), *before])
    try:
        yield
    finally:
        _use(before)


def _use(folders: list[str] | tuple[str, ...]) -> None:
    zoneinfo.reset_tzpath(to=folders)
    zoneinfo.ZoneInfo.clear_cache()
    wall_day.cache_clear()
