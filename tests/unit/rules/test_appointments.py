"""The one table of transitions, lateness, and the numbers that are derived."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.appointments import (
    TRANSITIONS,
    CancelledBy,
    Numbered,
    Outcome,
    Status,
    TransitionRefused,
    Verb,
    counts,
    counts_as_delivered,
    fits_outcome,
    holds_cells,
    is_late_cancel,
    missed_due_at,
    next_status,
    number_visits,
    possible_verbs,
)
from tests.unit.rules.examples import clinic_data, example

START = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
POLICIES = clinic_data("policies")
NOT_TREATED_REASONS = [
    *("pressure", "fasting", "ride", "intoxication", "illness", "device", "screener", "other"),
]
PARTIAL_REASONS = ["tolerability", "device", "time", "patient_asked", "safety", "other"]

statuses = st.sampled_from(Status)
verbs = st.sampled_from(Verb)
visits = st.lists(
    st.builds(
        Numbered,
        key=st.integers(1, 10_000),
        start=st.integers(0, 400).map(lambda n: START + timedelta(hours=n)),
        status=statuses,
        outcome=st.none() | st.sampled_from(Outcome),
    ),
    unique_by=lambda one: one.key,
    max_size=50,
)

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
        Numbered(key, START + timedelta(days=day), status) for key, (status, day) in enumerate(rows)
    ]

    numbers = number_visits(visits)

    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
    by_number = sorted(numbers, key=lambda key: numbers[key])
    assert [rows[key][1] for key in by_number] == sorted(rows[key][1] for key in by_number)


def test_states_and_reasons_are_those_of_the_policies() -> None:
    stored = POLICIES["status"]

    assert stored == {
        "stored": [status.value for status in Status],
        "beside": {
            "cancelled_by": [who.value for who in CancelledBy],
            "is_late": "boolean",
            "confirmed_at": "instant or null",
            "outcome": [outcome.value for outcome in Outcome],
            "reason_codes": {
                "not_treated": NOT_TREATED_REASONS,
                "partial": PARTIAL_REASONS,
            },
        },
        "rules": stored["rules"] if isinstance(stored, dict) else None,
    }


@given(status=statuses, verb=verbs)
def test_possible_verbs_are_exactly_those_that_are_not_refused(status: Status, verb: Verb) -> None:
    try:
        ended = next_status(status, verb)
    except TransitionRefused:
        assert verb not in possible_verbs(status)
    else:
        assert verb in possible_verbs(status)
        assert ended is TRANSITIONS[verb][1]


def test_missed_flag_is_due_when_the_grace_is_over() -> None:
    assert missed_due_at(START, 20) == START + timedelta(minutes=20)


def test_cells_are_held_by_what_was_promised_and_not_given_back() -> None:
    holding = {status for status in Status if holds_cells(status)}

    assert holding == {
        Status.PENDING,
        Status.BOOKED,
        Status.ARRIVED,
        Status.CHECKED_IN,
        Status.FULFILLED,
        Status.NOSHOW,
    }


@pytest.mark.parametrize(
    ("status", "outcome", "partial_counts", "has_number", "is_delivered"),
    [
        (Status.FULFILLED, Outcome.COMPLETE, True, True, True),
        (Status.FULFILLED, Outcome.NOT_TREATED, True, False, False),
        (Status.FULFILLED, Outcome.PARTIAL, True, True, True),
        (Status.FULFILLED, Outcome.PARTIAL, False, False, False),
        (Status.BOOKED, None, True, True, False),
        (Status.NOSHOW, None, True, False, False),
        (Status.CANCELLED, None, True, False, False),
    ],
)
def test_what_has_a_number_and_what_is_delivered(
    status: Status,
    outcome: Outcome | None,
    partial_counts: bool,
    has_number: bool,
    is_delivered: bool,
) -> None:
    assert counts(status, outcome, partial_counts=partial_counts) is has_number
    assert counts_as_delivered(status, outcome, partial_counts=partial_counts) is is_delivered


@pytest.mark.parametrize(
    ("outcome", "reason", "fits"),
    [
        (Outcome.COMPLETE, None, True),
        (Outcome.COMPLETE, "other", False),
        (Outcome.NOT_TREATED, "ride", True),
        (Outcome.NOT_TREATED, "tolerability", False),
        (Outcome.NOT_TREATED, None, False),
        (Outcome.PARTIAL, "tolerability", True),
        (Outcome.PARTIAL, "ride", False),
    ],
)
def test_reason_fits_its_outcome(outcome: Outcome, reason: str | None, fits: bool) -> None:
    listed = POLICIES["status"]["beside"]["reason_codes"].get(outcome, [])

    assert fits_outcome(outcome, reason, listed) is fits


@given(visits=visits)
def test_numbers_do_not_depend_on_the_order_of_reading(visits: list[Numbered]) -> None:
    assert number_visits(reversed(visits)) == number_visits(visits)


def test_example_03_a_miss_uses_no_number() -> None:
    case = example("EX03")
    missed_on = date.fromisoformat(case["input"]["case_1_no_show"][0])
    first = date.fromisoformat(case["input"]["start"])
    closed = {date.fromisoformat(day) for day in case["input"]["closures"]}
    last = date.fromisoformat(case["expected"]["new_session_30"])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    planned = [day for day in days if day.weekday() < 5 and day not in closed]

    numbers = number_visits(
        Numbered(
            key=day.toordinal(),
            start=datetime(day.year, day.month, day.day, 14, tzinfo=UTC),
            status=Status.NOSHOW if day == missed_on else Status.BOOKED,
        )
        for day in planned
    )

    assert missed_on.toordinal() not in numbers
    assert numbers[last.toordinal()] == 30
    assert numbers[date.fromisoformat(case["expected"]["session_16_now_on"]).toordinal()] == 16
