"""Every command: an example in its help, status 0 only on success, JSON that can be read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from clinic.cli import COMMANDS, main
from tests.integration.cli.conftest import Commands

EXAMPLE = Path(__file__).parents[3] / "docs" / "setup-example.json"
PATIENTS = Path(__file__).parents[2] / "data" / "imports" / "jane_patients.csv"
COURSE = ("--patient", "100", "--protocol", "tms_itbs_ldlpfc", "--start", "2026-06-01")
PERSON = ("--key", "bo", "--name", "Bo Li", "--login", "bo", "--role", "biller")
WHO = ("--name", "Ana Ruiz", "--email", "ana@example.org", "--zone")

BEFORE_INIT: dict[str, tuple[str, ...]] = {
    "book": COURSE,
    "doctor": (),
    "import list": (),
    "import patients": (str(PATIENTS),),
    "import undo": ("nothing",),
    "plan": COURSE,
    "protocol list": (),
    "protocol load": ("--starter",),
    "rezone": (),
    "scheduler": (),
    "serve": ("--no-scheduler",),
    "setup": (str(EXAMPLE),),
    "tick": (),
    "upgrade": (),
    "user add": PERSON,
    "user list": (),
    "user password": ("bo",),
    "user patient": ("bo", "100"),
    "user revoke": ("bo",),
    "why": (*COURSE, "--at", "2026-06-01T09:00:00-04:00"),
}
"""What cannot work where no clinic was made."""

REFUSED: dict[str, tuple[str, ...]] = {
    "bench": ("no-such-benchmark",),
    "demo": ("--no-serve",),
    "init": (*WHO, "America/Gotham"),
}
"""What needs no clinic, and is refused for another reason."""

WORKS: dict[str, tuple[str, ...]] = {
    "plan": COURSE,
    "book": COURSE,
    "why": (*COURSE, "--at", "2026-06-01T09:00:00-04:00"),
    "doctor": (),
    "import patients": (str(PATIENTS),),
    "import list": (),
    "protocol list": (),
    "protocol load": ("--starter",),
    "rezone": ("--dry-run",),
    "setup": (str(EXAMPLE), "--dry-run"),
    "tick": ("--now", "2026-03-09T08:00:00-05:00"),
    "upgrade": (),
    "user add": PERSON,
    "user list": (),
    "user password": ("bo",),
}
"""In this order, in one clinic; `init` makes one of its own."""


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    context = click.Context(main)
    for name in COMMANDS:
        found = main.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from ((f"{name} {part}", leaf) for part, leaf in found.commands.items())
        else:
            yield name, found


LEAVES = dict(leaves())
IN_JSON = {name for name, leaf in LEAVES.items() if any(o.name == "as_json" for o in leaf.params)}


def run(folder: Path, name: str, *words: str) -> Result:
    env = {"CLINIC_INSTANCE": str(folder), "CLINIC_NOW": "2026-01-02T10:00:00-05:00"}
    return CliRunner().invoke(main, [*name.split(), *words], env=env)


def test_every_command_has_its_row() -> None:
    assert set(BEFORE_INIT) | set(REFUSED) == set(LEAVES)
    assert set(WORKS) | {"init", "import undo"} == IN_JSON  # undo: in its own test


@pytest.mark.parametrize("name", LEAVES)
def test_help_shows_an_example_of_this_very_command(tmp_path: Path, name: str) -> None:
    shown = run(tmp_path, name, "--help")

    after = shown.output.partition("Example")[2]
    assert shown.exit_code == 0
    assert f"clinic {name}" in after


@pytest.mark.parametrize("name", BEFORE_INIT)
def test_command_without_a_clinic_fails_in_words_and_in_json(tmp_path: Path, name: str) -> None:
    said = run(tmp_path, name, *BEFORE_INIT[name])

    assert said.exit_code != 0
    assert said.output.strip()
    assert "Traceback" not in said.output
    if name in IN_JSON:
        told = run(tmp_path, name, *BEFORE_INIT[name], "--json")
        assert told.exit_code == said.exit_code
        assert isinstance(json.loads(told.stdout), dict)


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "bench"])
def test_command_that_is_refused_fails_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "clinic.db").write_bytes(b"somebody's clinic")

    said = run(tmp_path, name, *REFUSED[name])

    assert said.exit_code != 0
    assert said.output.strip()
    assert (tmp_path / "demo" / "clinic.db").read_bytes() == b"somebody's clinic"


@pytest.mark.slow
def test_unknown_benchmark_fails_with_a_sentence() -> None:
    command = [sys.executable, "-m", "clinic.cli", "bench", *REFUSED["bench"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "no benchmark no-such-benchmark" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_answers_in_json_can_be_read(make_clinic: Callable[..., Commands], tmp_path: Path) -> None:
    clinic = make_clinic()
    (clinic.folder / "clinic.db").chmod(0o600)

    for name, words in WORKS.items():
        done = run(clinic.folder, name, *words, "--json")
        assert (name, done.exit_code) == (name, 0), done.output
        assert isinstance(json.loads(done.stdout), dict), name
    made = run(tmp_path / "new", "init", *WHO, "America/New_York", "--json")
    assert (made.exit_code, type(json.loads(made.stdout))) == (0, dict)


@pytest.mark.parametrize("name", LEAVES)
def test_option_that_does_not_exist_is_status_two(tmp_path: Path, name: str) -> None:
    assert run(tmp_path, name, "--no-such-option").exit_code == 2


def test_files_that_a_command_makes_are_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        made = run(tmp_path / "new", "init", *WHO, "America/New_York")
    finally:
        os.umask(before)

    files = [path for path in (tmp_path / "new").rglob("*") if path.is_file()]
    assert (made.exit_code, "clinic.db" in {path.name for path in files}) == (0, True)
    assert {path.name for path in files if path.stat().st_mode & 0o077} == set()
