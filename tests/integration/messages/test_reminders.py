"""A reminder is written once, goes once, at a decent hour, and only while it is true."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from clinic.messaging.base import PermanentFailure
from clinic.models import Appointment, MessageState, Patient, StatusChange, WorkItem
from clinic.models.engine import reading, writing
from clinic.rules.appointments import Status
from tests.integration.clinic_rows import Rows, local
from tests.integration.messages.conftest import Outbox

THURSDAY = local("2026-03-05 09:00")


def states(rows: Rows) -> list[tuple[str, str]]:
    return [(one.state.value, one.outcome_code) for one in rows.messages()]


def test_reminder_is_written_once_however_often_the_tick_runs(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00")

    written = [outbox.write(THURSDAY).reminders_written for _ in range(3)]

    assert written == [1, 0, 0]
    assert [one.send_after for one in rows.messages()] == [local("2026-03-08 08:00")]


def test_reminder_keeps_the_wall_time_across_a_clock_change(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-08 15:00")

    outbox.write(THURSDAY)

    assert [one.send_after for one in rows.messages()] == [local("2026-03-07 15:00")]


def test_several_sessions_of_a_day_get_one_reminder_of_the_first(
    rows: Rows, outbox: Outbox
) -> None:
    course = rows.course()
    first, *_ = (rows.visit(f"2026-03-09 {hour}:00", course_id=course) for hour in (10, 11, 12))
    rows.visit("2026-03-09 15:00")

    outbox.write(THURSDAY)
    with writing(rows.engine) as session:
        session.get_one(Appointment, first).status = Status.CANCELLED
    outbox.write(THURSDAY)

    reminded = [one.send_after for one in rows.messages()]
    assert reminded == [local(f"2026-03-08 {hour}:00") for hour in (10, 15, 11)]


def test_visits_beyond_eight_days_wait(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-14 08:00")

    assert outbox.write(THURSDAY).reminders_written == 0


def test_reminder_of_an_early_visit_goes_the_evening_before_the_day_before(
    rows: Rows, outbox: Outbox
) -> None:
    rows.visit("2026-03-10 07:00")

    outbox.write(THURSDAY)

    assert [one.send_after for one in rows.messages()] == [local("2026-03-08 20:00")]


def test_reminder_is_sent_once(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00")
    outbox.write(THURSDAY)

    for minute in range(5):
        outbox.send(local("2026-03-08 08:00") + timedelta(minutes=minute))

    assert [mail.to for mail in outbox.sender.mails] == ["pat@home.test"]
    assert states(rows) == [("sent", "")]


def test_reminder_does_not_go_before_its_time(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00")
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-08 07:59"))

    assert outbox.sender.mails == []


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NOSHOW, Status.ARRIVED])
def test_no_reminder_goes_when_the_visit_is_not_booked_any_more(
    rows: Rows, outbox: Outbox, status: Status
) -> None:
    visit = rows.visit("2026-03-09 08:00")
    outbox.write(THURSDAY)
    _set_status(rows, visit, status)

    outbox.send(local("2026-03-08 08:00"))

    assert outbox.sender.mails == []
    assert states(rows) == [("cancelled", f"visit_{status.value}")]


def _set_status(rows: Rows, visit: int, status: Status) -> None:
    with writing(rows.engine) as session:
        values: dict[str, object] = {"status": status}
        if status is Status.CANCELLED:
            values |= {"cancelled_at": THURSDAY, "cancelled_by": "clinic"}
        session.execute(update(Appointment).where(Appointment.id == visit).values(**values))


def test_moved_visit_is_reminded_of_its_new_time_only(rows: Rows, outbox: Outbox) -> None:
    visit = rows.visit("2026-03-09 08:00")
    outbox.write(THURSDAY)
    _move(rows, visit, "2026-03-10 10:00")
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-08 08:00"))
    outbox.send(local("2026-03-09 10:00"))

    assert states(rows) == [("superseded", "moved"), ("sent", "")]
    assert ["Tuesday 10 March, 10:00 AM" in mail.text for mail in outbox.sender.mails] == [True]


def _move(rows: Rows, visit: int, to: str) -> None:
    start = local(to)
    with writing(rows.engine) as session:
        row = session.get_one(Appointment, visit)
        row.start_at, row.end_at = start, start + timedelta(minutes=40)
        row.local_on, row.local_min = start.date(), int(to[11:13]) * 60
        row.version += 1
        session.add(
            StatusChange(
                appointment_id=visit,
                verb="move",
                from_status=row.status,
                to_status=row.status,
                to_start_at=start,
                at=THURSDAY,
            )
        )


def test_a_changed_row_of_an_unmoved_visit_brings_no_second_reminder(
    rows: Rows, outbox: Outbox
) -> None:
    visit = rows.visit("2026-03-09 08:00")
    outbox.write(THURSDAY)
    with writing(rows.engine) as session:
        session.get_one(Appointment, visit).version += 1

    assert outbox.write(THURSDAY).reminders_written == 0


def test_no_reminder_goes_at_three_in_the_morning(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-10 12:00")
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-10 03:03"))
    held_back = states(rows)
    outbox.send(local("2026-03-10 08:00"))

    assert held_back == [("due", "quiet_hours")]
    assert len(outbox.sender.mails) == 1


def test_reminder_is_dropped_when_no_decent_hour_is_left(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-10 07:30")
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-10 03:03"))

    assert states(rows) == [("cancelled", "no_decent_hour")]


def test_decent_hours_are_those_of_the_patient(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-10 12:00", patient_id=rows.patient(zone="America/Los_Angeles"))
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-10 09:00"))

    assert [one.next_at for one in rows.messages()] == [local("2026-03-10 11:00")]


def test_late_booking_gets_no_reminder(rows: Rows, outbox: Outbox) -> None:
    visit = rows.visit("2026-03-09 08:00")
    with writing(rows.engine) as session:
        session.execute(
            update(StatusChange)
            .where(StatusChange.appointment_id == visit)
            .values(at=local("2026-03-08 18:00"))
        )

    assert outbox.write(local("2026-03-08 18:00")).reminders_written == 0


def test_scheduler_that_was_down_still_reminds(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 18:00")

    outbox.write(local("2026-03-09 09:00"))
    outbox.send(local("2026-03-09 09:00"))

    assert len(outbox.sender.mails) == 1


def test_reminder_of_a_visit_that_is_over_is_not_sent(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00")
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-09 09:00"))

    assert states(rows) == [("cancelled", "too_late")]


def test_patient_who_wants_no_mail_gets_none(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00", patient_id=rows.patient(wants_email=False))
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-08 08:00"))

    assert (states(rows), open_work(rows)) == ([("cancelled", "opted_out")], [])


def open_work(rows: Rows) -> list[tuple[str, int]]:
    with reading(rows.engine) as session:
        return [
            (one.kind, one.patient_id)
            for one in session.query(WorkItem).filter(WorkItem.done_at.is_(None))
        ]


def test_one_bad_contact_does_not_stop_the_run(rows: Rows, outbox: Outbox) -> None:
    nameless = rows.patient(email="")
    refused = rows.patient(email="gone@home.test")
    for patient in (nameless, refused, rows.patient_id):
        rows.visit("2026-03-09 08:00", patient_id=patient)
    outbox.sender.bad["gone@home.test"] = PermanentFailure("smtp_550")
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-08 08:00"))

    assert [mail.to for mail in outbox.sender.mails] == ["pat@home.test"]
    assert states(rows) == [("failed", "no_address"), ("failed", "smtp_550"), ("sent", "")]
    assert open_work(rows) == [("not_reached", nameless), ("not_reached", refused)]


def test_a_fault_of_our_own_does_not_stop_the_run(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00", patient_id=rows.patient(email="odd@home.test"))
    rows.visit("2026-03-09 08:00")
    outbox.sender.bad["odd@home.test"] = ZeroDivisionError()
    outbox.write(THURSDAY)

    report = outbox.send(local("2026-03-08 08:00"))

    assert [mail.to for mail in outbox.sender.mails] == ["pat@home.test"]
    assert len(report.failed_messages) == 1


def test_restored_past_rows_are_held(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00")
    rows.visit("2026-03-12 08:00", patient_id=rows.patient())
    outbox.write(THURSDAY)

    held = outbox.hold(local("2026-03-08 20:00"))
    outbox.send(local("2026-03-08 20:00"))

    assert held == 1
    assert states(rows) == [("held", "restored"), ("due", "")]


def test_messages_are_unique_by_their_key(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00")
    outbox.write(THURSDAY)

    (message,) = rows.messages()

    assert (message.dedupe_key, message.state, message.kind) == (
        f"reminder:{message.appointment_id}:-1d:1",
        MessageState.DUE,
        "reminder",
    )


def test_language_of_the_patient_is_used(rows: Rows, outbox: Outbox) -> None:
    rows.visit("2026-03-09 08:00")
    with writing(rows.engine) as session:
        session.execute(update(Patient).values(language="es"))
    outbox.write(THURSDAY)

    outbox.send(local("2026-03-08 08:00"))

    assert [mail.subject for mail in outbox.sender.mails] == ["Recordatorio de Main Street Clinic"]
