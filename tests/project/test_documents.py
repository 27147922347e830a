"""Documents cannot rot: what they name exists, and what exists is named."""

import re

import click
import pytest
from click.testing import CliRunner

from clinic.cli import main
from tests.project.sources import ROOT, name, python_files, text

SETTING = re.compile(r"\bCLINIC_[A-Z]+(?:_[A-Z]+)*\b")
READ_SETTING = re.compile(r"[\"'](CLINIC_[A-Z]+(?:_[A-Z]+)*)[\"']")
SETTING_ROW = re.compile(r"^\| `(CLINIC_[A-Z_]+)`", re.MULTILINE)
COMMAND_ROW = re.compile(r"^\| `clinic ([a-z]+)`", re.MULTILINE)
FULL_COMMAND_ROW = re.compile(r"^\| `clinic ([a-z ]+)`", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
DECISION = re.compile(r"(\d{4})-[a-z0-9-]+\.md")
WANTED = ("## Context", "## Decision", "## Consequences")


def documents() -> str:
    """The README and all of docs, as one text."""
    return "\n".join(text(path) for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def commands() -> dict[str, click.Command]:
    """Every command and command of a command, by the words that are typed."""
    found: dict[str, click.Command] = {}

    def walk(group: click.Group, words: tuple[str, ...]) -> None:
        context = click.Context(group)
        for word in group.list_commands(context):
            command = group.get_command(context, word)
            assert command is not None, f"clinic {word} is listed and does not exist"
            found[" ".join((*words, word))] = command
            if isinstance(command, click.Group):
                walk(command, (*words, word))

    walk(main, ())
    return found


def test_every_setting_is_documented() -> None:
    paths = [ROOT / "config.py", ROOT / "dev.py", *python_files("clinic")]
    used = {setting for path in paths for setting in READ_SETTING.findall(text(path))}

    assert sorted(used - set(SETTING.findall(documents()))) == []


def test_every_documented_setting_exists() -> None:
    rows = set(SETTING_ROW.findall(text(ROOT / "README.md")))

    assert sorted(rows - set(SETTING.findall(text(ROOT / "config.py")))) == []


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    rows = set(COMMAND_ROW.findall(text(ROOT / "README.md")))

    assert rows == {words.partition(" ")[0] for words in commands()}


def test_page_of_commands_lists_each_command_and_no_other() -> None:
    listed = set(FULL_COMMAND_ROW.findall(text(ROOT / "docs" / "commands.md")))

    endings = {words for words, one in commands().items() if not isinstance(one, click.Group)}
    assert listed == endings


@pytest.mark.parametrize("words", sorted(commands()))
def test_help_shows_an_example(words: str) -> None:
    answer = CliRunner().invoke(main, [*words.split(), "--help"])

    assert (answer.exit_code, "Example" in answer.output) == (0, True), answer.output


def test_links_between_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]

    broken = [
        f"{name(page)}: {target}"
        for page in pages
        for target in LINK.findall(text(page))
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_decisions_are_numbered_and_say_context_decision_and_consequences() -> None:
    pages = sorted(path for path in (ROOT / "docs" / "adr").glob("*.md"))

    numbers = [int(found[1]) for page in pages if (found := DECISION.fullmatch(page.name))]
    assert numbers == list(range(1, len(pages) + 1))
    assert [name(page) for page in pages if not all(part in text(page) for part in WANTED)] == []
