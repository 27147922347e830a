"""The clinic's own texts for patients: what to do before a visit, and what no message may say.

They are the medical director's data (texts.json), in the languages the clinic writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from clinic.rules.data import JsonValue, Node
from clinic.rules.people import FIRST_LANGUAGE

RULE = "rule"


@dataclass(frozen=True, slots=True)
class Line:
    """One line by language; for the visits of these reminder policies, of every one when empty."""

    words: Mapping[str, str]
    reminder_policies: frozenset[str]

    def text(self, language: str) -> str:
        """Return the line in a language, or in English where nobody has written it yet."""
        return self.words.get(language, self.words[FIRST_LANGUAGE])


@dataclass(frozen=True, slots=True)
class PatientTexts:
    """The lines to read before a visit, and the stems that no message may hold."""

    before: tuple[Line, ...]
    forbidden_stems: tuple[str, ...]

    def before_visit(self, reminder_policy: str, language: str) -> tuple[str, ...]:
        """Return what to do before a visit whose kind has this reminder policy, in order."""
        return tuple(
            line.text(language)
            for line in self.before
            if not line.reminder_policies or reminder_policy in line.reminder_policies
        )


def parse_texts(body: Mapping[str, JsonValue]) -> PatientTexts:
    """Return the texts of the clinic's data, or raise DataError."""
    node = Node("$", body)
    groups = node.field("forbidden_stems").entries()
    return PatientTexts(
        before=tuple(_line(one) for one in node.field("before_visit").field("lines").items()),
        forbidden_stems=tuple(
            stem.text() for name, group in groups if name != RULE for stem in group.items()
        ),
    )


def _line(node: Node) -> Line:
    words, policies = node.field("words"), node.optional("reminder_policies")
    words.field(FIRST_LANGUAGE).text()
    return Line(
        words={language: one.text() for language, one in words.entries()},
        reminder_policies=frozenset() if policies is None else policies.texts(),
    )
