"""The level of a side effect comes from its term; grade and seriousness can only raise it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinic
from clinic.rules.data import DataError
from clinic.rules.side_effects import (
    RANK,
    Judgement,
    Response,
    SideEffectList,
    Term,
    judge_side_effect,
    modality_family,
    parse_side_effects,
)

BODY = json.loads((Path(clinic.__file__).parent / "data" / "side_effects.json").read_text("utf-8"))
STARTER = parse_side_effects(BODY)


@pytest.fixture(scope="module")
def listed() -> SideEffectList:
    return STARTER


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


@given(
    term=st.none() | st.sampled_from(STARTER.terms),
    grades=st.tuples(st.integers(1, 5), st.integers(1, 5)).map(sorted),
    is_serious=st.booleans(),
)
def test_grade_and_seriousness_only_ever_raise(
    term: Term | None, grades: list[int], is_serious: bool
) -> None:
    mild = judge_side_effect(STARTER, term=term, grade=grades[0], is_serious=False)
    grave = judge_side_effect(STARTER, term=term, grade=grades[1], is_serious=is_serious)

    assert RANK[Response.NONE if term is None else term.level] <= RANK[mild.level]
    assert RANK[mild.level] <= RANK[grave.level]
    assert (mild.holds_course, mild.is_serious) <= (grave.holds_course, grave.is_serious)


@pytest.mark.parametrize(
    ("path", "value"),
    [("terms[0].level", "soon"), ("terms[0].hold_course", "no"), ("grades[0].grade", 0)],
)
def test_list_that_cannot_be_read_is_refused_with_its_path(path: str, value: str | int) -> None:
    body = json.loads(json.dumps(BODY))
    group, field = path.split("[0].")
    body[group][0][field] = value

    with pytest.raises(DataError) as fault:
        parse_side_effects(body)

    assert fault.value.path == f"$.{path}"
