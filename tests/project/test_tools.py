"""Linter, formatter and type checker have nothing to say."""

import subprocess
import sys

import pytest

from tests.project.sources import ROOT


def said_by(*command: str) -> tuple[int, str]:
    """Run a tool in the project's folder: its exit status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_linter_finds_nothing() -> None:
    status, said = said_by("ruff", "check", "--output-format", "concise", ".")

    assert status == 0, said


def test_every_file_is_formatted() -> None:
    status, said = said_by("ruff", "format", "--check", "--output-format", "concise", ".")

    assert status == 0, said


@pytest.mark.slow
def test_types_are_right() -> None:
    status, said = said_by("mypy")

    assert status == 0, said
