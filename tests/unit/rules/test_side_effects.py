"""The level of a side effect comes from its term; grade and seriousness can only raise it."""

import json
from pathlib import Path

import pytest

import clinic
from clinic.rules.side_effects import (
    Judgement,
    Response,
    SideEffectList,
    judge_side_effect,
    modality_family,
    parse_side_effects,
)

BODY = json.loads((Path(clinic.__file__).parent / "data" / "side_effects.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def listed() -> SideEffectList:
    return parse_side_effects(BODY)


@pytest.mark.parametrize(
    ("term", "grade", "serious", "expected"),
    [
        ("headache", 1, False, Judgement(Response.NONE, False, False)),
        ("headache", 2, False, Judgement(Response.NONE, False, False)),
        ("headache", 3, False, Judgement(Response.SAME_DAY, False, False)),
        ("headache", 4, False, Judgement(Response.EMERGENCY, True, False)),
        ("headache", 1, True, Judgement(Response.SAME_DAY, True, True)),
        ("seizure", 1, False, Judgement(Response.EMERGENCY, True, True)),
        ("hypomania", 1, False, Judgement(Response.SAME_DAY, True, False)),
        ("syncope", 3, False, Judgement(Response.NOW, False, False)),
        (None, 1, False, Judgement(Response.NONE, False, False)),
        (None, 3, False, Judgement(Response.SAME_DAY, False, False)),
    ],
)
def test_level_and_hold(
    listed: SideEffectList, term: str | None, grade: int, serious: bool, expected: Judgement
) -> None:
    found = judge_side_effect(
        listed,
        term=None if term is None else listed.term(term),
        grade=grade,
        is_serious=serious,
    )

    assert found == expected


def test_list_is_that_of_the_treatment(listed: SideEffectList) -> None:
    keys = {term.key for term in listed.for_modality("tms")}

    assert ("scalp_pain" in keys, "nausea" in keys) == (True, False)
    assert listed.for_modality(None) == listed.terms


@pytest.mark.parametrize(
    ("modality", "family"),
    [("tms", "tms"), ("kap", "ketamine"), ("esketamine", "ketamine"), (None, None)],
)
def test_all_ketamine_ways_share_one_list(modality: str | None, family: str | None) -> None:
    assert modality_family(modality) == family
