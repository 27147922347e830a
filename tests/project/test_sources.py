"""Habits that no linter knows: reasons, clocks, addresses, inline style."""

import ast
import json
import re
from pathlib import Path

from tests.project.sources import ROOT, comments, name, python_files, templates, text, tree

EXCEPTION = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:|fmt:\s*off)")
REASON = re.compile(r"(?:--|#)\s*\S.*\w")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
ISSUE = re.compile(r"\bissue \d+\b")
INLINE = {
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "script without a file": re.compile(r"<script\b(?![^>]*\ssrc\s*=)", re.IGNORECASE),
    "script in an attribute": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "script in an address": re.compile(r"javascript:", re.IGNORECASE),
    "file from elsewhere": re.compile(
        r"<(?:link|script|img)\b[^>]*(?:href|src)\s*=\s*[\"']\w*:?//"
    ),
}
CLOCK_READERS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today")} | {
    ("date", "today"),
    ("time", "time"),
    ("time", "localtime"),
}


def test_every_exception_to_a_tool_carries_a_reason() -> None:
    bare = [
        f"{name(path)}:{line} {comment}"
        for path in python_files()
        for line, comment in comments(path)
        if (found := EXCEPTION.search(comment)) and not REASON.search(comment[found.end() :])
    ]

    assert bare == []


def test_nothing_is_left_to_do_without_an_issue() -> None:
    left = [
        f"{name(path)}:{line} {comment}"
        for path in python_files()
        for line, comment in comments(path)
        if UNFINISHED.search(comment) and not ISSUE.search(comment)
    ]

    assert left == []


def test_only_the_clock_reads_the_time() -> None:
    readers = {name(path) for path in python_files("clinic") if clock_reads(path)}

    assert readers == {"clinic/clock.py"}


def test_migrations_and_settings_do_not_read_the_time() -> None:
    paths = [*python_files("migrations"), ROOT / "config.py", ROOT / "wsgi.py"]

    assert [name(path) for path in paths if clock_reads(path)] == []


def test_constraints_hold_names_and_versions_only() -> None:
    lines = text(ROOT / "constraints.txt").splitlines()

    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in lines if "://" in line or "@" in line] == []
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.!+]+", pin)] == []


def test_templates_hold_no_inline_style_or_script() -> None:
    found = [
        f"{name(path)}: {what}"
        for path in templates()
        for what, pattern in INLINE.items()
        if pattern.search(text(path))
    ]

    assert found == []


def test_clinic_data_is_json_without_doubled_keys() -> None:
    doubled = [
        f"{name(path)}: {key}"
        for path in sorted((ROOT / "clinic" / "data").rglob("*.json"))
        for key in doubled_keys(path)
    ]

    assert doubled == []


def clock_reads(path: Path) -> list[int]:
    """The lines that read the machine's time, called or handed on."""
    return [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name | ast.Attribute)
        and (last_name(node.value), node.attr) in CLOCK_READERS
    ]


def last_name(node: ast.Name | ast.Attribute) -> str:
    """`datetime` of both `datetime.now` and `datetime.datetime.now`."""
    return node.id if isinstance(node, ast.Name) else node.attr


def doubled_keys(path: Path) -> list[str]:
    """Keys that appear twice in one object; JSON would keep the last without a word."""
    found: list[str] = []

    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        found.extend(key for key in set(keys) if keys.count(key) > 1)
        return dict(pairs)

    json.loads(text(path), object_pairs_hook=collect)
    return found
