"""Reading the clinic's JSON data: typed access that names the path of every fault."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)
Chosen = TypeVar("Chosen", bound=StrEnum)

MISSING = "missing"
NOT_TEXT = "not_text"
NOT_WHOLE = "not_a_whole_number"
NOT_BOOLEAN = "not_true_or_false"
NOT_LIST = "not_a_list"
NOT_OBJECT = "not_an_object"
TOO_SMALL = "too_small"
NOT_AN_OPTION = "not_an_option"


class DataError(ValueError):
    """The data is wrong at `path`; `reason` is a code, `value` what was found there."""

    def __init__(self, path: str, reason: str, value: str = "") -> None:
        """Keep path, code and the value found."""
        super().__init__(f"{path}: {reason}" + (f" ({value})" if value else ""))
        self.path = path
        self.reason = reason
        self.value = value


@dataclass(frozen=True, slots=True)
class Node:
    """One place in a JSON document together with its path."""

    path: str
    value: JsonValue

    def field(self, name: str) -> "Node":
        """Return the named member of this object; a missing one is a fault."""
        members = self.members()
        if name not in members:
            raise DataError(f"{self.path}.{name}", MISSING)
        return Node(f"{self.path}.{name}", members[name])

    def optional(self, name: str) -> "Node | None":
        """Return the named member, or None when it is absent or null."""
        found = self.members().get(name)
        return None if found is None else Node(f"{self.path}.{name}", found)

    def members(self) -> Mapping[str, JsonValue]:
        """Return the value as an object."""
        if not isinstance(self.value, Mapping):
            raise DataError(self.path, NOT_OBJECT)
        return self.value

    def entries(self) -> Iterator[tuple[str, "Node"]]:
        """Yield the members of this object by name, in the document's order."""
        for name, value in self.members().items():
            yield name, Node(f"{self.path}.{name}", value)

    def items(self) -> Iterator["Node"]:
        """Yield the elements of this list."""
        if isinstance(self.value, str) or not isinstance(self.value, Sequence):
            raise DataError(self.path, NOT_LIST)
        for index, value in enumerate(self.value):
            yield Node(f"{self.path}[{index}]", value)

    def text(self) -> str:
        """Return the value as a text that is not empty."""
        if not isinstance(self.value, str):
            raise DataError(self.path, NOT_TEXT)
        if not self.value:
            raise DataError(self.path, MISSING)
        return self.value

    def texts(self) -> frozenset[str]:
        """Return the value as a set of texts."""
        return frozenset(item.text() for item in self.items())

    def whole(self, *, least: int = 0) -> int:
        """Return the value as a whole number of at least `least`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise DataError(self.path, NOT_WHOLE)
        if self.value < least:
            raise DataError(self.path, TOO_SMALL, str(self.value))
        return self.value

    def flag(self) -> bool:
        """Return the value as true or false."""
        if not isinstance(self.value, bool):
            raise DataError(self.path, NOT_BOOLEAN)
        return self.value

    def one_of(self, options: type[Chosen]) -> Chosen:
        """Return the value as a member of an enumeration."""
        text = self.text()
        try:
            return options(text)
        except ValueError:
            raise DataError(self.path, NOT_AN_OPTION, text) from None
