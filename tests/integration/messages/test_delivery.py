"""What goes wrong on the way: put back, given up, never doubled."""

from datetime import datetime, timedelta

import pytest

import clinic.jobs
from clinic.actions.outbox import begin_data, claim_message
from clinic.clock import machine_now
from clinic.errors import Conflict
from clinic.messaging.base import PermanentFailure, TemporaryFailure, UnconfirmedDelivery
from clinic.models import Message
from clinic.models.engine import writing
from tests.integration.clinic_rows import Rows, local
from tests.integration.messages.conftest import Outbox
from tests.integration.messages.test_reminders import THURSDAY, open_work, states

DUE = local("2026-03-08 08:00")


@pytest.fixture
def message(rows: Rows, outbox: Outbox) -> int:
    rows.visit("2026-03-09 08:00")
    outbox.write(THURSDAY)
    return rows.messages()[0].id


def test_temporary_fault_is_tried_again_after_a_growing_pause(
    rows: Rows, outbox: Outbox, message: int
) -> None:
    pauses = []
    at = DUE
    for _ in range(4):
        outbox.sender.faults = [TemporaryFailure("smtp_451")]
        outbox.send(at)
        again = rows.messages()[0].next_at
        pauses.append((again - at) / timedelta(minutes=1))
        at = again

    assert [1 <= pauses[0] <= 1.5, 2 <= pauses[1] <= 3, 4 <= pauses[2] <= 6, 8 <= pauses[3] <= 12]
    assert states(rows) == [("due", "smtp_451")]
    assert outbox.send(at).sent == 1


def test_permanent_fault_fails_once_and_tells_the_desk(
    rows: Rows, outbox: Outbox, message: int
) -> None:
    outbox.sender.faults = [PermanentFailure("smtp_550")]

    outbox.send(DUE)
    outbox.send(DUE + timedelta(hours=1))

    assert states(rows) == [("failed", "smtp_550")]
    assert open_work(rows) == [("not_reached", rows.patient_id)]
    assert outbox.sender.mails == []


def test_unanswered_message_is_tried_twice_and_then_left(
    rows: Rows, outbox: Outbox, message: int
) -> None:
    outbox.sender.faults = [UnconfirmedDelivery("no_answer_after_data")] * 3

    for hour in range(4):
        outbox.send(DUE + timedelta(hours=hour))

    assert len(outbox.sender.faults) == 1
    assert states(rows) == [("unconfirmed", "no_answer_after_data")]
    assert open_work(rows) == [("not_reached", rows.patient_id)]


def _claim(rows: Rows, message: int, owner: str, machine: datetime) -> bool:
    with writing(rows.engine) as session:
        return claim_message(session, message_id=message, owner=owner, now=DUE, machine_now=machine)


def test_lease_is_given_to_one(rows: Rows, message: int) -> None:
    machine = machine_now()

    assert [_claim(rows, message, owner, machine) for owner in ("a", "b")] == [True, False]


def test_crash_after_the_claim_is_retried_when_the_lease_is_over(
    rows: Rows, outbox: Outbox, message: int
) -> None:
    _claim(rows, message, "dead", machine_now() - timedelta(minutes=1))
    too_early = outbox.send(DUE).sent
    _let_lease_run_out(rows, message)

    assert (too_early, outbox.send(DUE).sent) == (0, 1)


def _let_lease_run_out(rows: Rows, message: int) -> None:
    with writing(rows.engine) as session:
        row = session.get_one(Message, message)
        row.lease_until = machine_now() - timedelta(seconds=1)


def test_process_that_lost_its_lease_sends_nothing(rows: Rows, message: int) -> None:
    _claim(rows, message, "slow", machine_now())
    _let_lease_run_out(rows, message)
    _claim(rows, message, "quick", machine_now())

    with pytest.raises(Conflict, match="lease_lost"), writing(rows.engine) as session:
        begin_data(session, message_id=message, owner="slow", machine_now=machine_now())


def test_two_crashes_while_handing_over_leave_it_unconfirmed(
    rows: Rows, outbox: Outbox, message: int
) -> None:
    for _ in range(2):
        _claim(rows, message, "dead", machine_now())
        with writing(rows.engine) as session:
            begin_data(session, message_id=message, owner="dead", machine_now=machine_now())
        _let_lease_run_out(rows, message)

    outbox.send(DUE)

    assert states(rows) == [("unconfirmed", "crashed_in_data")]
    assert outbox.sender.mails == []
    assert open_work(rows) == [("not_reached", rows.patient_id)]


def test_run_sends_no_more_than_its_cap(
    rows: Rows, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        rows.visit("2026-03-09 08:00", patient_id=rows.patient())
    outbox.write(THURSDAY)
    monkeypatch.setattr(clinic.jobs, "SEND_CAP", 2)

    assert [outbox.send(DUE).sent for _ in range(3)] == [2, 1, 0]
