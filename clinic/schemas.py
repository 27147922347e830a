"""Checks of JSON documents against their schema: every fault with its path and a code.

The schemas are in `clinic/data/schema/`. Faults are collected, not raised one by one, so that a
whole document can be mended in one go.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clinic.errors import RuleBroken, Value
from clinic.models.base import JsonValue

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

DATA = Path(__file__).resolve().parent / "data"
SCHEMAS = DATA / "schema"
DETAIL_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a document: where (a JSON path such as `$.sites[0].zone`) and why."""

    path: str
    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


class DocumentRefused(RuleBroken):
    """A document that is not taken; `faults` lists everything wrong with it, in path order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Keep the faults sorted by path."""
        super().__init__("document_refused")
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.path, fault.code)))


def read_document(path: Path) -> JsonValue:
    """Return the JSON of a file; DocumentRefused when it cannot be read as JSON."""
    try:
        document: JsonValue = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DocumentRefused([Fault("$", "file_unreadable", {"file": str(path)})]) from error
    except (ValueError, RecursionError) as error:  # the latter: a list in a list, thousands deep
        raise DocumentRefused([Fault("$", "not_json", {"detail": str(error)})]) from error
    return document


def schema_faults(document: JsonValue, schema: str) -> list[Fault]:
    """Return what the schema `schema` (a file name without its ending) finds wrong."""
    return [_fault(error) for error in _validator(schema).iter_errors(document)]


def has_schema(name: str) -> bool:
    """Say whether there is a schema of this name."""
    return (SCHEMAS / f"{name}.schema.json").is_file()


def json_path(parts: Iterable[str | int]) -> str:
    """Return a JSON path, for example `$.sites[0].zone`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


@cache
def _validator(name: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- 3 MB that few requests need

    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _fault(error: "ValidationError") -> Fault:
    detail = error.message
    if len(detail) > DETAIL_LENGTH:
        detail = detail[:DETAIL_LENGTH] + "..."
    return Fault(json_path(error.absolute_path), f"schema_{error.validator}", {"detail": detail})
