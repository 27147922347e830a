"""Schedulers side by side, and schedulers that are killed: each patient is told once."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from clinic.clock import machine_now
from clinic.models import Message, StatusChange, WorkItem
from clinic.models.engine import reading, writing
from tests.fault.schedulers import DIE_BEFORE_DATA, DIE_IN_DATA, LIVE
from tests.integration.clinic_rows import Rows, make_rows

pytestmark = pytest.mark.fault

ROOT = Path(__file__).resolve().parents[2]
MOMENT = "2026-03-09T08:20:00-04:00"
PATIENTS = 12


@pytest.fixture
def rows(engine: Engine) -> Rows:
    return make_rows(engine)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    return tmp_path / "told"


def start(url: str, told: Path, fate: str = LIVE, ticks: int = 3) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.fault.schedulers", url, MOMENT, str(told), fate]
    return subprocess.Popen([*command, str(ticks)], cwd=ROOT)


def lines(told: Path) -> list[str]:
    return told.read_text(encoding="utf-8").split() if told.exists() else []


def test_schedulers_side_by_side_remind_once_and_flag_once(
    rows: Rows, database_url: str, told: Path
) -> None:
    for number in range(PATIENTS):
        patient = rows.patient(email=f"p{number}@home.test")
        rows.visit("2026-03-10 08:00", patient_id=patient)
        rows.visit("2026-03-09 08:00", patient_id=patient)

    ends = [process.wait(120) for process in [start(database_url, told) for _ in range(3)]]

    assert ends == [0, 0, 0]
    assert set(Counter(lines(told)).values()) == {1}
    assert len(lines(told)) == PATIENTS
    with reading(rows.engine) as session:
        flags = session.scalar(select(func.count()).where(WorkItem.kind == "missed"))
        steps = session.scalar(select(func.count()).where(StatusChange.verb == "no_show"))
    assert (flags, steps) == (PATIENTS, PATIENTS)


def let_leases_run_out(rows: Rows) -> None:
    with writing(rows.engine) as session:
        for message in session.scalars(select(Message).where(Message.lease_until.is_not(None))):
            message.lease_until = machine_now() - timedelta(seconds=1)


def test_scheduler_killed_after_its_claim_leaves_nothing_undone(
    rows: Rows, database_url: str, told: Path
) -> None:
    rows.visit("2026-03-10 08:00")

    killed = start(database_url, told, DIE_BEFORE_DATA).wait(60)
    let_leases_run_out(rows)
    start(database_url, told).wait(60)

    assert killed == -9
    assert len(lines(told)) == 1
    assert [(one.state, one.ambiguous_tries) for one in rows.messages()] == [("sent", 0)]


def test_scheduler_killed_while_handing_over_is_followed_by_one_more_try(
    rows: Rows, database_url: str, told: Path
) -> None:
    rows.visit("2026-03-10 08:00")

    for fate in (DIE_IN_DATA, DIE_IN_DATA, LIVE):
        start(database_url, told, fate).wait(60)
        let_leases_run_out(rows)
    start(database_url, told).wait(60)

    assert lines(told) == []
    assert [(one.state, one.outcome_code) for one in rows.messages()] == [
        ("unconfirmed", "crashed_in_data")
    ]
