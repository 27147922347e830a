"""Texts: what may stand in a text message, how long it is, and what may be stored of typed text.

A text message names the clinic neutrally, date, time, phone and how to stop, in at most 160
characters of GSM-7; never a treatment, drug, diagnosis, speciality, session number or balance.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from clinic.rules.patient_words import is_plain_line

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic table of GSM 03.38; one place each."""

GSM7_EXTENDED = frozenset("^{}\\[~]|€")
"""The extension table of GSM 03.38; two places each."""

# what Unicode does not take apart into a letter and its mark
PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict(zip("łŁđĐı\t", "lLdDi ", strict=True)),
        "œ": "oe",
        "Œ": "OE",
        "…": "...",
    }
)
UNKNOWN = "?"


class BadText(ValueError):
    """A text that cannot be stored; `code` says why."""

    def __init__(self, code: str) -> None:
        """Keep the code: character_refused or field_too_long."""
        super().__init__(code)
        self.code = code


class TextFault(StrEnum):
    """Why a text message may not go."""

    TOO_LONG = "text_too_long"
    FORBIDDEN_WORD = "text_forbidden_word"
    NO_CLINIC = "text_without_clinic"
    NO_PHONE = "text_without_phone"
    NO_OPTOUT = "text_without_optout"


@dataclass(frozen=True, slots=True)
class TextRules:
    """What a text message of a clinic must name, how long it may be in GSM-7, and must not hold."""

    clinic: str
    phone: str
    optout_words: frozenset[str]
    most_gsm7: int
    forbidden_stems: tuple[str, ...]


def transliterate(text: str) -> str:
    """Return a text in GSM-7: accents outside the alphabet are dropped, the unknown becomes "?"."""
    plain = unicodedata.normalize("NFC", text).translate(PLAIN)
    return "".join(_gsm7(char) for char in plain)


def _gsm7(char: str) -> str:
    if char in GSM7 or char in GSM7_EXTENDED:
        return char
    parts = unicodedata.normalize("NFKD", char)
    kept = "".join(part for part in parts if part in GSM7 or part in GSM7_EXTENDED)
    return kept or UNKNOWN


def gsm7_length(text: str) -> int:
    """Return how many places of a text message a text takes after transliteration."""
    return sum(2 if char in GSM7_EXTENDED else 1 for char in transliterate(text))


@lru_cache(maxsize=16)
def _forbidden(stems: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern of words that begin with one of the stems."""
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, stems))})[^\W\d]*")


def forbidden_words(text: str, stems: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that no text message may hold, as they stand, each once, in their order.

    `stems` say how such words begin, without accents and in small letters (texts.json).
    """
    if not stems:
        return ()
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in parts if not unicodedata.combining(char))
    return tuple(dict.fromkeys(found.group() for found in _forbidden(stems).finditer(plain)))


def text_faults(text: str, rules: TextRules) -> tuple[TextFault, ...]:
    """Return every reason why a text message may not go; an empty answer lets it go."""
    words = {word.casefold() for word in re.findall(r"\w+", text)}
    stops = {word.casefold() for word in rules.optout_words}
    checks = (
        (TextFault.TOO_LONG, gsm7_length(text) > rules.most_gsm7),
        (TextFault.FORBIDDEN_WORD, bool(forbidden_words(text, rules.forbidden_stems))),
        (TextFault.NO_CLINIC, transliterate(rules.clinic) not in transliterate(text)),
        (TextFault.NO_PHONE, rules.phone not in text),
        (TextFault.NO_OPTOUT, not words & stops),
    )
    return tuple(fault for fault, is_met in checks if is_met)


def clean_text(value: str, max_length: int) -> str:
    """Return one line of text as it is stored: NFC, without blanks at its ends; or raise BadText.

    NUL, surrogates, control, line and direction characters are refused, never dropped in silence.
    """
    cleaned = _normal(value).strip()
    if not is_plain_line(cleaned):
        raise BadText("character_refused")
    if len(cleaned) > max_length:
        raise BadText("field_too_long")
    return cleaned


def _normal(value: str) -> str:
    return unicodedata.normalize("NFC", value)
