"""What patients read before a visit is the director's data, in each language."""

import pytest

from clinic.rules.data import DataError
from clinic.rules.patient_texts import Line, PatientTexts, parse_texts
from clinic.rules.texts import forbidden_words
from tests.unit.rules.examples import clinic_data

STARTER = parse_texts(clinic_data("texts"))
RIDE = Line({"en": "Come with somebody.", "es": "Venga con alguien."}, frozenset({"dosing"}))
SLEEP = Line({"en": "Sleep well."}, frozenset())
TEXTS = PatientTexts(before=(RIDE, SLEEP), forbidden_stems=())


@pytest.mark.parametrize(
    ("policy", "language", "lines"),
    [
        ("dosing", "en", ("Come with somebody.", "Sleep well.")),
        ("dosing", "es", ("Venga con alguien.", "Sleep well.")),
        ("standard", "es", ("Sleep well.",)),
    ],
)
def test_lines_are_those_of_the_visit_in_its_language_or_english(
    policy: str, language: str, lines: tuple[str, ...]
) -> None:
    assert TEXTS.before_visit(policy, language) == lines


def test_starter_lines_are_written_in_both_languages() -> None:
    assert {frozenset(line.words) for line in STARTER.before} == {frozenset({"en", "es"})}


def test_starter_lines_hold_no_forbidden_word() -> None:
    said = [text for line in STARTER.before for text in line.words.values()]

    assert [forbidden_words(text, STARTER.forbidden_stems) for text in said] == [()] * len(said)


def test_a_line_without_english_is_refused_with_its_place() -> None:
    body = {"before_visit": {"lines": [{"words": {"es": "Duerma."}}]}, "forbidden_stems": {}}

    with pytest.raises(DataError) as refused:
        parse_texts(body)

    assert refused.value.path == "$.before_visit.lines[0].words.en"
