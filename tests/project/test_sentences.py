"""Every code of a refusal has a sentence, and the sentence is told all the values it shows."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import clinic
from clinic.commands.sentences import SENTENCES as SPOKEN
from clinic.web.admin.faults import WORDS
from clinic.web.sentences import SENTENCES

CODE = re.compile(r"[a-z]+(_[a-z]+)+|missing|inverted")
ERRORS = {"RuleBroken", "NotAllowed", "NotFound", "Conflict", "Busy", "ClinicError"}
PERCENT, BRACES = re.compile(r"%\((\w+)\)"), re.compile(r"\{(\w+)\}")
COMMANDS = "commands"


@dataclass(frozen=True)
class Refusal:
    """A code where it stands in the sources; `values` None when they are not written out there."""

    place: str
    code: str
    values: frozenset[str] | None


def sources() -> Iterator[tuple[Path, ast.AST]]:
    root = Path(clinic.__file__).parent
    for path in sorted(root.rglob("*.py")):
        yield path.relative_to(root), ast.parse(path.read_text(encoding="utf-8"))


def found(read: Callable[[ast.AST], tuple[str, frozenset[str] | None] | None]) -> list[Refusal]:
    refusals = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if (one := read(node)) is not None:
                refusals.append(Refusal(f"{path}:{node.lineno}", *one))
    return refusals


def error(node: ast.AST) -> tuple[str, frozenset[str] | None] | None:
    """Read an error of the clinic that is made with its code."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
        return None
    code = _text(node.args[0])
    if node.func.id not in ERRORS or code is None:
        return None
    names = [word.arg for word in node.keywords]
    return code, None if None in names else frozenset(name for name in names if name)


def problem(node: ast.AST) -> tuple[str, frozenset[str] | None] | None:
    """Read a fault of a document: path, code and values, as a tuple or as a call."""
    parts = node.elts if isinstance(node, ast.Tuple) else []
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fault":
        parts = node.args
    if len(parts) < 3 or (code := _text(parts[1])) is None or not CODE.fullmatch(code):
        return None
    if isinstance(parts[2], ast.Dict):
        keys = [_text(key) if key is not None else None for key in parts[2].keys]
        return code, None if None in keys else frozenset(key for key in keys if key)
    return (code, None) if isinstance(parts[2], ast.Name) else None


def datum(node: ast.AST) -> tuple[str, frozenset[str] | None] | None:
    """Read what is wrong in the medical director's data."""
    if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "DataError"):
        return None
    code = _text(node.args[1])
    return None if code is None else (code, frozenset({"value"}))


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def unsaid(
    refusals: list[Refusal], sentences: Mapping[str, object], shown: re.Pattern[str]
) -> list[str]:
    """Return the refusals without a sentence, or with one that shows what it is not told."""
    faults = []
    for one in refusals:
        if one.code not in sentences:
            faults.append(f"{one.place}: no sentence for {one.code}")
        elif one.values is not None:
            lacking = {*shown.findall(str(sentences[one.code]))} - one.values
            if lacking:
                faults.append(f"{one.place}: {one.code} is not told {sorted(lacking)}")
    return faults


def test_what_a_page_may_refuse_has_a_sentence() -> None:
    refusals = [one for one in found(error) if not one.place.startswith(COMMANDS)]

    assert len(refusals) > 100
    assert unsaid(refusals, SENTENCES, PERCENT) == []


def test_what_a_command_may_refuse_has_a_sentence() -> None:
    refusals = [one for one in found(error) if one.place.startswith(COMMANDS)]

    assert len(refusals) > 10
    assert unsaid(refusals, SPOKEN, BRACES) == []


def test_every_fault_of_a_document_has_a_sentence() -> None:
    refusals = found(problem) + found(datum)

    assert len(refusals) > 40
    assert unsaid(refusals, SPOKEN, BRACES) == []


def test_every_fault_of_a_set_up_has_words_on_its_page() -> None:
    refusals = [one for one in found(problem) if one.place.startswith("rules/setup")]

    assert len(refusals) > 20
    assert unsaid(refusals, {**SENTENCES, **WORDS}, PERCENT) == []
