"""The words of a set-up document: what cannot be stored, and names that are blank."""

from collections.abc import Iterator

from clinic.rules.patient_words import is_plain_line
from clinic.rules.setup_reading import Problem

OF_LINES = "desk_note"
LINE_ENDS = str.maketrans("\r\n\t", "   ")
NAMES = ("name", "short_name", "patient_name", "record_number")


def word_problems(value: object, at: str = "$", name: str = "") -> Iterator[Problem]:
    """Yield each text of a document that holds what cannot be stored, and each blank name."""
    if isinstance(value, dict):
        for key, one in value.items():
            if not is_plain_line(str(key)):
                yield at, "character_refused", {}
            yield from word_problems(one, f"{at}.{key}", str(key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from word_problems(one, f"{at}[{index}]", name)
    elif isinstance(value, str):
        yield from _text_problems(value, at, name)


def _text_problems(text: str, at: str, name: str) -> Iterator[Problem]:
    line = text.translate(LINE_ENDS) if name == OF_LINES else text
    if not is_plain_line(line):
        yield at, "character_refused", {}
    if name in NAMES and not text.strip():
        yield at, "field_empty", {}
