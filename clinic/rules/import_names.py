"""Names as other systems write them in one cell, parted into family and given name."""

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v", "md", "phd", "esq"})
PARTICLES = frozenset(
    [
        "da",
        "das",
        "de",
        "del",
        "della",
        "den",
        "der",
        "di",
        "dos",
        "du",
        "el",
        "la",
        "las",
        "le",
        "los",
        "mac",
        "mc",
        "san",
        "santa",
        "st",
        "ten",
        "ter",
        "van",
        "von",
        "vander",
        "vande",
        "y",
    ]
)


def part_name(text: str) -> tuple[str, str]:
    """Return family and given name of "Last, First" or "First Last".

    "Garza, Jr., Ana" keeps the suffix with the family; "Ana de la Garza" keeps its particles there.
    One word alone is a family name.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > 1 and not _is_suffix(parts[1]):
        return parts[0], ", ".join(parts[1:])
    if len(parts) > 2:
        return f"{parts[0]}, {parts[1]}", ", ".join(parts[2:])
    return _part_words(" ".join(parts).split())


def _part_words(words: list[str]) -> tuple[str, str]:
    """Return the parts of a name whose family name comes last."""
    last = len(words) - 1
    while last > 1 and _is_suffix(words[last]):
        last -= 1
    while last > 1 and words[last - 1].casefold() in PARTICLES:
        last -= 1
    return " ".join(words[max(last, 0) :]), " ".join(words[: max(last, 0)])


def _is_suffix(word: str) -> bool:
    return word.casefold().replace(".", "") in SUFFIXES


def join_given(given: str, middle: str) -> str:
    """Return the given names with a middle name that is not among them yet."""
    if not middle or middle.casefold() in given.casefold().split():
        return given
    return f"{given} {middle}".strip()
