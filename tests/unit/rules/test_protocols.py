"""Protocols are read from the clinic's data, or refused with path and reason."""

import copy
import json
from pathlib import Path

import pytest

from clinic.rules.data import DataError
from clinic.rules.protocols import (
    Objective,
    parse_protocol,
    parse_protocols,
    repeating,
    with_route,
    with_variant,
)
from clinic.rules.steps import Anchor, Choice, Count, FirstVisit, Gap, Pairing, Starts, Window

DOCUMENT = json.loads(
    (Path(__file__).parents[3] / "clinic" / "data" / "protocols.json").read_text("utf-8")
)
PROTOCOLS = parse_protocols(DOCUMENT)


def body(key: str) -> dict:
    return copy.deepcopy(next(one for one in DOCUMENT["protocols"] if one["key"] == key))


def test_every_starter_protocol_is_read() -> None:
    assert list(PROTOCOLS) == [protocol["key"] for protocol in DOCUMENT["protocols"]]


def test_the_daily_phase_of_a_tms_course_is_read_whole() -> None:
    step = PROTOCOLS["tms_10hz_ldlpfc_19"].steps[0]

    assert step.first_visit == FirstVisit("mapping_and_first_tms", 90)
    assert (step.length_min, step.count) == (30, Count(1, 30, 50))
    assert step.weekly_limit == Choice(5, (3, 4, 5))
    assert (step.anchor, step.starts) == (Anchor.CALENDAR_WEEK, Starts.COURSE_START)
    assert step.pattern_days == {3: (0, 2, 4), 4: (0, 1, 3, 4)}
    assert step.gap_days == Gap(1, 4, 14)


def test_integration_is_placed_relative_to_its_dosing() -> None:
    step = next(s for s in PROTOCOLS["kap_programme"].steps if s.key == "integration")

    assert step.window == Window("dosing", None, 24, 72, 168)
    assert step.pairing == Pairing("dosing", 1, True, True)


def test_the_weekday_of_the_first_visit_may_be_a_pattern_day() -> None:
    assert PROTOCOLS["esk_trd"].steps[1].pattern_days == {1: (None,)}


def test_a_child_takes_the_fields_it_does_not_give_from_its_parent() -> None:
    child, parent = PROTOCOLS["esk_mdsi"], PROTOCOLS["esk_trd"]

    assert child.objective == parent.objective
    assert [step.key for step in child.steps] == ["acute"]


def test_the_order_of_terms_belongs_to_the_protocol() -> None:
    assert PROTOCOLS["kap_programme"].objective.term_order[1] is Objective.GAP
    assert PROTOCOLS["dtms_h7_ocd"].objective.term_order[1] is Objective.PHASE_ENDS


def test_the_infusion_route_adds_the_therapist_to_the_dosing() -> None:
    dosing = with_route(PROTOCOLS["kap_programme"], "iv").steps[3]

    assert dosing.visit_kind == "infusion_iv"
    assert [need.id for need in dosing.add_requirements] == ["therapist"]


def test_an_unknown_route_is_refused() -> None:
    with pytest.raises(DataError, match="route: not_an_option"):
        with_route(PROTOCOLS["kap_programme"], "oral")


def test_a_retreatment_takes_device_slot_and_first_slot_of_the_earlier_course() -> None:
    again = repeating(PROTOCOLS["tms_retreatment"], PROTOCOLS["dtms_h7_ocd"])

    first = again.steps[0].first_visit
    assert first is not None
    assert (again.device_tags, first.length_min) == (frozenset({"H7"}), 90)
    assert {step.length_min for step in again.steps} == {45}


def test_maintenance_has_no_first_slot_to_take() -> None:
    again = repeating(PROTOCOLS["tms_maintenance"], PROTOCOLS["tms_10hz_ldlpfc_37"])

    assert {(step.length_min, step.first_visit) for step in again.steps} == {(60, None)}


def test_what_repeats_nothing_stays_as_it_is() -> None:
    assert repeating(PROTOCOLS["esk_trd"], PROTOCOLS["dtms_h7_ocd"]) is PROTOCOLS["esk_trd"]


def test_a_variant_replaces_the_steps() -> None:
    protocol = with_variant(PROTOCOLS["dtms_h1_mdd"], "payer_36")

    assert [step.count.default for step in protocol.steps] == [30, 3, 2, 1]


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(DataError, match="variant: not_an_option"):
        with_variant(PROTOCOLS["dtms_h1_mdd"], "none")


@pytest.mark.parametrize(
    ("field", "value", "path", "reason"),
    [
        ("gap_days", {"min": 9, "ideal": 4, "max": 2}, "gap_days.min", "minimum_above_maximum"),
        (
            "gap_days",
            {"min": 1, "ideal": 9, "max": 4},
            "gap_days.ideal",
            "outside_minimum_and_maximum",
        ),
        ("count", {"min": 5, "default": 5, "max": 4}, "count.min", "minimum_above_maximum"),
        ("count", {"min": 0, "default": 9, "max": 4}, "count.default", "above_maximum"),
        ("count", {"min": 3, "default": 2, "max": 4}, "count.default", "below_minimum"),
        ("weekly_limit", {"default": 6, "options": [5]}, "weekly_limit.default", "not_an_option"),
        ("days_allowed", ["mon", "someday"], "days_allowed[1]", "not_a_weekday"),
        ("pattern_days", {"three": ["mon"]}, "pattern_days.three", "not_a_whole_number"),
        ("anchor", "moon", "anchor", "not_an_option"),
        (
            "window",
            {"after": "later", "n": "each", "from": "end", "min_h": 1, "soft_h": 2, "hard_h": 3},
            "window.after",
            "unknown_step",
        ),
        (
            "window",
            {"after": "acute", "n": 1, "from": "end", "min_h": 9, "soft_h": 2, "hard_h": 3},
            "window.min_h",
            "minimum_above_maximum",
        ),
        ("key", "taper_1", "key", "given_twice"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_with_its_path(
    field: str, value: object, path: str, reason: str
) -> None:
    wrong = body("tms_itbs_ldlpfc")
    wrong["steps"][2][field] = value

    with pytest.raises(DataError) as caught:
        parse_protocol(wrong)

    assert (caught.value.path, caught.value.reason) == (f"$.steps[2].{path}", reason)


def test_a_protocol_without_steps_is_refused() -> None:
    with pytest.raises(DataError, match=r"\$\.steps: too_small"):
        parse_protocol(body("dtms_h7_ocd") | {"steps": []})


def test_an_unknown_parent_is_refused() -> None:
    with pytest.raises(DataError, match="unknown_parent"):
        parse_protocol(body("esk_mdsi"))


def test_inheriting_over_two_levels_is_refused() -> None:
    parents = {"esk_trd": body("esk_mdsi")}

    with pytest.raises(DataError, match="inherits_more_than_one_level"):
        parse_protocol(body("esk_mdsi"), parents=parents)
