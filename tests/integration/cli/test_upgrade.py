"""`clinic upgrade`: tables come to this version, and a clinic that was never made is not begun."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from clinic.cli import main
from clinic.models import migrate
from clinic.models.engine import make_engine
from tests.integration.cli.conftest import Commands


def test_a_clinic_of_this_version_has_nothing_to_do(make_clinic: Callable[..., Commands]) -> None:
    assert make_clinic().json("upgrade") == {"done": []}


def test_an_empty_folder_is_sent_to_init(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["upgrade", "--json"], env={"CLINIC_INSTANCE": str(tmp_path)})

    assert (result.exit_code, json.loads(result.stdout)["error"]) == (1, "database_not_ready")


def test_a_clinic_of_an_older_version_is_sent_to_upgrade(
    make_clinic: Callable[..., Commands],
) -> None:
    commands = make_clinic()
    engine = make_engine(f"sqlite:///{commands.folder / 'clinic.db'}")
    migrate.downgrade(engine, "0008")
    engine.dispose()

    asked = ("--patient", "100", "--protocol", "esk_trd", "--start", "2026-06-01")
    told = commands.run("plan", *asked)
    done = commands.json("upgrade")

    assert (told.exit_code, "clinic upgrade" in told.output) == (1, True)
    assert done == {"done": [migrate.head()]}
