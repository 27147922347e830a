"""A visit at which nobody arrives is flagged once, and the flag goes when the patient comes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from clinic.actions.attendance import arrive, check_in
from clinic.actions.sessions import keep_search, open_session
from clinic.actions.sweeps import prune_cells
from clinic.clock import machine_now
from clinic.jobs import TickReport, Works, new_owner, prune, sweep_missed
from clinic.messaging.console import ConsoleSender
from clinic.models import (
    Appointment,
    AuditEntry,
    BoardVersion,
    Cell,
    LoginSession,
    Search,
    Seat,
    StatusChange,
    WorkItem,
)
from clinic.models.engine import reading, writing
from clinic.rules.appointments import Status
from tests.integration.clinic_rows import Rows, local, make_rows

START = "2026-03-09 08:00"
FLAGGED_AT = local("2026-03-09 08:20")


@pytest.fixture
def rows(engine: Engine) -> Rows:
    return make_rows(engine)


def sweep(rows: Rows, at: datetime) -> TickReport:
    report = TickReport()
    sender = ConsoleSender(folder=None, mail_from="")  # type: ignore[arg-type] # never used here
    sweep_missed(Works(rows.engine, sender, lambda: at, new_owner()), report)
    return report


def counts(rows: Rows) -> dict[str, int]:
    """What the flagging of a visit leaves behind."""
    with reading(rows.engine) as session:
        return {
            "items": session.scalar(select(func.count()).select_from(WorkItem)) or 0,
            "open": session.scalar(select(func.count()).where(WorkItem.done_at.is_(None))) or 0,
            "steps": session.scalar(select(func.count()).where(StatusChange.verb == "no_show"))
            or 0,
            "audit": session.scalar(
                select(func.count()).where(AuditEntry.verb == "no_show_appointment")
            )
            or 0,
            "board": session.scalar(select(BoardVersion.n)) or 0,
        }


ONCE = {"items": 1, "open": 1, "steps": 1, "audit": 1, "board": 1}


def test_visit_is_flagged_once_when_its_grace_is_over(rows: Rows) -> None:
    visit = rows.visit(START)

    flagged = [
        sweep(rows, FLAGGED_AT + timedelta(minutes=minutes)).flagged for minutes in (-1, 0, 1, 600)
    ]

    assert flagged == [0, 1, 0, 0]
    assert rows.get(visit).status is Status.NOSHOW
    assert counts(rows) == ONCE


@pytest.mark.parametrize(
    "status", [Status.ARRIVED, Status.CHECKED_IN, Status.FULFILLED, Status.PENDING]
)
def test_patients_who_are_here_or_not_booked_are_not_flagged(rows: Rows, status: Status) -> None:
    visit = rows.visit(START)
    with writing(rows.engine) as session:
        session.get_one(Appointment, visit).status = status

    sweep(rows, FLAGGED_AT)

    assert rows.get(visit).status is status
    assert rows.get(visit).flag_at is None
    assert counts(rows)["items"] == 0


def test_checked_in_patient_is_not_flagged(rows: Rows) -> None:
    visit = rows.visit(START)
    with writing(rows.engine) as session:
        row = session.get_one(Appointment, visit)
        check_in(
            session,
            appointment=row,
            version=row.version,
            by=rows.actor("front_desk"),
            now=row.start_at,
        )

    sweep(rows, FLAGGED_AT)

    assert rows.get(visit).status is Status.CHECKED_IN


def test_late_arrival_withdraws_the_flag_and_both_facts_stay(rows: Rows) -> None:
    visit = rows.visit(START)
    sweep(rows, FLAGGED_AT)
    with writing(rows.engine) as session:
        row = session.get_one(Appointment, visit)
        arrive(
            session,
            appointment=row,
            version=row.version,
            by=rows.actor("front_desk"),
            now=FLAGGED_AT,
        )

    sweep(rows, FLAGGED_AT + timedelta(hours=1))

    assert rows.get(visit).status is Status.ARRIVED
    assert {**counts(rows), "board": 1} == {**ONCE, "open": 0}
    with reading(rows.engine) as session:
        assert session.scalars(select(WorkItem.outcome)).all() == ["withdrawn"]


def test_one_bad_row_waits_an_hour_and_does_not_jam_the_sweep(rows: Rows) -> None:
    bad, good = rows.visit(START), rows.visit(START, patient_id=rows.patient())
    _break(rows, bad)

    report = sweep(rows, FLAGGED_AT)
    again = sweep(rows, FLAGGED_AT + timedelta(minutes=59))
    later = sweep(rows, FLAGGED_AT + timedelta(hours=1))

    assert (report.flagged, report.failed_flags) == (1, [bad])
    assert (again.failed_flags, later.failed_flags) == ([], [bad])
    assert [rows.get(one).status for one in (bad, good)] == [Status.BOOKED, Status.NOSHOW]


def _break(rows: Rows, visit: int) -> None:
    """Make a row that the sweep cannot judge: its time lies after its alarm."""
    with writing(rows.engine) as session:
        row = session.get_one(Appointment, visit)
        row.start_at += timedelta(days=1)
        row.end_at += timedelta(days=1)


def test_cost_follows_the_rows_due(rows: Rows) -> None:
    for day in range(10, 20):
        rows.visit(f"2026-03-{day} 08:00")

    assert sweep(rows, FLAGGED_AT) == TickReport()


def test_old_cells_are_pruned_and_young_ones_stay(rows: Rows) -> None:
    visit, now = rows.visit(START), local("2026-04-10 08:00")
    with writing(rows.engine) as session:
        session.add(Seat(resource_id=1, seat_no=1))
        session.flush()
        session.add_all(
            Cell(
                resource_id=1,
                quantum=int((now - timedelta(days=days)).timestamp()) // 300,
                seat_no=1,
                appointment_id=visit,
            )
            for days in (29, 31)
        )

    with writing(rows.engine) as session:
        prune_cells(session, now=now)

    with reading(rows.engine) as session:
        left = session.scalars(select(Cell.quantum)).all()
        assert left == [int((now - timedelta(days=29)).timestamp()) // 300]


def test_hourly_pruning_drops_sessions_and_searches_of_long_ago(rows: Rows) -> None:
    works = Works(rows.engine, ConsoleSender(folder=None, mail_from=""), machine_now, new_owner())  # type: ignore[arg-type] # never used here
    for days in (0, 400):
        with writing(rows.engine) as session:
            at = machine_now() - timedelta(days=days)
            open_session(session, account_id=rows.cleo_id, machine_at=at)

    with writing(rows.engine) as session:
        newest = select(LoginSession.token_hash).order_by(LoginSession.created_at.desc())
        held = session.scalars(newest).first() or ""
        for hours in (1, 13):
            at = machine_now() - timedelta(hours=hours)
            keep_search(session, token_hash=held, words=f"{hours} h ago", machine_at=at)

    prune(works)

    with reading(rows.engine) as session:
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 1
        assert session.scalars(select(Search.words)).all() == ["1 h ago"]
