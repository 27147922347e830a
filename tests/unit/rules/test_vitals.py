"""Readings are judged by the clinic's own rows, sign for sign."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinic
from clinic.rules.data import DataError
from clinic.rules.vitals import (
    RANK,
    Impossible,
    Level,
    Reading,
    RuleSet,
    Signal,
    Thresholds,
    assess,
    impossibilities,
    parse_thresholds,
)

BODY = json.loads((Path(clinic.__file__).parent / "data" / "thresholds.json").read_text("utf-8"))
EXAMPLES = json.loads((Path(__file__).parents[2] / "data" / "examples.json").read_text("utf-8"))
EX09 = next(one for one in EXAMPLES["examples"] if one["id"] == "EX09")
STARTER = parse_thresholds(BODY)


@pytest.fixture(scope="module")
def thresholds() -> Thresholds:
    return STARTER


def pressure(text: str) -> Reading:
    high, low = text.split("/")
    return Reading(systolic_mmhg=int(high), diastolic_mmhg=int(low))


@pytest.mark.parametrize(("text", "expected"), EX09["expected"]["results"].items())
def test_example_09_pressures_before_the_dose(
    thresholds: Thresholds, text: str, expected: str
) -> None:
    verdict = assess(pressure(text), rule_set=RuleSet.PRE_DOSE, thresholds=thresholds)

    assert verdict.level == {"proceed": "none"}.get(expected, expected)
    assert verdict.is_hold == (expected != "proceed")


def test_all_rules_that_apply_are_listed_the_worst_first(thresholds: Thresholds) -> None:
    verdict = assess(
        Reading(systolic_mmhg=182, diastolic_mmhg=96, heart_rate_bpm=131, spo2_percent=97),
        rule_set=RuleSet.IN_SESSION,
        thresholds=thresholds,
        baseline=pressure("120/80"),
    )

    assert verdict.level is Level.CRITICAL
    assert [(one.rule_key, one.value) for one in verdict.met] == [
        ("in_bp_critical", 182),
        ("in_bp_warn", 182),
        ("in_bp_rise", 62),
        ("in_hr", 131),
    ]


def test_rise_without_a_reading_before_the_dose_is_not_judged(thresholds: Thresholds) -> None:
    verdict = assess(pressure("158/95"), rule_set=RuleSet.IN_SESSION, thresholds=thresholds)

    assert verdict.level is Level.NONE


def test_signal_that_was_not_measured_meets_nothing(thresholds: Thresholds) -> None:
    verdict = assess(Reading(), rule_set=RuleSet.IN_SESSION, thresholds=thresholds)

    assert (verdict.level, verdict.met) == (Level.NONE, ())


@pytest.mark.parametrize(
    ("reading", "faults"),
    [
        (pressure("260/160"), ()),
        (pressure("261/80"), (Impossible(Signal.SYSTOLIC, "out_of_range", 60, 260),)),
        (pressure("80/80"), (Impossible(Signal.SYSTOLIC, "not_above_diastolic"),)),
        (Reading(spo2_percent=50), ()),
        (Reading(spo2_percent=49), (Impossible(Signal.SPO2, "out_of_range", 50, 100),)),
        (Reading(spo2_percent=100), ()),
        (Reading(spo2_percent=101), (Impossible(Signal.SPO2, "out_of_range", 50, 100),)),
        (Reading(), ()),
    ],
)
def test_typing_errors_are_told_from_dangerous_values(
    thresholds: Thresholds, reading: Reading, faults: tuple[Impossible, ...]
) -> None:
    assert impossibilities(reading, thresholds) == faults


def test_unknown_comparison_is_refused_with_its_path() -> None:
    body = json.loads(json.dumps(BODY))
    body["rules"][0]["rows"][0]["comparison"] = "~"

    with pytest.raises(DataError) as fault:
        parse_thresholds(body)

    assert fault.value.path == "$.rules[0].rows[0].comparison"


def test_rule_that_needs_every_row_needs_every_row() -> None:
    body = json.loads(json.dumps(BODY))
    body["rules"][0]["group"] = "all"
    thresholds = parse_thresholds(body)

    levels = [
        assess(pressure(text), rule_set=RuleSet.PRE_DOSE, thresholds=thresholds).level
        for text in ("141/90", "141/91")
    ]

    assert levels == [Level.NONE, Level.SOFT_HOLD]


def test_rule_is_found_by_its_key(thresholds: Thresholds) -> None:
    found = thresholds.rule("in_bp_warn")

    assert found is not None
    assert (found.recheck_min, thresholds.rule("nothing")) == (5, None)


@pytest.mark.parametrize(
    ("reading", "level", "keys"),
    [
        (pressure("159/99"), Level.NONE, []),
        (pressure("160/99"), Level.WARN, ["in_bp_warn"]),
        (pressure("159/100"), Level.WARN, ["in_bp_warn"]),
        (pressure("179/109"), Level.WARN, ["in_bp_warn", "in_bp_warn"]),
        (pressure("180/90"), Level.CRITICAL, ["in_bp_critical", "in_bp_warn"]),
        (pressure("150/110"), Level.CRITICAL, ["in_bp_critical", "in_bp_warn"]),
        (Reading(spo2_percent=94), Level.NONE, []),
        (Reading(spo2_percent=93), Level.WARN, ["in_spo2_warn"]),
        (Reading(spo2_percent=90), Level.WARN, ["in_spo2_warn"]),
        (Reading(spo2_percent=89), Level.CRITICAL, ["in_breathing_critical", "in_spo2_warn"]),
        (Reading(respiratory_rate_pm=8), Level.NONE, []),
        (Reading(respiratory_rate_pm=7), Level.CRITICAL, ["in_breathing_critical"]),
        (Reading(heart_rate_bpm=130), Level.NONE, []),
        (Reading(heart_rate_bpm=131), Level.WARN, ["in_hr"]),
        (Reading(heart_rate_bpm=45), Level.NONE, []),
        (Reading(heart_rate_bpm=44), Level.WARN, ["in_hr"]),
        (Reading(moaas_score=4), Level.NONE, []),
        (Reading(moaas_score=3), Level.WARN, ["in_sedation_warn"]),
        (Reading(moaas_score=1), Level.CRITICAL, ["in_sedation_critical", "in_sedation_warn"]),
    ],
)
def test_boundaries_in_session(
    thresholds: Thresholds, reading: Reading, level: Level, keys: list[str]
) -> None:
    verdict = assess(reading, rule_set=RuleSet.IN_SESSION, thresholds=thresholds)

    assert (verdict.level, [one.rule_key for one in verdict.met]) == (level, keys)


@pytest.mark.parametrize(
    ("text", "keys"),
    [("139/80", []), ("140/80", ["in_bp_rise"]), ("120/94", []), ("120/95", ["in_bp_rise"])],
)
def test_rise_over_the_reading_before_the_dose(
    thresholds: Thresholds, text: str, keys: list[str]
) -> None:
    verdict = assess(
        pressure(text),
        rule_set=RuleSet.IN_SESSION,
        thresholds=thresholds,
        baseline=pressure("100/70"),
    )

    assert [one.rule_key for one in verdict.met] == keys


@pytest.mark.parametrize(
    ("reading", "level", "keys"),
    [
        (Reading(heart_rate_bpm=110), Level.NONE, []),
        (Reading(heart_rate_bpm=111), Level.SOFT_HOLD, ["pre_hr"]),
        (Reading(heart_rate_bpm=50), Level.NONE, []),
        (Reading(heart_rate_bpm=49), Level.SOFT_HOLD, ["pre_hr"]),
        (Reading(spo2_percent=94), Level.NONE, []),
        (Reading(spo2_percent=93), Level.SOFT_HOLD, ["pre_spo2_soft"]),
        (Reading(spo2_percent=90), Level.SOFT_HOLD, ["pre_spo2_soft"]),
        (Reading(spo2_percent=89), Level.HARD_HOLD, ["pre_breathing_hard", "pre_spo2_soft"]),
        (Reading(respiratory_rate_pm=10), Level.NONE, []),
        (Reading(respiratory_rate_pm=9), Level.HARD_HOLD, ["pre_breathing_hard"]),
        (Reading(moaas_score=5), Level.NONE, []),
        (Reading(moaas_score=4), Level.HARD_HOLD, ["pre_breathing_hard"]),
    ],
)
def test_boundaries_before_the_dose(
    thresholds: Thresholds, reading: Reading, level: Level, keys: list[str]
) -> None:
    verdict = assess(reading, rule_set=RuleSet.PRE_DOSE, thresholds=thresholds)

    assert (verdict.level, [one.rule_key for one in verdict.met]) == (level, keys)


@given(systolic=st.integers(60, 260), diastolic=st.integers(30, 160), more=st.integers(0, 100))
def test_higher_pressure_never_calls_for_less(systolic: int, diastolic: int, more: int) -> None:
    found = [
        RANK[
            assess(
                Reading(systolic_mmhg=systolic + step, diastolic_mmhg=diastolic + step),
                rule_set=rule_set,
                thresholds=STARTER,
                baseline=pressure("120/80"),
            ).level
        ]
        for rule_set in RuleSet
        for step in (0, more)
    ]

    assert found[0] <= found[1]
    assert found[2] <= found[3]


def test_row_can_compare_with_the_reading_before_and_needs_it() -> None:
    body = json.loads(json.dumps(BODY))
    body["rules"][0]["rows"] = [
        {"signal": "sbp", "comparison": "<=", "number": 0, "unit": "mm[Hg]"}
        | {"relative_to": "previous"}
    ]
    thresholds = parse_thresholds(body)

    levels = [
        assess(
            pressure(text),
            rule_set=RuleSet.PRE_DOSE,
            thresholds=thresholds,
            baseline=pressure("90/60"),
            previous=previous,
        ).level
        for text, previous in (
            ("131/80", pressure("130/80")),
            ("130/80", pressure("130/80")),
            ("120/80", None),
        )
    ]

    assert levels == [Level.NONE, Level.SOFT_HOLD, Level.NONE]


@pytest.mark.parametrize(
    ("route", "first"),
    [("iv", "stop the infusion"), ("nasal", "give no further"), ("sl", "urgent"), (None, "urgent")],
)
def test_what_to_do_is_said_in_the_words_of_the_route(
    thresholds: Thresholds, route: str | None, first: str
) -> None:
    rule = thresholds.rule("in_bp_critical")

    assert rule is not None
    assert rule.text_for(route).startswith(first)


def test_recheck_is_overdue_after_the_grace_of_the_data(thresholds: Thresholds) -> None:
    assert thresholds.recheck_grace_min == 2
