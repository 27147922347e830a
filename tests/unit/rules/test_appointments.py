"""The one table of transitions, lateness, and the numbers that are derived."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.appointments import (
    TRANSITIONS,
    Numbered,
    Outcome,
    Status,
    TransitionRefused,
    Verb,
    counts,
    is_late_cancel,
    next_status,
    number_visits,
)

START = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)

ALLOWED = {
    (Status.BOOKED, Verb.ARRIVE): Status.ARRIVED,
    (Status.BOOKED, Verb.CHECK_IN): Status.CHECKED_IN,
    (Status.ARRIVED, Verb.CHECK_IN): Status.CHECKED_IN,
    (Status.ARRIVED, Verb.FULFIL): Status.FULFILLED,
    (Status.CHECKED_IN, Verb.FULFIL): Status.FULFILLED,
    (Status.BOOKED, Verb.NO_SHOW): Status.NOSHOW,
    (Status.NOSHOW, Verb.WITHDRAW_NO_SHOW): Status.ARRIVED,
    (Status.BOOKED, Verb.CANCEL): Status.CANCELLED,
    (Status.PENDING, Verb.CANCEL): Status.CANCELLED,
    (Status.ARRIVED, Verb.CANCEL): Status.CANCELLED,
}


@pytest.mark.parametrize("pair", ALLOWED, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_a_visit_goes_from_state_to_state(pair: tuple[Status, Verb]) -> None:
    assert next_status(*pair) == ALLOWED[pair]


@pytest.mark.parametrize(
    "status, verb",
    [
        (Status.FULFILLED, Verb.CANCEL),
        (Status.FULFILLED, Verb.NO_SHOW),
        (Status.ARRIVED, Verb.NO_SHOW),
        (Status.CHECKED_IN, Verb.NO_SHOW),
        (Status.CANCELLED, Verb.ARRIVE),
        (Status.NOSHOW, Verb.FULFIL),
        (Status.PENDING, Verb.ARRIVE),
        (Status.BOOKED, Verb.FULFIL),
    ],
)
def test_what_makes_no_sense_is_refused(status: Status, verb: Verb) -> None:
    with pytest.raises(TransitionRefused) as refused:
        next_status(status, verb)

    assert (refused.value.status, refused.value.verb) == (status, verb)


@given(st.sampled_from(Status), st.lists(st.sampled_from(Verb), max_size=8))
def test_what_was_entered_by_mistake_stays_so(status: Status, verbs: list[Verb]) -> None:
    current = status
    for verb in verbs:
        if current in TRANSITIONS[verb][0]:
            current = next_status(current, verb)
            assert current is TRANSITIONS[verb][1]
        if verb is Verb.ENTER_IN_ERROR:
            assert current is Status.ENTERED_IN_ERROR
    if Verb.ENTER_IN_ERROR in verbs:
        assert current is Status.ENTERED_IN_ERROR


@pytest.mark.parametrize("hours, late", [(24, False), (23.99, True), (0, True), (-1, True)])
def test_a_cancellation_is_late_under_the_limit(hours: float, late: bool) -> None:
    assert is_late_cancel(START, START - timedelta(hours=hours), 24) is late


@pytest.mark.parametrize(
    "status, outcome, has_number",
    [
        (Status.BOOKED, None, True),
        (Status.PENDING, None, True),
        (Status.FULFILLED, Outcome.COMPLETE, True),
        (Status.FULFILLED, Outcome.NOT_TREATED, False),
        (Status.NOSHOW, None, False),
        (Status.CANCELLED, None, False),
        (Status.ENTERED_IN_ERROR, None, False),
        (Status.WAITLIST, None, False),
    ],
)
def test_delivered_and_planned_visits_have_a_number(
    status: Status, outcome: Outcome | None, has_number: bool
) -> None:
    assert counts(status, outcome) is has_number


def test_a_miss_uses_no_number_and_its_make_up_does() -> None:
    states = [Status.FULFILLED, Status.NOSHOW, Status.BOOKED, Status.BOOKED]
    visits = [Numbered(key, START + timedelta(days=key), one) for key, one in enumerate(states)]

    assert number_visits(reversed(visits)) == {0: 1, 2: 2, 3: 3}


@given(st.lists(st.tuples(st.sampled_from(Status), st.integers(0, 50)), max_size=40))
def test_numbers_run_from_one_without_a_gap(rows: list[tuple[Status, int]]) -> None:
    visits = [
        Numbered(key, START + timedelta(days=day), status)
        for key, (status, day) in enumerate(rows)
    ]

    numbers = number_visits(visits)

    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
    by_number = sorted(numbers, key=lambda key: numbers[key])
    assert [rows[key][1] for key in by_number] == sorted(rows[key][1] for key in by_number)
