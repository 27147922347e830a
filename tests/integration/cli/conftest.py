"""A small clinic in a folder of its own, used through the command line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.cli import main
from clinic.models.engine import make_engine, writing
from clinic.rules.actors import system_actor

WEEK = ["mon", "tue", "wed", "thu", "fri"]
BY = system_actor("test")
MADE_AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Commands:
    """Runs commands in the folder of one clinic."""

    folder: Path

    def run(self, *words: str) -> Result:
        env = {"CLINIC_INSTANCE": str(self.folder), "CLINIC_NOW": "2026-01-02T10:00:00-05:00"}
        return CliRunner().invoke(main, list(words), env=env)

    def json(self, *words: str) -> dict[str, object]:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        found = json.loads(result.stdout)
        assert isinstance(found, dict)
        return found


def person(key: str, qualification: str, seats: int = 1) -> dict[str, object]:
    return {
        "key": key,
        "name": key.title(),
        "seats": seats,
        "qualifications": [{"qualification": qualification}],
        "shifts": [{"site": "main", "days": WEEK, "from": "07:00", "to": "19:00"}],
    }


def document(closures: list[str]) -> dict[str, object]:
    room = {"site": "main"}
    return {
        "schema": "coursekeeper/setup/1",
        "clinic": {"name": "Test", "zone": "America/New_York"},
        "sites": [
            {
                "key": "main",
                "name": "Main",
                "zone": "America/New_York",
                "hours": [{"days": WEEK, "from": "07:00", "to": "19:00"}],
                "holidays": [{"on": on, "name": "Closed"} for on in closures],
            }
        ],
        "resources": [
            {"key": "tms-1", "name": "TMS 1", "kind": "tms_device", "tags": ["figure-8"], **room},
            {
                "key": "chairs",
                "name": "Recovery",
                "kind": "recovery_seat",
                "seats": 4,
                "tags": ["rems_certified_site"],
                **room,
            },
            {"key": "dosing", "name": "Dosing", "kind": "dosing_room", **room},
            {"key": "therapy", "name": "Therapy", "kind": "therapy_room", **room},
            {"key": "office", "name": "Office", "kind": "office", **room},
        ],
        "staff": [
            person("operator", "tms_operator"),
            person("prescriber", "prescriber"),
            person("nurse", "monitoring_clinician", 2),
            person("therapist", "kap_therapist"),
        ],
        "patients": [{"record_number": "100", "family": "Price", "given": "Uma"}],
    }


@pytest.fixture
def make_clinic(sqlite_url: str) -> Callable[..., Commands]:
    def make(*closures: str) -> Commands:
        engine = make_engine(sqlite_url)
        with writing(engine) as session:
            load_starter_data(session, by=BY, now=MADE_AT)
            apply_setup(session, document=document(list(closures)), by=BY, now=MADE_AT)
        engine.dispose()
        return Commands(Path(sqlite_url.removeprefix("sqlite:///")).parent)

    return make
