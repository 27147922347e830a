"""What cannot be right in a document is refused at the command line with path and reason."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clinic.cli import main
from clinic.models.base import JsonValue
from clinic.schemas import DATA
from tests.integration.setup.test_commands import EXAMPLE, INIT

Document = dict[str, JsonValue]
Edit = Callable[[Document], object]
SETUP: list[tuple[Edit, str, str]] = [
    (
        lambda one: one["sites"][0]["holidays"][0].update({"on": "2026-02-30"}),
        "$.sites[0].holidays[0].on",
        "2026-02-30",
    ),
    (lambda one: one["sites"][0].update({"zone": "Mars"}), "$.sites[0].zone", "Mars"),
    (
        lambda one: one["staff"][1]["shifts"][0].update({"from": "22:00", "to": "06:00"}),
        "$.staff[1].shifts[0]",
        "midnight",
    ),
    (
        lambda one: one["resources"][0].update({"tags": ["red"]}),
        "$.resources[0].tags",
        "coil",
    ),
    (
        lambda one: one["resources"][2].update({"fits": ["tms_9"]}),
        "$.resources[2].fits[0]",
        "tms_9",
    ),
]
PROTOCOLS: list[tuple[Edit, str, str]] = [
    (
        lambda one: one["protocols"][0]["steps"][1].update(
            {"count": {"min": 5, "default": 3, "max": 3}}
        ),
        "$.protocols[0].steps[1].count.min",
        "the minimum is above the maximum",
    ),
    (
        lambda one: one["protocols"][0]["steps"][1].update(
            {"gap_days": {"min": 9, "ideal": 9, "max": 2}}
        ),
        "$.protocols[0].steps[1].gap_days.min",
        "the minimum is above the maximum",
    ),
]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Run a command in a clinic that was just made."""
    env = {"CLINIC_INSTANCE": str(tmp_path / "instance")}

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, list(words), env=env)

    assert command(*INIT).exit_code == 0
    return command


def wrong(tmp_path: Path, source: Path, edit: Edit) -> str:
    document = json.loads(source.read_text(encoding="utf-8"))
    edit(document)
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def reasons(refused: Result, path: str) -> list[str]:
    """What is said of one place of the document."""
    start = f"  {path}: "
    return [line.removeprefix(start) for line in refused.stderr.splitlines() if start in line]


def test_every_impossible_set_up_is_said_with_path_and_reason(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    kept = run("setup", "--export").stdout

    for edit, path, word in SETUP:
        refused = run("setup", wrong(tmp_path, EXAMPLE, edit))
        assert refused.exit_code == 1
        assert any(word in reason for reason in reasons(refused, path)), refused.stderr

    assert run("setup", "--export").stdout == kept


def test_a_protocol_whose_minimum_is_above_its_maximum_is_said_with_path_and_reason(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    kept = run("protocol", "list", "--json").stdout

    for edit, path, word in PROTOCOLS:
        refused = run("protocol", "load", wrong(tmp_path, DATA / "protocols.json", edit))
        assert refused.exit_code == 1
        assert any(word in reason for reason in reasons(refused, path)), refused.stderr

    assert run("protocol", "list", "--json").stdout == kept
