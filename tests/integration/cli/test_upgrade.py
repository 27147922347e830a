"""`clinic upgrade`: tables come to this version, and a clinic that was never made is not begun."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from clinic.cli import main
from tests.integration.cli.conftest import Commands


def test_a_clinic_of_this_version_has_nothing_to_do(make_clinic: Callable[..., Commands]) -> None:
    assert make_clinic().json("upgrade") == {"done": []}


def test_an_empty_folder_is_sent_to_init(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["upgrade", "--json"], env={"CLINIC_INSTANCE": str(tmp_path)})

    assert (result.exit_code, json.loads(result.stdout)["error"]) == (1, "database_not_ready")
