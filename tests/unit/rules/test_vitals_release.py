"""What must be true before somebody is let go, and who may say else."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import clinic
from clinic.rules.appointments import Outcome
from clinic.rules.vitals import Level, Reading, RuleSet
from clinic.rules.vitals_care import Care, parse_care
from clinic.rules.vitals_due import Chair, Taken
from clinic.rules.vitals_release import (
    Check,
    Stay,
    beyond,
    parse_release,
    release_checks,
    unmet,
)

START = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
DATA = Path(clinic.__file__).parent / "data"
ITEMS = parse_release(json.loads((DATA / "thresholds.json").read_text("utf-8")))
PROTOCOLS = {
    one["key"]: one for one in json.loads((DATA / "protocols.json").read_text("utf-8"))["protocols"]
}
TICKS = frozenset({"dissociation", "gait", "ride", "instructions", "screener"})
CALM = Reading(systolic_mmhg=122, diastolic_mmhg=78, spo2_percent=97, moaas_score=5)


def care(key: str) -> Care:
    found = parse_care(PROTOCOLS[key])
    assert found is not None
    return found


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def taken(minute: int, reading: Reading = CALM, level: Level = Level.NONE) -> Taken:
    rule_set = RuleSet.PRE_DOSE if minute < 0 else RuleSet.IN_SESSION
    return Taken(at(minute), reading, rule_set, level, 5 if level is Level.CRITICAL else None)


def stay(*readings: Taken, key: str = "esk_trd", ticked: Iterable[str] = TICKS) -> Stay:
    return Stay(Chair(START, care(key), readings), ticked=frozenset(ticked))


def open_items(one: Stay, minute: int, outcome: Outcome = Outcome.COMPLETE) -> list[str]:
    return [
        check.key for check in unmet(release_checks(ITEMS, one, outcome=outcome, now=at(minute)))
    ]


def test_patient_who_meets_everything_may_go() -> None:
    assert open_items(stay(taken(-4), taken(42), taken(115)), 121) == []


def test_watch_time_holds_to_the_minute() -> None:
    ready = stay(taken(-4), taken(42), taken(115))

    assert [open_items(ready, minute) for minute in (119, 120)] == [["observation_over"], []]


def test_each_thing_that_is_open_is_named() -> None:
    bad = Reading(systolic_mmhg=195, diastolic_mmhg=112, spo2_percent=92, moaas_score=4)
    left = stay(taken(-4), taken(42), taken(60, bad, Level.CRITICAL), ticked=())

    assert open_items(left, 66) == [
        "last_reading",
        "reading_late",
        "observation_over",
        "bp_below",
        "bp_settling",
        "spo2",
        "awake",
        "dissociation",
        "gait",
        "ride",
        "instructions",
        "screener",
    ]


def test_old_reading_is_no_final_one() -> None:
    assert "final_reading" in open_items(stay(taken(-4), taken(42), taken(104)), 121)


def test_what_was_not_measured_meets_nothing() -> None:
    half = replace(CALM, spo2_percent=None, moaas_score=None)

    assert open_items(stay(taken(-4), taken(42), taken(115, half)), 121) == ["spo2", "awake"]


def test_low_oxygen_is_met_when_it_was_low_before_the_dose() -> None:
    low = replace(CALM, spo2_percent=92)

    assert open_items(stay(taken(-4, low), taken(42, low), taken(115, low)), 121) == []


def test_rise_from_before_the_dose_is_met_when_it_falls_by_now() -> None:
    high, higher = replace(CALM, systolic_mmhg=148), replace(CALM, systolic_mmhg=149)

    falling = stay(taken(-4), taken(42), taken(90, higher), taken(115, high))
    rising = stay(taken(-4), taken(42), taken(90, high), taken(115, higher))

    assert [open_items(one, 121) for one in (falling, rising)] == [[], ["bp_settling"]]


@pytest.mark.parametrize(("minute", "is_open"), [(95, True), (91, False)])
def test_half_an_hour_passes_after_vomiting(minute: int, is_open: bool) -> None:
    sick = replace(stay(taken(-4), taken(42), taken(115)), vomited_at=at(minute))

    assert ("vomiting" in open_items(sick, 121)) is is_open


def test_aldrete_is_asked_where_the_protocol_asks_for_it() -> None:
    given = stay(
        taken(-4), taken(15), taken(30), taken(60), taken(90), taken(115), key="ket_im_kap"
    )

    assert open_items(given, 121) == ["aldrete"]


def test_who_was_not_treated_goes_home_by_that_very_verdict() -> None:
    held = Stay(Chair(START, care("esk_trd"), [taken(-4, CALM, Level.HARD_HOLD)]))

    assert open_items(held, 5, Outcome.NOT_TREATED) == []
    assert "last_reading" in open_items(held, 5)


def test_bad_reading_in_session_holds_whatever_came_of_it() -> None:
    bad = stay(taken(0, CALM, Level.CRITICAL))

    assert open_items(bad, 3, Outcome.NOT_TREATED) == ["last_reading"]


def test_visit_without_care_is_asked_for_its_last_reading_alone() -> None:
    plain, high = Chair(START, None, [taken(0)]), taken(-5, CALM, Level.HARD_HOLD)
    assert open_items(Stay(replace(plain, taken=[high])), 30) == []

    assert open_items(Stay(plain), 30) == []
    assert open_items(Stay(replace(plain, taken=[taken(0, CALM, Level.WARN)])), 30) == [
        "last_reading"
    ]
    assert (
        release_checks(ITEMS, Stay(Chair(START, None, [])), outcome=Outcome.COMPLETE, now=START)
        == ()
    )


def test_data_without_a_checklist_ask_for_none() -> None:
    assert parse_release({}) == ()


@pytest.mark.parametrize(
    ("key", "roles", "held"),
    [
        ("esk_trd", {"prescriber"}, ["observation_over", "ride"]),
        ("esk_trd", {"prescriber", "medical_director"}, ["observation_over"]),
        ("ket_im_kap", {"prescriber"}, ["ride"]),
        ("ket_im_kap", {"prescriber", "medical_director"}, []),
    ],
)
def test_override_goes_as_far_as_the_role(key: str, roles: set[str], held: list[str]) -> None:
    early = stay(taken(-4), taken(15), key=key, ticked=())
    checks = release_checks(ITEMS, early, outcome=Outcome.COMPLETE, now=at(16))

    assert [one.key for one in beyond(checks, roles)] == held


def test_what_is_met_needs_no_override() -> None:
    assert beyond([Check("ride", "", True, True, frozenset())], ()) == ()
