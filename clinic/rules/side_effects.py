"""Side effects: the coded list, and what the term, the grade and seriousness call for.

The level comes from the term; the grade and seriousness can only raise it. Severity (grade) and
seriousness are two facts.
"""

from dataclasses import dataclass
from enum import StrEnum

from clinic.rules.data import JsonValue, Node

OTHER = "other"
"""The key of an event that is not on the list and is told in free text."""


class Response(StrEnum):
    """How soon somebody must look, from never to at once."""

    NONE = "none"
    REVIEW = "review"
    SAME_DAY = "same_day"
    NOW = "now"
    EMERGENCY = "emergency"


RANK = {response: rank for rank, response in enumerate(Response)}


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the list."""

    key: str
    label: str
    modalities: frozenset[str]
    level: Response
    holds_course: bool
    is_serious: bool


@dataclass(frozen=True, slots=True)
class GradeRule:
    """From this grade on at least this level, and whether the course is held."""

    grade: int
    level: Response
    holds_course: bool


@dataclass(frozen=True, slots=True)
class Grade:
    """One grade of severity in words."""

    number: int
    label: str
    meaning: str


@dataclass(frozen=True, slots=True)
class SideEffectList:
    """One version of the list and its rules."""

    terms: tuple[Term, ...]
    grades: tuple[Grade, ...]
    relatedness: tuple[str, ...]
    actions: tuple[str, ...]
    outcomes: tuple[str, ...]
    grade_rules: tuple[GradeRule, ...]
    serious_level: Response
    serious_holds: bool

    def term(self, key: str) -> Term | None:
        """Return the term of this key, or None."""
        return next((term for term in self.terms if term.key == key), None)

    def for_modality(self, modality: str | None) -> tuple[Term, ...]:
        """Return the terms asked for in a treatment, in the list's order; None gives all."""
        if modality is None:
            return self.terms
        return tuple(term for term in self.terms if modality in term.modalities)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an event calls for: how soon somebody looks, and whether the course is held."""

    level: Response
    holds_course: bool
    is_serious: bool


def judge_side_effect(
    listed: SideEffectList, *, term: Term | None, grade: int, is_serious: bool
) -> Judgement:
    """Return what an event calls for; `term` None is an event told in free text."""
    serious = is_serious or (term is not None and term.is_serious)
    levels = [Response.NONE if term is None else term.level]
    holds = [term is not None and term.holds_course]
    for rule in listed.grade_rules:
        if grade >= rule.grade:
            levels.append(rule.level)
            holds.append(rule.holds_course)
    if serious:
        levels.append(listed.serious_level)
        holds.append(listed.serious_holds)
    return Judgement(max(levels, key=RANK.__getitem__), any(holds), serious)


def modality_family(modality: str | None) -> str | None:
    """Return the list's word for a protocol's modality: all ketamine ways share one list."""
    if modality is None:
        return None
    return "tms" if modality == "tms" else "ketamine"


def parse_side_effects(body: JsonValue | Node, *, path: str = "$") -> SideEffectList:
    """Return the list from its JSON body, or raise DataError with path and reason."""
    node = body if isinstance(body, Node) else Node(path, body)
    serious = node.field("serious_rule")
    return SideEffectList(
        terms=tuple(_term(one) for one in node.field("terms").items()),
        grades=tuple(_grade(one) for one in node.field("grades").items()),
        relatedness=_words(node.field("relatedness")),
        actions=_words(node.field("actions")),
        outcomes=_words(node.field("outcomes")),
        grade_rules=tuple(_grade_rule(one) for one in node.field("grade_rules").items()),
        serious_level=serious.field("level_at_least").one_of(Response),
        serious_holds=serious.field("hold_course").flag(),
    )


def _words(node: Node) -> tuple[str, ...]:
    return tuple(one.text() for one in node.items())


def _term(node: Node) -> Term:
    return Term(
        key=node.field("key").text(),
        label=node.field("label").text(),
        modalities=node.field("modalities").texts(),
        level=node.field("level").one_of(Response),
        holds_course=node.field("hold_course").flag(),
        is_serious=node.field("serious_by_default").flag(),
    )


def _grade(node: Node) -> Grade:
    meaning = node.field("meaning").value
    return Grade(
        number=node.field("grade").whole(least=1),
        label=node.field("label").text(),
        meaning=meaning if isinstance(meaning, str) else "",
    )


def _grade_rule(node: Node) -> GradeRule:
    return GradeRule(
        grade=node.field("grade_at_least").whole(least=1),
        level=node.field("level_at_least").one_of(Response),
        holds_course=node.field("hold_course").flag(),
    )
