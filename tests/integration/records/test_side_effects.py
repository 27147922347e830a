"""Side effects find their level, their owner and, when they must, stop the course."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from clinic.actions.side_effects import (
    SideEffectDraft,
    change_side_effect,
    log_side_effect,
    side_effect_of,
    void_side_effect,
)
from clinic.errors import Conflict, NotAllowed, NotFound, RuleBroken
from clinic.models import Appointment, AuditEntry, Course, WorkItem
from clinic.models.engine import reading, writing
from clinic.queries.side_effects import EarlierEffect, of_visit
from clinic.rules.appointments import Status
from clinic.rules.courses import CourseStatus
from tests.integration.clinic_rows import Rows, local, make_rows

NOW = local("2026-03-09 08:30")
MILD = SideEffectDraft(
    term_key="headache",
    grade=1,
    onset_at=NOW,
    relatedness="possible",
    action="none",
    outcome="ongoing",
)
SEIZURE = replace(MILD, term_key="seizure")


@pytest.fixture
def rows(engine: Engine) -> Rows:
    return make_rows(engine)


@pytest.fixture
def course(rows: Rows) -> int:
    return rows.course(status=CourseStatus.ACTIVE)


@pytest.fixture
def visit(rows: Rows, course: int) -> int:
    return rows.visit("2026-03-09 08:00", status=Status.CHECKED_IN, course_id=course)


def log(rows: Rows, visit: int, draft: SideEffectDraft, role: str = "tms_operator") -> str:
    with writing(rows.engine) as session:
        row = log_side_effect(
            session,
            appointment=session.get_one(Appointment, visit),
            draft=draft,
            by=rows.actor(role),
            now=NOW,
        )
        return row.public_id


def after(rows: Rows, course: int) -> tuple[list[str], CourseStatus, int]:
    """The open work, the course's status and its version."""
    with reading(rows.engine) as session:
        held = session.get_one(Course, course)
        return list(session.scalars(select(WorkItem.kind))), held.status, held.version


def test_mild_effect_is_only_logged(rows: Rows, visit: int, course: int) -> None:
    log(rows, visit, MILD)

    assert after(rows, course) == ([], CourseStatus.ACTIVE, 1)


def test_severe_effect_finds_an_owner(rows: Rows, visit: int, course: int) -> None:
    log(rows, visit, replace(MILD, grade=3))

    assert after(rows, course) == (["side_effect_review"], CourseStatus.ACTIVE, 1)


def test_seizure_puts_the_course_on_hold_once(rows: Rows, visit: int, course: int) -> None:
    log(rows, visit, SEIZURE)
    log(rows, visit, SEIZURE)

    assert after(rows, course) == (["side_effect_review"] * 2, CourseStatus.ON_HOLD, 2)
    with reading(rows.engine) as session:
        verbs = session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert sorted(verbs) == ["hold_course", "log_side_effect", "log_side_effect"]


def test_finished_course_is_not_held(rows: Rows) -> None:
    course = rows.course(status=CourseStatus.COMPLETED)
    visit = rows.visit("2026-03-09 08:00", status=Status.FULFILLED, course_id=course)

    log(rows, visit, SEIZURE)

    assert after(rows, course)[1] is CourseStatus.COMPLETED


def test_visit_without_a_course_has_nothing_to_hold(rows: Rows) -> None:
    visit = rows.visit("2026-03-09 08:00", status=Status.CHECKED_IN)

    log(rows, visit, SEIZURE)

    with reading(rows.engine) as session:
        assert [one.level for one in of_visit(session, appointment_id=visit)] == ["emergency"]


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (replace(MILD, term_key="hiccups"), "side_effect_unknown"),
        (replace(MILD, term_key="other"), "side_effect_needs_words"),
        (replace(MILD, grade=6), "side_effect_grade"),
        (replace(MILD, grade=0), "side_effect_grade"),
        (replace(MILD, relatedness="surely"), "side_effect_option"),
        (replace(MILD, action="prayed"), "side_effect_option"),
        (replace(MILD, outcome="fine"), "side_effect_option"),
        (replace(MILD, onset_at=local("2026-03-09 08:31")), "side_effect_in_the_future"),
    ],
)
def test_what_is_not_on_the_list_is_refused(
    rows: Rows, visit: int, draft: SideEffectDraft, code: str
) -> None:
    with pytest.raises(RuleBroken, match=code):
        log(rows, visit, draft)


def test_other_events_are_told_in_words(rows: Rows, visit: int) -> None:
    log(rows, visit, replace(MILD, term_key="other", free_text="hiccups"))

    with reading(rows.engine) as session:
        assert [one.free_text for one in of_visit(session, appointment_id=visit)] == ["hiccups"]


