"""The worked examples about dates, as the medical director's data states them."""

from datetime import date
from itertools import pairwise

from tests.unit.planning.clinics import EXAMPLES, dates, days_of, plan_example


def test_closures_are_skipped_and_the_count_is_kept() -> None:
    example = EXAMPLES["EX01"]
    asked, expected = example["input"], example["expected"]

    plan = plan_example(
        asked["protocol"], date.fromisoformat(asked["start"]), dates(asked["closures"])
    )

    assert days_of(plan) == dates(expected["dates"])
    assert (plan.unplaced, plan.first_impossible) == (0, None)


def test_without_closures_the_thirtieth_session_is_earlier() -> None:
    example = EXAMPLES["EX01"]

    plan = plan_example(example["input"]["protocol"], date(2026, 6, 1))

    assert days_of(plan)[29] == date.fromisoformat(
        example["expected"]["session_30_without_closures"]
    )


def test_a_closed_taper_day_moves_to_the_nearest_later_open_day_of_its_week() -> None:
    example = EXAMPLES["EX02"]
    asked, expected = example["input"], example["expected"]

    plan = plan_example(
        asked["protocol"], date.fromisoformat(asked["start"]), dates(asked["closures"])
    )

    assert days_of(plan, "acute")[-1] == date.fromisoformat(expected["session_30"])
    for step in ("taper_1", "taper_2", "taper_3"):
        assert days_of(plan, step) == dates(expected[step])


def test_a_tuesday_start_of_esketamine_means_tuesday_and_friday() -> None:
    example = EXAMPLES["EX07"]
    asked, expected = example["input"], example["expected"]

    plan = plan_example(
        "esk_trd", date.fromisoformat(asked["first_dose"]), counts={"maintenance": 3}
    )

    assert days_of(plan, "induction") == dates(expected["induction"])
    assert days_of(plan, "weekly") == dates(expected["weekly"])
    assert days_of(plan, "maintenance") == dates(expected["every_two_weeks_first_three"])


def test_a_friday_start_of_esketamine_has_weeks_from_friday_to_thursday() -> None:
    example = EXAMPLES["EX07"]
    expected = example["expected"]["case_2"]

    plan = plan_example("esk_trd", date.fromisoformat(example["input"]["case_2_first_dose"]))

    assert days_of(plan, "induction") == dates(expected["induction"])
    assert days_of(plan, "weekly") == dates(expected["weekly"])


def test_one_day_missed_adds_a_day_at_the_end_of_the_phase_and_moves_nothing_else() -> None:
    example = EXAMPLES["EX03"]
    asked, expected = example["input"], example["expected"]
    start, closures = date.fromisoformat(asked["start"]), dates(asked["closures"])

    before = days_of(plan_example(asked["protocol"], start, closures))
    after = days_of(
        plan_example(asked["protocol"], start, closures, away=dates(asked["case_1_no_show"]))
    )

    assert sorted(set(after) - set(before)) == dates(expected["appointments_added"])
    assert after[15] == date.fromisoformat(expected["session_16_now_on"])
    assert (before[29], after[29]) == (
        date.fromisoformat(expected["old_session_30"]),
        date.fromisoformat(expected["new_session_30"]),
    )
    assert (before[30:], after[30:]) == (dates(expected["old_taper"]), dates(expected["new_taper"]))


def test_four_missed_days_push_the_taper_into_the_next_week() -> None:
    example = EXAMPLES["EX03"]
    asked, expected = example["input"], example["expected"]["case_2"]

    after = days_of(
        plan_example(
            asked["protocol"],
            date.fromisoformat(asked["start"]),
            dates(asked["closures"]),
            away=dates(asked["case_2_no_shows"]),
        )
    )

    assert after[29] == date.fromisoformat(expected["new_session_30"])
    assert after[30:] == dates(expected["new_taper"])
    assert max((b - a).days for a, b in pairwise(after[:30])) == 7


def test_an_extension_joins_the_acute_phase_before_the_taper() -> None:
    example = EXAMPLES["EX28"]
    asked, expected = example["input"], example["expected"]
    start, closures = date.fromisoformat(asked["start"]), dates(asked["closures"])
    missed = dates(asked["no_shows"])

    planned = days_of(plan_example(asked["protocol"], start, closures))
    booked = days_of(plan_example(asked["protocol"], start, closures, away=missed))
    extended = days_of(
        plan_example(
            asked["protocol"], start, closures, away=missed, counts={"acute": 30 + asked["add"]}
        )
    )

    assert planned[29] == date.fromisoformat(expected["session_30_as_planned"])
    assert booked[29] == date.fromisoformat(expected["session_30_after_misses"])
    assert booked[30:] == dates(expected["taper_booked"])
    assert extended[30:40] == dates(expected["extension_dates"])
    assert extended[40:] == dates(expected["taper_pencilled"])
    assert sorted(set(extended) - set(booked)) == dates(expected["pending_added"])
    assert sorted(set(extended[30:]) & set(booked)) == dates(expected["reused_days"])


def test_the_ocd_course_has_25_visits_in_five_weeks_and_4_in_the_sixth() -> None:
    days = days_of(plan_example("dtms_h7_ocd", date(2026, 1, 5)))

    weeks = [(day - date(2026, 1, 5)).days // 7 for day in days]
    assert [weeks.count(week) for week in range(6)] == [5, 5, 5, 5, 5, 4]


def test_an_infusion_series_keeps_two_days_a_week() -> None:
    days = days_of(plan_example("ket_iv_series", date(2026, 1, 6)))

    assert days == dates(
        ["2026-01-06", "2026-01-09", "2026-01-13", "2026-01-16", "2026-01-20", "2026-01-23"]
    )
