"""A change is told once, after three minutes, as it is by then."""

from datetime import timedelta

from clinic.actions.messages import queue_change_notice
from clinic.models import Appointment, ChangeSet
from clinic.models.engine import writing
from clinic.rules.appointments import CancelledBy, Status
from tests.integration.clinic_rows import Rows, local
from tests.integration.messages.conftest import Outbox
from tests.integration.messages.test_reminders import open_work, states

NOON = local("2026-03-05 12:00")
LATER = NOON + timedelta(minutes=3)


def tell(rows: Rows, kind: str, *visits: int, verb: str) -> int:
    """Add a change set with its notice."""
    change_set_id = rows.change(kind, *visits, at=NOON, verb=verb)
    with writing(rows.engine) as session:
        queue_change_notice(session, change_set=session.get_one(ChangeSet, change_set_id), now=NOON)
    return change_set_id


def cancel(rows: Rows, visit: int) -> None:
    with writing(rows.engine) as session:
        row = session.get_one(Appointment, visit)
        row.status, row.cancelled_by, row.cancelled_at = Status.CANCELLED, CancelledBy.CLINIC, NOON


def subjects(outbox: Outbox) -> list[str]:
    return [mail.subject for mail in outbox.sender.mails]


def test_notice_waits_three_minutes(rows: Rows, outbox: Outbox) -> None:
    tell(rows, "appointment_booked", rows.visit("2026-03-09 08:00"), verb="book")

    early = outbox.send(LATER - timedelta(seconds=1)).sent
    late = outbox.send(LATER).sent

    assert (early, late) == (0, 1)


def test_one_change_set_makes_one_message_however_often_it_is_queued(
    rows: Rows, outbox: Outbox
) -> None:
    change_set_id = tell(rows, "course_booked", rows.visit("2026-03-09 08:00"), verb="book")
    with writing(rows.engine) as session:
        change_set = session.get_one(ChangeSet, change_set_id)

        assert not queue_change_notice(session, change_set=change_set, now=NOON)


def test_booked_course_is_told_with_all_its_visits_in_order(rows: Rows, outbox: Outbox) -> None:
    visits = [rows.visit(f"2026-03-{day:02d} 08:00") for day in (11, 9, 10)]
    tell(rows, "course_booked", *visits, verb="book")

    outbox.send(LATER)

    (mail,) = outbox.sender.mails
    said = [line.strip() for line in mail.text.splitlines() if "March" in line]
    assert said == [
        "Monday 9 March, 8:00 AM",
        "Tuesday 10 March, 8:00 AM",
        "Wednesday 11 March, 8:00 AM",
    ]


def test_visit_booked_and_cancelled_within_three_minutes_is_never_told(
    rows: Rows, outbox: Outbox
) -> None:
    visit = rows.visit("2026-03-09 08:00")
    tell(rows, "appointment_booked", visit, verb="book")
    cancel(rows, visit)
    tell(rows, "appointment_cancelled", visit, verb="cancel")

    outbox.send(LATER)

    assert subjects(outbox) == []
    assert states(rows) == [("superseded", "changed_again"), ("superseded", "never_told")]


def test_cancelled_visit_that_was_known_is_told(rows: Rows, outbox: Outbox) -> None:
    visit = rows.visit("2026-03-09 08:00")
    cancel(rows, visit)
    tell(rows, "appointment_cancelled", visit, verb="cancel")

    outbox.send(LATER)

    assert subjects(outbox) == ["Your visit at Main Street Clinic is cancelled"]


def test_course_that_is_ended_is_told_in_one_mail_with_its_visits(
    rows: Rows, outbox: Outbox
) -> None:
    visits = [rows.visit(f"2026-03-{day:02d} 08:00") for day in (9, 10)]
    for visit in visits:
        cancel(rows, visit)
    tell(rows, "course_ended", *visits, verb="cancel")

    outbox.send(LATER)

    (mail,) = outbox.sender.mails
    assert mail.subject == "Your visits at Main Street Clinic are cancelled"
    assert [line.strip() for line in mail.text.splitlines() if "March" in line] == [
        "Monday 9 March, 8:00 AM",
        "Tuesday 10 March, 8:00 AM",
    ]


def test_of_two_moves_only_the_last_is_told(rows: Rows, outbox: Outbox) -> None:
    visit = rows.visit("2026-03-09 08:00")
    tell(rows, "appointment_moved", visit, verb="move")
    tell(rows, "appointment_moved", visit, verb="move")

    outbox.send(LATER)

    assert states(rows) == [("superseded", "changed_again"), ("sent", "")]


def test_change_is_told_at_night_too(rows: Rows, outbox: Outbox) -> None:
    tell(rows, "appointment_moved", rows.visit("2026-03-06 08:00"), verb="move")

    outbox.send(local("2026-03-06 03:03"))

    assert subjects(outbox) == ["New time for your visit at Main Street Clinic"]


def test_change_of_a_visit_that_is_over_is_not_told(rows: Rows, outbox: Outbox) -> None:
    tell(rows, "appointment_moved", rows.visit("2026-03-05 08:00"), verb="move")

    outbox.send(LATER)

    assert states(rows) == [("cancelled", "over")]


def test_old_news_is_not_sent(rows: Rows, outbox: Outbox) -> None:
    tell(rows, "appointment_moved", rows.visit("2026-03-09 08:00"), verb="move")

    outbox.send(NOON + timedelta(days=3, seconds=1))

    assert states(rows) == [("cancelled", "too_late")]


def test_desk_is_told_of_a_change_that_mail_may_not_carry(rows: Rows, outbox: Outbox) -> None:
    patient = rows.patient(wants_email=False)
    change_set = rows.change(
        "appointment_moved",
        rows.visit("2026-03-09 08:00", patient_id=patient),
        at=NOON,
        verb="move",
    )
    with writing(rows.engine) as session:
        row = session.get_one(ChangeSet, change_set)
        row.patient_id = patient
        session.flush()
        queue_change_notice(session, change_set=row, now=NOON)

    outbox.send(LATER)

    assert states(rows) == [("cancelled", "opted_out")]
    assert open_work(rows) == [("not_reached", patient)]
