"""A reading is stored once plausible, with its verdict and the thresholds it was given by."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from clinic.actions.observations import log_vitals, observation_of, void_observation
from clinic.actions.visits import end_visit, start_visit
from clinic.errors import ClinicError, Conflict, NotAllowed, NotFound, RuleBroken
from clinic.models import Appointment, AuditEntry, Observation
from clinic.models.engine import reading, writing
from clinic.queries.observations import baseline, readings
from clinic.rules.appointments import Status
from clinic.rules.courses import CourseStatus
from clinic.rules.vitals import Reading
from tests.integration.clinic_rows import Rows, local, make_rows

START = local("2026-03-09 08:00")
CALM = Reading(systolic_mmhg=120, diastolic_mmhg=80, heart_rate_bpm=70, spo2_percent=98)


@pytest.fixture
def rows(engine: Engine) -> Rows:
    return make_rows(engine)


@pytest.fixture
def visit(rows: Rows) -> int:
    return rows.visit("2026-03-09 08:00", status=Status.CHECKED_IN)


def log(
    rows: Rows,
    visit: int,
    taken: Reading = CALM,
    *,
    minute: int = 0,
    role: str = "vitals_recorder",
    corrects: str | None = None,
) -> str:
    """Log a reading some minutes after the start and return its public id."""
    at = START + timedelta(minutes=minute)
    with writing(rows.engine) as session:
        appointment = session.get_one(Appointment, visit)
        old = (
            None
            if corrects is None
            else observation_of(session, appointment=appointment, public_id=corrects)
        )
        row = log_vitals(
            session,
            appointment=appointment,
            reading=taken,
            taken_at=at,
            by=rows.actor(role),
            now=at,
            corrects=old,
        )
        return row.public_id


def begin(rows: Rows, visit: int, *, minute: int = 0) -> None:
    at: datetime = START + timedelta(minutes=minute)
    with writing(rows.engine) as session:
        start_visit(
            session,
            appointment=session.get_one(Appointment, visit),
            at=at,
            by=rows.actor("vitals_recorder"),
            now=at,
        )


def levels(rows: Rows, visit: int) -> list[tuple[str, str]]:
    with reading(rows.engine) as session:
        return [(one.rule_set, one.level) for one in readings(session, appointment_id=visit)]


def test_reading_is_stored_with_its_verdict(rows: Rows, visit: int) -> None:
    log(rows, visit, Reading(systolic_mmhg=165, diastolic_mmhg=85))

    with reading(rows.engine) as session:
        (row,) = session.scalars(select(Observation)).all()
        assert (row.level, row.rule_set, row.patient_id) == (
            "hard_hold",
            "pre_dose",
            rows.patient_id,
        )
        assert [one["rule"] for one in row.reasons] == ["pre_bp_hard", "pre_bp_soft"]


def test_log_writes_an_audit_row(rows: Rows, visit: int) -> None:
    log(rows, visit)

    with reading(rows.engine) as session:
        (entry,) = session.scalars(select(AuditEntry)).all()
        assert (entry.verb, entry.account_id, entry.patient_id, entry.values) == (
            "log_vitals",
            rows.cleo_id,
            rows.patient_id,
            {"level": "none"},
        )


def test_rules_of_the_session_apply_once_the_visit_has_begun(rows: Rows, visit: int) -> None:
    log(rows, visit)
    begin(rows, visit, minute=5)
    log(rows, visit, Reading(systolic_mmhg=159, diastolic_mmhg=90), minute=10)
    log(rows, visit, Reading(systolic_mmhg=160, diastolic_mmhg=90), minute=15)

    assert levels(rows, visit) == [
        ("pre_dose", "none"),
        ("in_session", "none"),
        ("in_session", "warn"),
    ]


def test_rise_is_measured_from_the_last_reading_before_the_dose(rows: Rows, visit: int) -> None:
    log(rows, visit, Reading(systolic_mmhg=100, diastolic_mmhg=60))
    log(rows, visit, Reading(systolic_mmhg=118, diastolic_mmhg=60), minute=1)
    begin(rows, visit, minute=5)
    log(rows, visit, Reading(systolic_mmhg=157, diastolic_mmhg=60), minute=10)
    log(rows, visit, Reading(systolic_mmhg=158, diastolic_mmhg=60), minute=15)

    assert [level for _, level in levels(rows, visit)] == ["none", "none", "none", "warn"]


@pytest.mark.parametrize(
    ("taken", "fields"),
    [
        (Reading(systolic_mmhg=1200, diastolic_mmhg=80), ("sbp",)),
        (Reading(systolic_mmhg=80, diastolic_mmhg=120), ("sbp",)),
        (Reading(systolic_mmhg=120, diastolic_mmhg=80, spo2_percent=9), ("spo2",)),
    ],
)
def test_typing_error_is_refused_by_field(
    rows: Rows, visit: int, taken: Reading, fields: tuple[str, ...]
) -> None:
    with pytest.raises(RuleBroken) as refused:
        log(rows, visit, taken)

    assert (refused.value.code, refused.value.values["fields"]) == ("reading_impossible", fields)
    assert levels(rows, visit) == []


def test_dangerous_but_possible_value_is_stored(rows: Rows, visit: int) -> None:
    log(rows, visit, Reading(systolic_mmhg=250, diastolic_mmhg=150, spo2_percent=60))

    assert levels(rows, visit) == [("pre_dose", "hard_hold")]


def test_empty_reading_is_refused(rows: Rows, visit: int) -> None:
    with pytest.raises(RuleBroken, match="reading_empty"):
        log(rows, visit, Reading())


def test_reading_of_the_future_is_refused(rows: Rows, visit: int) -> None:
    with pytest.raises(RuleBroken, match="reading_in_the_future"), writing(rows.engine) as session:
        log_vitals(
            session,
            appointment=session.get_one(Appointment, visit),
            reading=CALM,
            taken_at=START + timedelta(minutes=6),
            by=rows.actor("vitals_recorder"),
            now=START,
        )


@pytest.mark.parametrize("role", ["front_desk", "kap_therapist", "biller"])
def test_others_may_not_log(rows: Rows, visit: int, role: str) -> None:
    with pytest.raises(NotAllowed):
        log(rows, visit, role=role)


def test_correction_replaces_and_keeps_the_old_row(rows: Rows, visit: int) -> None:
    wrong = log(rows, visit, Reading(systolic_mmhg=210, diastolic_mmhg=80))
    log(rows, visit, CALM, corrects=wrong, minute=1)

    with reading(rows.engine) as session:
        seen = readings(session, appointment_id=visit)
        first = baseline(session, appointment_id=visit, before=START + timedelta(hours=1))
    assert [(one.systolic_mmhg, one.is_corrected) for one in seen] == [(210, True), (120, False)]
    assert first is not None
    assert first.systolic_mmhg == 120


def test_reading_is_corrected_once(rows: Rows, visit: int) -> None:
    wrong = log(rows, visit)
    log(rows, visit, corrects=wrong)

    with pytest.raises(Conflict, match="reading_replaced"):
        log(rows, visit, corrects=wrong)


def test_reading_of_another_visit_is_not_found(rows: Rows, visit: int) -> None:
    other = rows.visit("2026-03-09 09:00", patient_id=rows.patient(), status=Status.ARRIVED)
    foreign = log(rows, other)

    with pytest.raises(NotFound):
        log(rows, visit, corrects=foreign)


def void(rows: Rows, visit: int, public_id: str, reason: str = "wrong patient") -> None:
    with writing(rows.engine) as session:
        appointment = session.get_one(Appointment, visit)
        void_observation(
            session,
            observation=observation_of(session, appointment=appointment, public_id=public_id),
            reason=reason,
            by=rows.actor("vitals_recorder"),
            now=START,
        )


def test_voided_reading_stays_and_counts_no_more(rows: Rows, visit: int) -> None:
    void(rows, visit, log(rows, visit))

    with reading(rows.engine) as session:
        assert [one.is_voided for one in readings(session, appointment_id=visit)] == [True]
        assert baseline(session, appointment_id=visit, before=START + timedelta(hours=1)) is None


@pytest.mark.parametrize("reason", ["", "  "])
def test_void_needs_a_reason(rows: Rows, visit: int, reason: str) -> None:
    public_id = log(rows, visit)

    with pytest.raises(RuleBroken, match="void_needs_reason"):
        void(rows, visit, public_id, reason)


def test_voided_reading_cannot_be_voided_again(rows: Rows, visit: int) -> None:
    public_id = log(rows, visit)
    void(rows, visit, public_id)

    with pytest.raises(Conflict, match="reading_replaced"):
        void(rows, visit, public_id)


def test_visit_of_a_held_course_cannot_start(rows: Rows) -> None:
    course = rows.course(status=CourseStatus.ON_HOLD)
    visit = rows.visit("2026-03-09 08:00", status=Status.CHECKED_IN, course_id=course)

    with pytest.raises(RuleBroken, match="course_on_hold"):
        begin(rows, visit)


@pytest.mark.parametrize("status", [Status.BOOKED, Status.NOSHOW, Status.CANCELLED])
def test_visit_starts_only_when_the_patient_is_here(rows: Rows, status: Status) -> None:
    visit = rows.visit("2026-03-09 08:00")
    with writing(rows.engine) as session:
        row = session.get_one(Appointment, visit)
        row.status = status
        if status is Status.CANCELLED:
            row.cancelled_at, row.cancelled_by = START, "clinic"

    with pytest.raises(RuleBroken, match="visit_not_here"):
        begin(rows, visit)


def end(rows: Rows, visit: int, minute: int) -> None:
    at = START + timedelta(minutes=minute)
    with writing(rows.engine) as session:
        end_visit(
            session,
            appointment=session.get_one(Appointment, visit),
            at=at,
            by=rows.actor("vitals_recorder"),
            now=at,
        )


def test_visit_starts_and_ends_once(rows: Rows, visit: int) -> None:
    refused: list[ClinicError] = []
    for step in (
        lambda: end(rows, visit, 5),
        lambda: begin(rows, visit),
        lambda: begin(rows, visit),
        lambda: end(rows, visit, -1),
        lambda: end(rows, visit, 30),
        lambda: end(rows, visit, 40),
    ):
        try:
            step()
        except ClinicError as error:
            refused.append(error)

    assert [error.code for error in refused] == [
        "visit_not_started",
        "visit_started",
        "visit_ends_before_start",
        "visit_ended",
    ]
