"""Putting: make a row as it should be, and say whether that changed anything."""

from collections.abc import Hashable, Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from clinic.models.base import Base

T = TypeVar("T", bound=Hashable)


class Put(StrEnum):
    """What putting did to a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def assign(row: Base, values: Mapping[str, object]) -> tuple[str, ...]:
    """Set the columns that differ and return their names."""
    changed = tuple(name for name, value in values.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, values[name])
    return changed


def differ(have: Iterable[T], want: Iterable[T]) -> bool:
    """Say whether two collections hold different things, whatever their order."""
    return set(have) != set(want)


def outcome(*, is_new: bool, changed: bool) -> Put:
    """Return what was done to a row."""
    if is_new:
        return Put.CREATED
    return Put.CHANGED if changed else Put.UNCHANGED
