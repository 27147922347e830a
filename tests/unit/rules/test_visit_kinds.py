"""Visit kinds are read from the clinic's data, or refused with path and reason."""

import copy
import json
from pathlib import Path

import pytest

from clinic.rules.data import DataError
from clinic.rules.visit_kinds import (
    Group,
    GroupRule,
    Mode,
    Place,
    Requirement,
    SeatsFirst,
    parse_visit_kind,
    parse_visit_kinds,
)

DOCUMENT = json.loads(
    (Path(__file__).parents[3] / "clinic" / "data" / "visit_kinds.json").read_text("utf-8")
)


def body(key: str) -> dict:
    return copy.deepcopy(next(kind for kind in DOCUMENT["visit_kinds"] if kind["key"] == key))


def test_every_starter_visit_kind_is_read() -> None:
    kinds = parse_visit_kinds(DOCUMENT)

    assert list(kinds) == [kind["key"] for kind in DOCUMENT["visit_kinds"]]


def test_a_dosing_visit_says_what_it_holds() -> None:
    kind = parse_visit_kind(body("dosing_im"))

    assert (kind.default_length_min, kind.turnover_min, kind.places) == (180, 15, (Place.ROOM,))
    assert kind.requirements[1] == Requirement(
        id="monitor",
        resource_kind=None,
        qualification="monitoring_clinician",
        group=Group("dosing_staff", GroupRule.MAY_COINCIDE),
        places=frozenset({Place.ROOM}),
        seats_first=SeatsFirst(40, None, "one_to_one_start"),
    )
    assert kind.requirements[2].trim_end_min == 30
    assert kind.requirements[3].mode is Mode.ON_SITE


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"default_length_min": 4}, "$.default_length_min", "too_small"),
        ({"default_length_min": "60"}, "$.default_length_min", "not_a_whole_number"),
        ({"turnover_min": True}, "$.turnover_min", "not_a_whole_number"),
        ({"places": ["moon"]}, "$.places[0]", "not_an_option"),
        ({"places": []}, "$.places", "too_small"),
        ({"requirements": {}}, "$.requirements", "not_a_list"),
        ({"key": ""}, "$.key", "missing"),
        ({"key": 3}, "$.key", "not_text"),
        ({"counts_as_delivered": 1}, "$.counts_as_delivered", "not_true_or_false"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(change: dict, path: str, reason: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_visit_kind(body("tms") | change)

    assert (caught.value.path, caught.value.reason) == (path, reason)


def test_a_missing_field_is_refused_with_its_path() -> None:
    wrong = body("tms")
    del wrong["requirements"][1]["seats"]

    with pytest.raises(DataError) as caught:
        parse_visit_kind(wrong)

    assert (caught.value.path, caught.value.reason) == ("$.requirements[1].seats", "missing")


def test_a_requirement_names_a_kind_of_resource_or_a_qualification_but_not_both() -> None:
    wrong = body("tms")
    wrong["requirements"][0]["qualification"] = "tms_operator"

    with pytest.raises(DataError) as caught:
        parse_visit_kind(wrong)

    assert str(caught.value) == "$.requirements[0]: resource_kind_or_qualification"


def test_two_requirements_with_one_id_are_refused() -> None:
    wrong = body("tms")
    wrong["requirements"][1]["id"] = "device"

    with pytest.raises(DataError) as caught:
        parse_visit_kind(wrong)

    assert (caught.value.path, caught.value.value) == ("$.requirements[1].id", "device")


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        parse_visit_kind([])

    assert (caught.value.path, caught.value.reason) == ("$", "not_an_object")
