"""Settings of the clinics that the tests serve."""

from datetime import datetime
from pathlib import Path

from clinic.clock import Clock
from config import Settings


def settings_in(folder: Path, database_url: str, now: datetime) -> Settings:
    """Settings of a clinic on loopback whose clock stands still."""
    clock = folder / "clock"
    clock.write_text(now.isoformat(), encoding="utf-8")
    return Settings(
        instance=folder,
        database_url=database_url,
        secret="a secret of the tests, long enough to be taken",
        base_url="http://127.0.0.1:8000",
        clock=Clock(file=clock),
        is_production=False,
        port=8000,
        smtp_url=None,
        mail_from="clinic@localhost",
        is_demo=False,
    )
