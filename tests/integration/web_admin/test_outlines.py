"""An outline shows the medical director's data whole, in words and with units."""

from collections.abc import Iterator

import pytest
from flask import Flask

from clinic.models.base import JsonValue
from clinic.queries.definitions import DefinitionKind, starter
from clinic.web.admin.outlines import Line, outline, source_words
from clinic.web.admin.policies import NAMES

FILES = sorted({*NAMES} - {DefinitionKind.MT_REDETERMINATION})
SAID_OTHERWISE = {"signal", "comparison", "unit", "relative_to", "source"}


@pytest.fixture(autouse=True)
def page(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def texts(lines: tuple[Line, ...]) -> Iterator[str]:
    for line in lines:
        yield line.label
        yield line.text
        yield from texts(line.lines)


def leaves(value: JsonValue, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, key)
    elif key not in SAID_OTHERWISE and isinstance(value, str | int | float):
        yield {True: "yes", False: "no"}.get(value, str(value)) if value in (0, 1) else str(value)


@pytest.mark.parametrize("kind", FILES)
def test_nothing_of_a_document_is_left_out(kind: DefinitionKind) -> None:
    document = starter(kind)
    said = "\n".join(texts(outline(document))).replace("_", " ").casefold()

    missing = [leaf for leaf in leaves(document) if leaf.replace("_", " ").casefold() not in said]

    assert missing == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"lapse_days": 14}, [Line("Lapse, days", "14")]),
        ({"evicts_booked": False}, [Line("Evicts booked", "no")]),
        ({"reasons": ["ride", "who_was_told"]}, [Line("Reasons", "ride, who was told")]),
        ({"opens": []}, [Line("Opens", "none")]),
        (
            {"rules": ["a rule that is longer than a line of words"]},
            [Line("Rules", "", (Line("", "a rule that is longer than a line of words"),))],
        ),
        (
            {"source": "S 110 is the cautious choice"},
            [Line("Source", "secondary source: 110 is the cautious choice")],
        ),
        (
            {"rows": [{"signal": "sbp", "comparison": ">=", "number": 160, "unit": "mm[Hg]"}]},
            [Line("Rows", "", (Line("", "Systolic ≥ 160 mmHg"),))],
        ),
        (
            {"rows": [{"signal": "moaas", "comparison": "<", "number": 5, "unit": "{score}"}]},
            [Line("Rows", "", (Line("", "Awake score < 5"),))],
        ),
        (
            {"endings": [{"key": "not_dosed", "needs": ["reason"]}]},
            [Line("Endings", "", (Line("Not dosed", "", (Line("Needs", "reason"),)),))],
        ),
    ],
)
def test_keys_become_words(document: dict[str, JsonValue], said: list[Line]) -> None:
    assert list(outline(document)) == said


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("C", "primary source"),
        ("G", "general practice"),
        ("IFCN 2021", "IFCN 2021"),
        ("C esketamine label", "primary source: esketamine label"),
    ],
)
def test_marks_of_sources_become_words(mark: str, words: str) -> None:
    assert source_words(mark) == words
