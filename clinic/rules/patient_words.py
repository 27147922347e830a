"""The folded words by which a patient is found: names, record number, end of phone, birth date.

Every token is searched by prefix. Phones are stored back to front after a mark, so that the end of
a number is the prefix of its token; birth dates stand after a mark of their own.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

TOKEN_LENGTH = 80
PHONE_MARK = "~"
BIRTH_MARK = "@"
ODD_MARK = "!"
PHONE_LEAST = 3
PHONE_TEXT = re.compile(r"[\d\s()+./-]+")
ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
LOCAL_DATE = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# letters that Unicode does not take apart, as they are typed without their strokes
STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})


def fold(word: str) -> str:
    """Return a word without case, accents and punctuation; marked, as it is, if nothing is left."""
    plain = unicodedata.normalize("NFKD", word.casefold()).translate(STROKES)
    kept = "".join(char for char in plain if unicodedata.category(char)[0] in "LN")
    return unicodedata.normalize("NFC", kept or f"{ODD_MARK}{word}")[:TOKEN_LENGTH]


def words(text: str) -> set[str]:
    """Return the folded words of a name, with a hyphen and parted by it, and the name run together.

    "Ana María Smith-Jones" is found by each word, by "smithjones" and by "anamaria".
    """
    pieces = text.split()
    parts = text.replace("-", " ").split()
    return {fold(word) for word in (*pieces, *parts, text) if word.strip()}


def patient_tokens(
    *, names: Iterable[str], record_number: str, phone: str, birth_on: date | None
) -> set[str]:
    """Return all tokens of a patient."""
    tokens = {word for name in names for word in words(name)}
    tokens.add(fold(record_number))
    digits = _digits(phone)
    if digits:
        tokens.add(f"{PHONE_MARK}{digits[::-1]}")
    if birth_on is not None:
        tokens.add(f"{BIRTH_MARK}{birth_on.isoformat()}")
    return tokens


def search_prefixes(text: str) -> list[list[str]]:
    """Return, for each word of a search, the prefixes of which one must match.

    "garcia 0142" gives a name and a phone end; dates are read as 1984-06-01 or 06/01/1984.
    """
    stripped = text.strip()
    if PHONE_TEXT.fullmatch(stripped) and len(_digits(stripped)) >= PHONE_LEAST:
        return [_alternatives(stripped)]
    return [_alternatives(part) for word in stripped.split() for part in _parts(word)]


def _parts(word: str) -> list[str]:
    """Return a word of a search as the tokens were made: dates and phones whole, names parted."""
    if _birth_prefix(word) or PHONE_TEXT.fullmatch(word):
        return [word]
    return word.replace("-", " ").split()


def _alternatives(part: str) -> list[str]:
    found = [fold(part)]
    if PHONE_TEXT.fullmatch(part) and len(_digits(part)) >= PHONE_LEAST:
        found.append(f"{PHONE_MARK}{_digits(part)[::-1]}")
    birth = _birth_prefix(part)
    if birth is not None:
        found.append(birth)
    return found


def _birth_prefix(text: str) -> str | None:
    """Return the prefix of a birth date; a year with a month is enough."""
    iso = ISO_DATE.fullmatch(text)
    if iso:
        year, month, day = iso.groups()
        rest = f"-{int(day):02d}" if day else ""
        return f"{BIRTH_MARK}{year}-{int(month):02d}{rest}"
    local = LOCAL_DATE.fullmatch(text)
    if local:
        month, day, year = local.groups()
        return f"{BIRTH_MARK}{year}-{int(month):02d}-{int(day):02d}"
    return None


def _digits(text: str) -> str:
    return "".join(char for char in text if char in "0123456789")


def is_plain_line(text: str) -> bool:
    """Say whether a line can be stored: no control, direction or line characters, no surrogates."""
    return not any(char in DIRECTIONS or unicodedata.category(char) in REFUSED for char in text)
