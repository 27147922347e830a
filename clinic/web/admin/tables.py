"""Tables of the set-up pages: groups of rows of ready-made cells."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `lines` are printed below each other, `address` makes it a link."""

    text: str
    lines: tuple[str, ...] = ()
    address: str | None = None
    is_strong: bool = False
    is_quiet: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading ("" for none)."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]


def grouped(rows: Iterable[tuple[str, tuple[Cell, ...]]]) -> list[Group]:
    """Return rows under their headings, both in the order given."""
    groups: dict[str, list[tuple[Cell, ...]]] = {}
    for title, cells in rows:
        groups.setdefault(title, []).append(cells)
    return [Group(title, tuple(found)) for title, found in groups.items()]
