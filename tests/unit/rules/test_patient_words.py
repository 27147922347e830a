"""Patients are found by the beginning of any of their words, by phone end and by birth date."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.patient_words import (
    TOKEN_LENGTH,
    fold,
    is_plain_line,
    patient_tokens,
    search_prefixes,
    words,
)

# below the parts of Korean syllables, which join with what follows and so have no beginnings
letters = st.characters(categories=["Lu", "Ll", "Lo"], max_codepoint=0x10FF) | st.characters(
    min_codepoint=0x4E00, max_codepoint=0x9FFF
)
names = st.text(letters, min_size=1, max_size=20)
ANA = patient_tokens(
    names=["Ana María", "Smith-Jones"],
    record_number="MRN-0042",
    phone="+1 (555) 010-0142",
    birth_on=date(1984, 6, 1),
)


def found(search: str, tokens: set[str]) -> bool:
    """Say whether every word of a search is the beginning of some token, as the query does it."""
    return all(
        any(token.startswith(prefix) for prefix in prefixes for token in tokens)
        for prefixes in search_prefixes(search)
    )


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Núñez", "nunez"),
        ("Łódź", "lodz"),
        ("Søren", "soren"),
        ("O'Brien", "obrien"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("李", "李"),
        ("--", "!--"),
    ],
)
def test_fold_drops_case_accents_and_punctuation(word: str, folded: str) -> None:
    assert fold(word) == folded


@given(st.text())
def test_folded_word_stays_within_its_column(word: str) -> None:
    assert len(fold(word)) <= TOKEN_LENGTH


def test_tokens_of_a_patient() -> None:
    assert {
        *("ana", "maria", "anamaria", "smith", "jones", "smithjones"),
        *("mrn0042", "~24100105551", "@1984-06-01"),
    } == ANA
    assert patient_tokens(names=[""], record_number="7", phone="none", birth_on=None) == {"7"}


@pytest.mark.parametrize(
    "search",
    [
        "ana",
        "MARÍA sm",
        "smith-jones",
        "jones ana",
        "mrn0042",
        "0142",
        "(555) 010-0142",
        "1984-06-01",
        "1984-6",
        "06/01/1984",
        "ana 0142",
    ],
)
def test_patient_is_found(search: str) -> None:
    assert found(search, ANA)


@pytest.mark.parametrize("search", ["anna", "ana brown", "0143", "1984-07", "mar 1985-06-01"])
def test_somebody_else_is_not_found(search: str) -> None:
    assert not found(search, ANA)


@given(given_name=names, family=names, kept=st.integers(1, 20))
def test_beginning_of_a_name_finds_it(given_name: str, family: str, kept: int) -> None:
    tokens = patient_tokens(names=[given_name, family], record_number="1", phone="", birth_on=None)

    assert found(f"{given_name[:kept]} {family}", tokens)


@given(st.text(max_size=40))
def test_blank_search_asks_for_nothing_and_none_asks_for_an_empty_word(text: str) -> None:
    asked = search_prefixes(text)

    assert all(prefix for prefixes in asked for prefix in prefixes)
    assert all(asked)
    if not text.strip():
        assert asked == []


def test_name_without_letters_keeps_a_token() -> None:
    assert words("...") == {"!..."}


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [("Ana María", True), ("", True), ("a\tb", False), ("a\u202eb", False), ("\ud800", False)],
)
def test_line_that_can_be_stored(text: str, is_plain: bool) -> None:
    assert is_plain_line(text) is is_plain
