"""Likely twins: people of one birth date whose names agree, found without asking about each."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from clinic.rules.patient_words import fold, words


class TwinIndex:
    """People by birth date and folded name; the same idea of a twin as the desk's own form.

    The names may be the other way round, and somebody who has one more is a twin too.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self._labels: defaultdict[tuple[date | None, str], dict[str, None]] = defaultdict(dict)

    def add(self, *, names: Iterable[str], birth_on: date | None, label: str) -> None:
        """Remember somebody under a label, for example a record number."""
        for word in {word for name in names for word in words(name)}:
            self._labels[birth_on, word][label] = None

    def find(self, *, family: str, given: str, birth_on: date | None) -> str | None:
        """Return the label of the first twin, None when there is none."""
        asked = [fold(name) for name in (family, given) if name.strip()]
        found = [self._labels.get((birth_on, word), {}) for word in asked]
        if not found:
            return None
        return next((label for label in found[0] if all(label in one for one in found)), None)
