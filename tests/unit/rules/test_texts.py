"""Text messages are short, neutral and complete; typed text is stored clean or refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.data import Node
from clinic.rules.patient_texts import parse_texts
from clinic.rules.texts import (
    GSM7,
    GSM7_EXTENDED,
    BadText,
    TextFault,
    TextRules,
    clean_text,
    forbidden_words,
    gsm7_length,
    text_faults,
    transliterate,
)
from tests.unit.rules.examples import clinic_data, example

EX20 = example("EX20")
TEXT = EX20["input"]["template"].format(**EX20["input"]["values"])
STEMS = parse_texts(clinic_data("texts")).forbidden_stems
MOST = Node("$", clinic_data("policies")).field("reminders").field("text").field("max_gsm7").whole()
RULES = TextRules(
    clinic=EX20["input"]["values"]["clinic"],
    phone=EX20["input"]["values"]["phone"],
    optout_words=Node("$", clinic_data("operations"))
    .field("reminder_words")
    .field("optout_words")
    .texts(),
    most_gsm7=MOST,
    forbidden_stems=STEMS,
)


def test_example_20_a_good_text_goes() -> None:
    expected = EX20["expected"]

    assert expected["text"] == TEXT
    assert gsm7_length(TEXT) == expected["length"]
    assert (text_faults(TEXT, RULES) == ()) is expected["ok"]


def test_example_20_a_bad_text_names_what_gives_the_patient_away() -> None:
    words = forbidden_words(EX20["input"]["bad"], STEMS)

    assert list(words) == EX20["expected"]["bad_rejected_words"]


def test_every_fault_of_a_text_is_told() -> None:
    assert text_faults(EX20["input"]["bad"] * 2, RULES) == (
        TextFault.TOO_LONG,
        TextFault.FORBIDDEN_WORD,
        TextFault.NO_CLINIC,
        TextFault.NO_PHONE,
        TextFault.NO_OPTOUT,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sesión #3 de ketamina con su psiquiatra", ("sesion #", "ketamina", "psiquiatra")),
        ("TMS at 8", ("tms",)),
        ("Your balance is due", ("your balance",)),
        ("You have an appointment, please call. Reply STOP to opt out.", ()),
        ("Cita el lun 9 mar 8:00. Responda STOP", ()),
        ("Dosewell Road 4: session now at 9", ("dosewell",)),
        ("overdose", ()),
    ],
)
def test_forbidden_words_are_found_by_how_they_begin(text: str, words: tuple[str, ...]) -> None:
    assert forbidden_words(text, STEMS) == words


def test_nothing_is_forbidden_where_the_clinic_forbids_nothing() -> None:
    assert forbidden_words("TMS at 8", ()) == ()


@pytest.mark.parametrize(
    ("text", "plain", "length"),
    [
        ("miércoles, 3 de mayo, ¿sí?", "miércoles, 3 de mayo, ¿si?", 26),
        ("Núñez Ávila", "Nuñez Avila", 11),
        ("“Maple” – Clinic’s…", '"Maple" - Clinic\'s...', 21),
        ("€5 [a]", "€5 [a]", 9),
        ("Łódź Đorđe œuvre", "Lodz Dorde oeuvre", 17),
        ("日本 ok", "?? ok", 5),
        ("n\u0303", "ñ", 1),
    ],
)
def test_text_is_brought_into_gsm7_before_it_is_counted(text: str, plain: str, length: int) -> None:
    assert transliterate(text) == plain
    assert gsm7_length(text) == length


@given(st.text())
def test_whatever_is_typed_ends_in_gsm7_and_stays_there(text: str) -> None:
    plain = transliterate(text)

    assert set(plain) <= GSM7 | GSM7_EXTENDED
    assert transliterate(plain) == plain
    assert gsm7_length(text) >= len(plain)


def test_line_is_stored_composed_and_without_outer_blanks() -> None:
    assert clean_text("  Nu\u0301n\u0303ez ", 20) == "Núñez"


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "\x1b", "\n", "\t", "\u2028", "\u202e", "\x7f"])
def test_character_that_cannot_be_stored_is_refused(bad: str) -> None:
    with pytest.raises(BadText) as refused:
        clean_text(f"a{bad}b", 20)

    assert refused.value.code == "character_refused"


def test_length_is_counted_after_cleaning() -> None:
    assert clean_text("  12345  ", 5) == "12345"
    with pytest.raises(BadText) as refused:
        clean_text("123456", 5)
    assert refused.value.code == "field_too_long"


@given(st.text(), st.integers(0, 30))
def test_clean_text_is_stable_or_refused(text: str, most: int) -> None:
    try:
        cleaned = clean_text(text, most)
    except BadText:
        return

    assert clean_text(cleaned, most) == cleaned == unicodedata.normalize("NFC", cleaned)
    assert len(cleaned) <= most


def test_text_of_exactly_the_most_places_still_goes() -> None:
    filled = TEXT + "." * (MOST - gsm7_length(TEXT))

    assert text_faults(filled, RULES) == ()
    assert text_faults(f"{filled}.", RULES) == (TextFault.TOO_LONG,)
