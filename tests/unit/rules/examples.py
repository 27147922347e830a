"""The worked examples and the clinic's own data, as the tests of the rules read them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # the examples are JSON of many shapes

import clinic
from clinic.rules.data import JsonValue, Node

EXAMPLES = Path(__file__).parents[2] / "data" / "examples.json"
DATA = Path(clinic.__file__).parent / "data"


def example(identifier: str) -> dict[str, Any]:
    """The example of this id, with its `input` and `expected`."""
    found = json.loads(EXAMPLES.read_text("utf-8"))["examples"]
    return next(one for one in found if one["id"] == identifier)


def clinic_data(name: str) -> Mapping[str, JsonValue]:
    """One data file of the clinic, for example `policies`."""
    body: Mapping[str, JsonValue] = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    return body


def protocol(key: str) -> Node:
    """One protocol of the clinic's data."""
    found = Node("$", clinic_data("protocols")).field("protocols").items()
    return next(one for one in found if one.field("key").value == key)