def test_desk_may_not_log(rows: Rows, visit: int) -> None:
    with pytest.raises(NotAllowed):
        log(rows, visit, MILD, role="front_desk")


def void(rows: Rows, visit: int, public_id: str, reason: str = "other patient") -> None:
    with writing(rows.engine) as session:
        appointment = session.get_one(Appointment, visit)
        void_side_effect(
            session,
            side_effect=side_effect_of(session, appointment=appointment, public_id=public_id),
            reason=reason,
            by=rows.actor("tms_operator"),
            now=NOW,
        )


def test_mistake_needs_a_reason(rows: Rows, visit: int) -> None:
    with pytest.raises(RuleBroken, match="void_needs_reason"):
        void(rows, visit, log(rows, visit, MILD), reason="  ")


def test_mistake_is_voided_once_and_a_hold_stays(rows: Rows, visit: int, course: int) -> None:
    public_id = log(rows, visit, SEIZURE)
    void(rows, visit, public_id)

    with reading(rows.engine) as session:
        assert of_visit(session, appointment_id=visit) == []
    assert after(rows, course)[1] is CourseStatus.ON_HOLD
    with pytest.raises(Conflict, match="side_effect_voided"):
        void(rows, visit, public_id)


def test_side_effect_of_another_visit_is_not_found(rows: Rows, visit: int) -> None:
    public_id = log(rows, visit, MILD)
    other = rows.visit("2026-03-09 09:00", patient_id=rows.patient(), status=Status.ARRIVED)

    with pytest.raises(NotFound):
        void(rows, other, public_id)


def change(rows: Rows, visit: int, public_id: str, draft: SideEffectDraft) -> str:
    with writing(rows.engine) as session:
        appointment = session.get_one(Appointment, visit)
        old = side_effect_of(session, appointment=appointment, public_id=public_id)
        by = rows.actor("tms_operator")
        row = change_side_effect(session, side_effect=old, draft=draft, by=by, now=NOW)
        return row.public_id


def test_changed_side_effect_keeps_what_it_was(rows: Rows, visit: int) -> None:
    first = log(rows, visit, MILD)
    second = change(rows, visit, first, replace(MILD, grade=2))
    third = change(rows, visit, second, replace(MILD, grade=1, outcome="resolved"))

    with reading(rows.engine) as session:
        (row,) = of_visit(session, appointment_id=visit)
    assert (row.public_id, row.grade, row.outcome) == (third, 1, "resolved")
    assert row.earlier == (
        EarlierEffect(1, "ongoing", NOW, "CC"),
        EarlierEffect(2, "ongoing", NOW, "CC"),
    )


def test_changed_side_effect_taken_back_brings_nothing_older_up(rows: Rows, visit: int) -> None:
    second = change(rows, visit, log(rows, visit, MILD), replace(MILD, grade=2))
    void(rows, visit, second)

    with reading(rows.engine) as session:
        assert of_visit(session, appointment_id=visit) == []


@pytest.mark.parametrize("again", [change, lambda rows, visit, old, _: void(rows, visit, old)])
def test_what_was_changed_is_neither_changed_nor_taken_back(
    rows: Rows, visit: int, again: Callable[..., object]
) -> None:
    old = log(rows, visit, MILD)
    change(rows, visit, old, replace(MILD, grade=2))

    with pytest.raises(Conflict, match="side_effect_changed"):
        again(rows, visit, old, MILD)


def test_what_was_taken_back_is_not_changed(rows: Rows, visit: int) -> None:
    old = log(rows, visit, MILD)
    void(rows, visit, old)

    with pytest.raises(Conflict, match="side_effect_voided"):
        change(rows, visit, old, MILD)


@pytest.mark.parametrize(
    ("start", "to", "work", "status"),
    [
        (MILD, replace(MILD, grade=3), 1, CourseStatus.ACTIVE),
        (
            replace(MILD, grade=3),
            replace(MILD, grade=3, outcome="resolved"),
            1,
            CourseStatus.ACTIVE,
        ),
        (MILD, replace(MILD, is_serious=True), 1, CourseStatus.ON_HOLD),
        (replace(MILD, grade=3), replace(MILD, grade=3, is_serious=True), 2, CourseStatus.ON_HOLD),
        (MILD, replace(MILD, outcome="resolved"), 0, CourseStatus.ACTIVE),
    ],
)
def test_change_acts_when_it_calls_for_more(
    rows: Rows,
    visit: int,
    course: int,
    start: SideEffectDraft,
    to: SideEffectDraft,
    work: int,
    status: CourseStatus,
) -> None:
    change(rows, visit, log(rows, visit, start), to)

    kinds, held, _ = after(rows, course)
    assert (len(kinds), held) == (work, status)
