"""The states of a course, its strip and its progress."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import (
    RUNNING,
    CourseStatus,
    CourseTransitionRefused,
    CourseVerb,
    StripMark,
    StripVisit,
    ending_verb,
    next_course_status,
    same_hour,
    strip_mark,
)
from clinic.rules.data import Node
from tests.unit.rules.examples import clinic_data

TODAY = date(2026, 3, 11)
C = CourseStatus


def test_states_are_those_of_the_operations() -> None:
    listed = Node("$", clinic_data("operations")).field("course_status").items()

    assert [one.field("ours").value for one in listed] == [status.value for status in CourseStatus]


@pytest.mark.parametrize(
    ("status", "verb", "expected"),
    [
        (C.DRAFT, CourseVerb.ASK_INSURER, C.AWAITING_AUTHORISATION),
        (C.AWAITING_AUTHORISATION, CourseVerb.AUTHORISE, C.DRAFT),
        (C.DRAFT, CourseVerb.ACTIVATE, C.ACTIVE),
        (C.AWAITING_AUTHORISATION, CourseVerb.ACTIVATE, C.ACTIVE),
        (C.ACTIVE, CourseVerb.HOLD, C.ON_HOLD),
        (C.ON_HOLD, CourseVerb.RELEASE, C.ACTIVE),
        (C.ON_HOLD, CourseVerb.RELEASE_UNSTARTED, C.DRAFT),
        (C.ACTIVE, CourseVerb.COMPLETE, C.COMPLETED),
        (C.ON_HOLD, CourseVerb.STOP_EARLY, C.STOPPED_EARLY),
        (C.DRAFT, CourseVerb.CANCEL_BEFORE_START, C.CANCELLED_BEFORE_START),
        (C.COMPLETED, CourseVerb.ENTER_IN_ERROR, C.ENTERED_IN_ERROR),
    ],
)
def test_verb_leads_to_its_state(status: C, verb: CourseVerb, expected: C) -> None:
    assert next_course_status(status, verb) is expected


@given(status=st.sampled_from(sorted(set(C) - RUNNING)), verb=st.sampled_from(CourseVerb))
def test_ended_course_can_only_be_entered_in_error(status: C, verb: CourseVerb) -> None:
    if verb is CourseVerb.ENTER_IN_ERROR and status is not C.ENTERED_IN_ERROR:
        assert next_course_status(status, verb) is C.ENTERED_IN_ERROR
        return
    with pytest.raises(CourseTransitionRefused) as refused:
        next_course_status(status, verb)
    assert (refused.value.status, refused.value.verb) == (status, verb)


@pytest.mark.parametrize(
    ("status", "has_delivered", "end"),
    [
        (C.DRAFT, False, C.CANCELLED_BEFORE_START),
        (C.AWAITING_AUTHORISATION, False, C.CANCELLED_BEFORE_START),
        (C.ACTIVE, True, C.STOPPED_EARLY),
        (C.ACTIVE, False, C.STOPPED_EARLY),
        (C.ON_HOLD, True, C.STOPPED_EARLY),
        (C.ON_HOLD, False, C.CANCELLED_BEFORE_START),
    ],
)
def test_course_that_began_is_stopped_and_another_cancelled(
    status: C, has_delivered: bool, end: C
) -> None:
    verb = ending_verb(status, has_delivered=has_delivered)

    assert next_course_status(status, verb) is end


def test_running_course_can_be_held_once() -> None:
    held = {status for status in C if status in RUNNING - {C.ON_HOLD}}

    assert {next_course_status(status, CourseVerb.HOLD) for status in held} == {C.ON_HOLD}
    with pytest.raises(CourseTransitionRefused):
        next_course_status(C.ON_HOLD, CourseVerb.HOLD)


def visit(
    days: int,
    status: Status = Status.BOOKED,
    outcome: Outcome | None = None,
    **marks: bool,
) -> StripVisit:
    return StripVisit(TODAY + timedelta(days=days), status, outcome, **marks)


@pytest.mark.parametrize(
    ("seen", "mark"),
    [
        (visit(-1, Status.FULFILLED, Outcome.COMPLETE), StripMark.DONE),
        (visit(0, Status.FULFILLED, Outcome.PARTIAL), StripMark.DONE),
        (visit(-1, Status.FULFILLED, Outcome.NOT_TREATED), StripMark.NOT_TREATED),
        (visit(-1, Status.NOSHOW), StripMark.MISSED),
        (visit(0), StripMark.TODAY),
        (visit(0, Status.CHECKED_IN), StripMark.TODAY),
        (visit(-1, Status.ARRIVED), StripMark.BOOKED),
        (visit(1), StripMark.BOOKED),
        (visit(1, Status.PENDING), StripMark.PENCILLED),
        (visit(1, Status.WAITLIST), StripMark.PENCILLED),
        (visit(1, is_make_up=True), StripMark.MAKEUP),
        (visit(1, is_make_up=True, is_covered=False), StripMark.UNCOVERED),
        (StripVisit(None), StripMark.UNPLANNED),
        (visit(1, Status.CANCELLED), None),
        (visit(1, Status.ENTERED_IN_ERROR), None),
    ],
)
def test_mark_of_a_visit(seen: StripVisit, mark: StripMark | None) -> None:
    assert strip_mark(seen, TODAY) is mark


@pytest.mark.parametrize(
    ("starts", "expected"), [([], (0, 0)), ([600, 540, 600], (600, 2)), ([600, 540], (540, 1))]
)
def test_same_hour_is_the_most_frequent_the_earliest_on_a_tie(
    starts: list[int], expected: tuple[int, int]
) -> None:
    assert same_hour(starts) == expected
