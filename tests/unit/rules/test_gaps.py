"""Gaps warn above a week and worry above two, by the clinic's own numbers."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.rules.gaps import (
    GapLevel,
    GapRule,
    GapVerdict,
    consecutive_misses,
    gap_rules,
    judge_gap,
    judge_hours,
    judge_misses,
    miss_rule,
    weekdays_between,
)
from tests.unit.rules.examples import clinic_data, example

EX04 = example("EX04")
EX03 = example("EX03")
RULES = gap_rules(clinic_data("policies"))
MISSES = miss_rule(clinic_data("policies"))
TMS: GapRule = RULES[EX04["input"]["gap_alarm"]]
LAST = date.fromisoformat(EX04["input"]["last_delivered"])
NEXT = date.fromisoformat(EX04["input"]["next_planned"])


def test_example_04_gap_and_what_it_calls_for() -> None:
    expected = EX04["expected"]

    verdict = judge_gap(TMS, since=LAST, next_on=NEXT, today=LAST)

    assert verdict == GapVerdict(
        gap_days=expected["gap_days"],
        level=GapLevel(expected["level"]),
        tasks=tuple(expected["tasks"]),
        offers=("ramp_up",),
        first_warn_on=date.fromisoformat(expected["first_warn_on"]),
        first_concern_on=date.fromisoformat(expected["first_concern_on"]),
    )
    assert weekdays_between(LAST, NEXT) == expected["missed_weekdays"]
    assert TMS.warn_above == EX04["input"]["warn_gap_days"]
    assert TMS.concern_above == EX04["input"]["concern_gap_days"]


@pytest.mark.parametrize("boundary", EX04["expected"]["boundary"], ids=lambda one: str(one["gap"]))
def test_example_04_boundaries(boundary: dict[str, int | str]) -> None:
    next_on = LAST + timedelta(days=int(boundary["gap"]))

    verdict = judge_gap(TMS, since=LAST, next_on=next_on, today=LAST)

    assert verdict.level == boundary["level"]


def test_example_03_a_week_between_two_delivered_visits_does_not_warn() -> None:
    missed = [date.fromisoformat(day) for day in EX03["input"]["case_2_no_shows"]]
    before, after = missed[0] - timedelta(days=1), missed[-1] + timedelta(days=3)

    verdict = judge_gap(TMS, since=before, next_on=after, today=before)

    assert verdict.gap_days == EX03["expected"]["case_2"]["gap_days"]
    assert verdict.level is GapLevel.NONE
    assert (
        consecutive_misses([False, *(True for _ in missed)])
        == (EX03["expected"]["case_2"]["consecutive_missed"])
    )


def test_today_counts_when_the_next_visit_is_past_or_not_planned() -> None:
    today = LAST + timedelta(days=20)

    gaps = [
        judge_gap(TMS, since=LAST, next_on=next_on, today=today).gap_days
        for next_on in (None, LAST + timedelta(days=3), LAST + timedelta(days=21))
    ]

    assert gaps == [20, 20, 21]


def test_visit_of_the_same_day_is_no_gap_and_a_day_to_come_is_none_yet() -> None:
    gaps = [
        judge_gap(TMS, since=LAST, next_on=next_on, today=today).gap_days
        for next_on, today in (
            (LAST, LAST),
            (LAST + timedelta(days=1), LAST),
            (None, LAST - timedelta(days=3)),
        )
    ]

    assert gaps == [0, 1, 0]


@pytest.mark.parametrize(
    ("last", "count"),
    [(date(2026, 3, 6), 0), (date(2026, 3, 9), 0), (date(2026, 3, 10), 1), (date(2026, 3, 14), 5)],
)
def test_weekdays_between_count_neither_end(last: date, count: int) -> None:
    assert weekdays_between(date(2026, 3, 6), last) == count
    assert weekdays_between(date(2026, 3, 5), last) == count + (last > date(2026, 3, 6))


def test_planned_pause_counts_from_its_return() -> None:
    verdict = judge_gap(TMS, since=LAST, next_on=NEXT, today=LAST, returns_on=date(2026, 3, 20))

    assert (verdict.gap_days, verdict.level) == (3, GapLevel.NONE)


def test_other_phases_are_late_against_their_own_date_without_a_threshold_question() -> None:
    verdict = judge_gap(RULES["own_date"], since=LAST, next_on=NEXT, today=LAST)

    assert (verdict.level, verdict.tasks, verdict.offers) == (
        GapLevel.CONCERN,
        ("prescriber_review",),
        (),
    )


@pytest.mark.parametrize(
    ("minutes", "level"),
    [
        (72 * 60, GapLevel.NONE),
        (72 * 60 + 1, GapLevel.WARN),
        (168 * 60, GapLevel.WARN),
        (168 * 60 + 1, GapLevel.CONCERN),
    ],
)
def test_integration_is_late_by_hours(minutes: int, level: GapLevel) -> None:
    ended_at = datetime(2026, 5, 12, 12, 15, tzinfo=UTC)

    assert level is judge_hours(
        RULES["integration"], dosing_ended_at=ended_at, until=ended_at + timedelta(minutes=minutes)
    )


@pytest.mark.parametrize(
    ("missed", "level"),
    [
        ("", GapLevel.NONE),
        ("....x", GapLevel.NONE),
        ("...xx", GapLevel.WARN),
        ("...xx.", GapLevel.NONE),
        ("x.x......x", GapLevel.CONCERN),
        ("x.x.......x", GapLevel.NONE),
        ("xxx", GapLevel.CONCERN),
    ],
)
def test_misses_warn_in_a_row_and_worry_in_ten(missed: str, level: GapLevel) -> None:
    assert judge_misses(MISSES, [mark == "x" for mark in missed]) is level


def test_all_missed_is_a_run_of_all() -> None:
    assert consecutive_misses([True, True]) == 2
