"""`clinic rezone` and what `clinic doctor` says of it, when a state changes its clocks."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from clinic.models import Appointment
from clinic.models.engine import make_engine, reading, writing
from tests.integration.cli.conftest import Commands
from tests.zones import rules_changed

BOOK = ("book", "--patient", "100", "--protocol", "tms_itbs_ldlpfc", "--start", "2026-01-12")


def starts(clinic: Commands) -> list[str]:
    engine = make_engine(f"sqlite:///{clinic.folder / 'clinic.db'}")
    with reading(engine) as session:
        found = session.scalars(select(Appointment.start_at).order_by(Appointment.id)).all()
    engine.dispose()
    return [at.isoformat() for at in found]


def told(clinic: Commands) -> str:
    said = clinic.run("doctor").stdout.splitlines()
    return next(line for line in said if "visit times" in line)


def test_doctor_offers_rezone_and_rezone_settles_it(
    make_clinic: Callable[..., Commands], tmp_path: Path
) -> None:
    clinic = make_clinic()
    assert clinic.run(*BOOK).exit_code == 0
    before = starts(clinic)
    assert told(clinic).startswith("ok ")

    with rules_changed(
        tmp_path / "zones", zone="America/New_York", to="America/Chicago", version="2026z"
    ):
        offered = told(clinic)
        trial = clinic.json("rezone", "--dry-run")
        untouched = starts(clinic)
        done = clinic.run("rezone")
        again = clinic.json("rezone", "--site", "main")
        settled = told(clinic)

    assert "rules are now 2026z" in offered
    assert "run clinic rezone --dry-run" in offered
    assert trial["sites"] == [
        {
            "site": "main",
            "zone": "America/New_York",
            "moved": len(before),
            "blocks_to_look_at": 0,
            "stuck": [],
        }
    ]
    assert untouched == before
    assert (done.exit_code, done.stdout) == (
        0,
        f"main (America/New_York): {len(before)} visits went back to their hour\n",
    )
    assert starts(clinic) != before
    assert again == {"dry_run": False, "rules": "2026z", "sites": [_nothing("main")]}
    assert settled == "ok    visit times  reckoned by rules 2026z"


def _nothing(site: str) -> dict[str, object]:
    return {
        "site": site,
        "zone": "America/New_York",
        "moved": 0,
        "blocks_to_look_at": 0,
        "stuck": [],
    }


def test_visit_whose_hour_is_missing_is_named_and_ends_with_status_1(
    make_clinic: Callable[..., Commands],
) -> None:
    clinic = make_clinic()
    clinic.run(*BOOK)
    engine = make_engine(f"sqlite:///{clinic.folder / 'clinic.db'}")
    with writing(engine) as session:
        row = session.scalars(select(Appointment).order_by(Appointment.id)).first()
        assert row is not None
        row.local_on, row.local_min = row.local_on.replace(month=3, day=8), 150
        public_id = row.public_id
    engine.dispose()

    done = clinic.run("rezone")

    assert done.exit_code == 1
    assert (
        f"  stays: visit {public_id} of record 100, promised for 2026-03-08 02:30: 2026-03-08 02:30"
        " does not exist in America/New_York: the clock is put forward\n"
    ) in done.stdout
    assert "1 at main are not at their wall time" in told(clinic)


def test_unknown_site_is_refused_in_words(make_clinic: Callable[..., Commands]) -> None:
    said = make_clinic().run("rezone", "--site", "nowhere")

    assert said.exit_code == 1
    assert said.stderr.startswith("clinic: ")
