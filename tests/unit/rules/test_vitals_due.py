"""What is due at a chair, by when it is late, and whether the last reading still tells."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import clinic
from clinic.rules.vitals import Level, Reading, RuleSet
from clinic.rules.vitals_care import Care, parse_care, route_protocol
from clinic.rules.vitals_due import (
    Chair,
    DueKind,
    DueReading,
    Taken,
    Tone,
    is_stale,
    next_reading,
    tone_of,
)

START = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
DATA = Path(clinic.__file__).parent / "data" / "protocols.json"
PROTOCOLS = {one["key"]: one for one in json.loads(DATA.read_text("utf-8"))["protocols"]}
GRACE = timedelta(minutes=5)
CALM = Reading(systolic_mmhg=128, diastolic_mmhg=80, spo2_percent=98)


def care(key: str) -> Care:
    found = parse_care(PROTOCOLS[key])
    assert found is not None
    return found


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def taken(minute: int, level: Level = Level.NONE, recheck_min: int | None = None) -> Taken:
    rule_set = RuleSet.PRE_DOSE if minute < 0 else RuleSet.IN_SESSION
    return Taken(at(minute), CALM, rule_set, level, recheck_min)


def chair(*readings: Taken, key: str = "esk_trd") -> Chair:
    return Chair(START, care(key), readings, timedelta(minutes=2))


def test_protocol_without_points_has_no_care() -> None:
    assert parse_care(PROTOCOLS["tms_10hz_ldlpfc_37"]) is None


@pytest.mark.parametrize(
    ("kind", "key"),
    [("dosing_im", "ket_im_kap"), ("infusion_iv", "ket_iv_series"), ("integration", None)],
)
def test_route_of_a_programme_names_the_protocol_of_its_care(kind: str, key: str | None) -> None:
    assert route_protocol(PROTOCOLS["kap_programme"], kind) == key


def test_protocol_without_routes_takes_care_of_itself() -> None:
    assert route_protocol(PROTOCOLS["esk_trd"], "esketamine") is None


def test_infusion_ends_as_it_is_ordered() -> None:
    assert care("ket_iv_series").given(START).infusion_ends_at == at(40)


def test_next_reading_is_the_nearest_point_that_nothing_serves() -> None:
    due = next_reading(chair(taken(-4), taken(20)), at(25))

    assert due == DueReading(DueKind.POINT, at(40), GRACE)


@pytest.mark.parametrize(("minute", "late"), [(40, 0), (45, 0), (46, 6), (83, 43)])
def test_required_point_is_late_after_its_grace(minute: int, late: int) -> None:
    due = next_reading(chair(taken(0), taken(20)), at(minute))

    assert due is not None
    assert due.late_min(at(minute)) == late


def test_later_reading_covers_the_points_before_it() -> None:
    due = next_reading(chair(taken(0), taken(50)), at(51))

    assert due == DueReading(DueKind.WISHED, at(60), GRACE)


def test_wished_point_is_never_late_and_is_passed_over() -> None:
    seat = chair(taken(0), taken(40))

    assert [next_reading(seat, at(minute)) for minute in (58, 66)] == [
        DueReading(DueKind.WISHED, at(60), GRACE),
        DueReading(DueKind.WISHED, at(90), GRACE),
    ]


def test_bad_reading_asks_for_the_next_one_itself() -> None:
    seat = chair(taken(0), taken(20, Level.CRITICAL, 5))
    due = next_reading(seat, at(24))

    assert due == DueReading(DueKind.RECHECK, at(25), timedelta(minutes=2))
    assert [due.late_min(at(minute)) for minute in (27, 28)] == [0, 3]


def test_final_reading_is_due_from_the_last_minutes_of_the_watch_on() -> None:
    before, fresh = chair(taken(0), taken(40), taken(90)), chair(taken(0), taken(110))

    assert next_reading(before, at(97)) == DueReading(DueKind.FINAL, at(105))
    assert next_reading(fresh, at(111)) == DueReading(DueKind.FINAL, at(125))


@pytest.mark.parametrize(
    ("minute", "stale"), [(41, False), (60, False), (66, True), (94, True), (120, True)]
)
def test_reading_is_stale_once_another_was_wished_for(minute: int, stale: bool) -> None:
    assert is_stale(chair(taken(0), taken(40)), at(minute)) is stale


def test_reading_before_the_session_stands_as_it_was_taken() -> None:
    seat = Chair(None, care("esk_trd"), [taken(-60)])

    assert (is_stale(seat, at(0)), next_reading(seat, at(0)), seat.leaves_at) == (False, None, None)


def test_visit_without_care_asks_for_nothing_by_itself() -> None:
    seat = Chair(START, None, [])

    assert (next_reading(seat, at(90)), tone_of(seat, at(90))) == (None, Tone.CALM)


@pytest.mark.parametrize(
    ("last", "minute", "tone"),
    [
        (taken(20, Level.CRITICAL, 5), 40, Tone.ACT),
        (taken(20, Level.HARD_HOLD), 21, Tone.ACT),
        (taken(20, Level.WARN, 5), 24, Tone.CARE),
        (taken(20, Level.WARN, 5), 29, Tone.LATE),
        (taken(20), 30, Tone.CALM),
        (taken(20), 36, Tone.DUE),
        (taken(20), 46, Tone.LATE),
    ],
)
def test_tone_follows_the_last_reading_and_the_clock(last: Taken, minute: int, tone: Tone) -> None:
    assert tone_of(chair(taken(0), last), at(minute)) is tone


@pytest.mark.parametrize(("minute", "tone"), [(119, Tone.DUE), (121, Tone.LATE)])
def test_who_could_leave_but_for_the_final_reading_waits(minute: int, tone: Tone) -> None:
    assert tone_of(chair(taken(0), taken(42), taken(90)), at(minute)) is tone


def test_patient_may_leave_by_the_clock_two_hours_after_the_dose() -> None:
    assert chair().leaves_at == at(120)
