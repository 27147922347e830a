"""Nobody is let go by accident: the action asks, whatever a page has shown."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from clinic.actions.observations import log_vitals
from clinic.actions.releases import Release
from clinic.actions.side_effects import SideEffectDraft, log_side_effect
from clinic.actions.undos import undo_change_set
from clinic.actions.visits import finish_visit, start_visit
from clinic.errors import RuleBroken
from clinic.models import Appointment, AuditEntry, ChangeSet, VisitRecord
from clinic.models.engine import reading, writing
from clinic.queries.chairs import EndNote, care_of, end_note
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.vitals import Reading
from clinic.rules.vitals_release import Way
from tests.integration.clinic_rows import Rows, local, make_rows

START = local("2026-03-09 09:00")
CALM = Reading(systolic_mmhg=122, diastolic_mmhg=78, spo2_percent=98, moaas_score=5)
BAD = Reading(systolic_mmhg=195, diastolic_mmhg=112, spo2_percent=97, moaas_score=5)
TICKS = frozenset({"dissociation", "gait", "ride", "instructions", "screener"})
NURSE = ("monitoring_clinician",)


@pytest.fixture
def rows(engine: Engine) -> Rows:
    return make_rows(engine)


@pytest.fixture
def visit(rows: Rows) -> int:
    """An esketamine visit: calm before the spray at nine, calm at the one required point."""
    given = rows.dosing()
    course = given.course(status=CourseStatus.ACTIVE)
    visit = given.visit("2026-03-09 09:00", status=Status.CHECKED_IN, course_id=course)
    log(rows, visit, CALM, -4)
    begin(rows, visit)
    log(rows, visit, CALM, 41)
    return visit


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def log(rows: Rows, visit: int, taken: Reading, minute: int) -> None:
    with writing(rows.engine) as session:
        log_vitals(
            session,
            appointment=session.get_one(Appointment, visit),
            reading=taken,
            taken_at=at(minute),
            by=rows.actor("vitals_recorder"),
            now=at(minute),
        )


def begin(rows: Rows, visit: int) -> None:
    with writing(rows.engine) as session:
        appointment = session.get_one(Appointment, visit)
        start_visit(
            session, appointment=appointment, at=START, by=rows.actor("vitals_recorder"), now=START
        )


def finish(
    rows: Rows,
    visit: int,
    minute: int,
    release: Release,
    *,
    roles: tuple[str, ...] = NURSE,
    outcome: Outcome = Outcome.COMPLETE,
    reason: str | None = None,
) -> None:
    with writing(rows.engine) as session:
        appointment = session.get_one(Appointment, visit)
        finish_visit(
            session,
            appointment=appointment,
            outcome=outcome,
            reason=reason,
            version=appointment.version,
            by=rows.actor(*roles),
            now=at(minute),
            release=release,
        )


def refusal(rows: Rows, visit: int, minute: int, release: Release, **more: Any) -> RuleBroken:
    with pytest.raises(RuleBroken) as refused:
        finish(rows, visit, minute, release, **more)
    assert rows.get(visit).status is Status.CHECKED_IN
    return refused.value


def released(rows: Rows) -> dict:
    with reading(rows.engine) as session:
        query = select(AuditEntry.values).where(AuditEntry.verb == "release_visit")
        return session.scalars(query).one()


def test_patient_who_meets_everything_is_released(rows: Rows, visit: int) -> None:
    log(rows, visit, CALM, 115)

    finish(rows, visit, 121, Release(ticked=TICKS))

    assert rows.get(visit).outcome is Outcome.COMPLETE
    assert released(rows) == {
        "outcome": "complete",
        "way": "discharged",
        "unmet": [],
        "ticked": sorted(TICKS),
    }


@pytest.mark.parametrize(
    ("minute", "ticked", "items"),
    [
        (119, TICKS, ("observation_over",)),
        (121, TICKS - {"ride"}, ("ride",)),
        (131, TICKS, ("final_reading",)),
    ],
)
def test_one_thing_that_is_open_holds_the_patient(
    rows: Rows, visit: int, minute: int, ticked: frozenset[str], items: tuple[str, ...]
) -> None:
    log(rows, visit, CALM, 115)

    refused = refusal(rows, visit, minute, Release(ticked=ticked))

    assert (refused.code, refused.values["items"]) == ("visit_not_released", items)


def test_bad_last_reading_holds_the_patient(rows: Rows, visit: int) -> None:
    log(rows, visit, BAD, 119)

    refused = refusal(rows, visit, 122, Release(ticked=TICKS))

    assert refused.values["items"] == ("last_reading", "bp_below", "bp_settling")


def test_overdue_reading_holds_the_patient(rows: Rows, visit: int) -> None:
    log(rows, visit, BAD, 119)

    assert "reading_late" in refusal(rows, visit, 130, Release(ticked=TICKS)).values["items"]


def test_reading_that_came_since_counts(rows: Rows, visit: int) -> None:
    log(rows, visit, BAD, 110)
    log(rows, visit, CALM, 116)

    finish(rows, visit, 121, Release(ticked=TICKS))

    assert rows.get(visit).status is Status.FULFILLED


def test_prescriber_overrides_by_name_with_words(rows: Rows, visit: int) -> None:
    log(rows, visit, BAD, 119)
    held = Release(way=Way.OVERRIDDEN, ticked=TICKS, words="seen by Dr A, usual for her")

    finish(rows, visit, 122, held, roles=("prescriber",))

    with reading(rows.engine) as session:
        assert end_note(session, appointment_id=visit) == EndNote(
            "overridden", "seen by Dr A, usual for her"
        )
    assert released(rows)["unmet"] == ["last_reading", "bp_below", "bp_settling"]


@pytest.mark.parametrize("way", [Way.OVERRIDDEN, Way.LEFT_BEFORE_READY, Way.SENT_TO_HOSPITAL])
def test_every_way_but_a_release_needs_words(rows: Rows, visit: int, way: Way) -> None:
    assert refusal(rows, visit, 60, Release(way=way, words=" ")).code == "release_needs_words"


def test_nobody_overrides_the_watch_time_of_a_spray(rows: Rows, visit: int) -> None:
    log(rows, visit, CALM, 60)
    early = Release(way=Way.OVERRIDDEN, ticked=TICKS, words="wants to go")

    refused = refusal(rows, visit, 70, early, roles=("prescriber", "medical_director"))

    assert (refused.code, refused.values["items"]) == ("override_refused", ("observation_over",))


def test_no_phone_call_makes_up_for_a_ride(rows: Rows, visit: int) -> None:
    log(rows, visit, CALM, 115)
    alone = Release(way=Way.OVERRIDDEN, ticked=TICKS - {"ride"}, words="Dr A by phone")

    assert refusal(rows, visit, 121, alone).values["items"] == ("ride",)


@pytest.mark.parametrize("way", [Way.LEFT_BEFORE_READY, Way.SENT_TO_HOSPITAL])
def test_who_has_left_is_written_down_whatever_is_open(rows: Rows, visit: int, way: Way) -> None:
    log(rows, visit, BAD, 60)

    gone = Release(way=way, words="Dr A told")
    finish(rows, visit, 62, gone, outcome=Outcome.PARTIAL, reason="safety", roles=("tms_operator",))

    assert rows.get(visit).status is Status.FULFILLED
    assert released(rows)["way"] == way.value


def test_only_a_clinician_releases_after_a_dose(rows: Rows, visit: int) -> None:
    log(rows, visit, CALM, 115)

    refused = refusal(rows, visit, 121, Release(ticked=TICKS), roles=("vitals_recorder",))

    assert refused.code == "release_needs_clinician"


def test_session_that_ran_is_not_untreated_without_a_word(rows: Rows, visit: int) -> None:
    untreated: dict[str, Any] = {"outcome": Outcome.NOT_TREATED, "reason": "device"}

    assert refusal(rows, visit, 45, Release(), **untreated).code == "session_has_run"
    finish(rows, visit, 45, Release(is_nothing_given=True), **untreated)
    assert rows.get(visit).outcome is Outcome.NOT_TREATED


def test_vomiting_keeps_the_patient_for_half_an_hour(rows: Rows, visit: int) -> None:
    log(rows, visit, CALM, 115)
    draft = SideEffectDraft("vomiting", 1, at(100), "probable", "none", "resolved")
    with writing(rows.engine) as session:
        appointment = session.get_one(Appointment, visit)
        by = rows.actor("vitals_recorder")
        log_side_effect(session, appointment=appointment, draft=draft, by=by, now=at(100))

    assert refusal(rows, visit, 125, Release(ticked=TICKS)).values["items"] == ("vomiting",)
    finish(rows, visit, 130, Release(ticked=TICKS))


def test_undo_opens_the_chair_again(rows: Rows, visit: int) -> None:
    finish(rows, visit, 60, Release(way=Way.LEFT_BEFORE_READY, words="wrong patient"))
    with writing(rows.engine) as session:
        made = session.get_one(ChangeSet, session.get_one(Appointment, visit).change_set_id)
        undo_change_set(session, public_id=made.public_id, by=rows.actor(*NURSE), now=at(61))

    with reading(rows.engine) as session:
        record = session.scalars(select(VisitRecord)).one()
        row = session.get_one(Appointment, visit)
        assert (row.status, row.outcome, record.ended_at) == (Status.CHECKED_IN, None, None)


def test_programme_takes_the_care_of_its_route(rows: Rows) -> None:
    injection = rows.dosing("ket_im_kap", "dosing_im")
    programme = rows.dosing("kap_programme", "integration")

    with reading(rows.engine) as session:
        cares = [
            care_of(session, protocol_id=programme.protocol_id, kind_id=kind)
            for kind in (injection.kind_id, programme.kind_id)
        ]

    assert [care and care.route for care in cares] == ["im", None]


def test_talk_of_a_programme_ends_without_a_checklist(rows: Rows) -> None:
    programme = rows.dosing("kap_programme", "integration")
    course = programme.course(status=CourseStatus.ACTIVE)
    talk = programme.visit("2026-03-09 09:00", status=Status.CHECKED_IN, course_id=course)

    begin(rows, talk)
    finish(rows, talk, 50, Release(), roles=("kap_therapist",))

    assert rows.get(talk).status is Status.FULFILLED
