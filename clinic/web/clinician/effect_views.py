"""Side effects as the visit page prints them, and the choices of their form."""

from dataclasses import dataclass

from flask_babel import gettext
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.queries.side_effects import SideEffectRow
from clinic.rules.side_effects import (
    OTHER,
    Response,
    SideEffectList,
    Term,
    judge_side_effect,
)
from clinic.web import present
from clinic.web.clinician.forms import EffectDetailsForm, SideEffectForm


@dataclass(frozen=True, slots=True)
class EffectView:
    """One logged side effect; `before` says what it was, the oldest first."""

    public_id: str
    label: str
    grade: str
    outcome: str
    time: str
    by: str
    level: str
    word: str
    before: tuple[str, ...]


def effect_view(row: SideEffectRow, listed: SideEffectList, zone: str) -> EffectView:
    """Return a side effect in the words of the clinic's list."""
    term = listed.term(row.term_key)
    grades = {grade.number: grade.label for grade in listed.grades}
    return EffectView(
        public_id=row.public_id,
        label=row.free_text if term is None else term.label,
        grade=grades.get(row.grade, str(row.grade)),
        outcome=row.outcome,
        time=present.time_at(row.onset_at, zone),
        by=row.recorded_by,
        level=row.level,
        word=response_word(row.level),
        before=tuple(
            gettext(
                "%(time)s %(grade)s, %(outcome)s (%(by)s)",
                time=present.time_at(one.recorded_at, zone),
                grade=grades.get(one.grade, str(one.grade)),
                outcome=one.outcome,
                by=one.recorded_by,
            )
            for one in row.earlier
        ),
    )


def response_word(level: str) -> str:
    """Return how soon somebody must look, in words."""
    words = {
        "none": gettext("logged"),
        "review": gettext("prescriber reviews next working day"),
        "same_day": gettext("reviewed by a clinician today"),
        "now": gettext("a clinician comes now"),
        "emergency": gettext("emergency plan, call for help"),
    }
    return words.get(level, level)


def quick_terms(listed: SideEffectList, modality: str | None) -> tuple[Term, ...]:
    """Return the terms that are one tap, those of this treatment alone first.

    What calls for a review or more is chosen from the list and saved on purpose.
    """
    harmless = [
        term
        for term in listed.for_modality(modality)
        if term.level is Response.NONE and not term.holds_course
    ]
    return tuple(sorted(harmless, key=lambda term: len(term.modalities)))


def tap_grades(listed: SideEffectList) -> frozenset[str]:
    """Return the grades that go with one tap: those that by themselves call for nobody."""
    return frozenset(
        str(grade.number)
        for grade in listed.grades
        if judge_side_effect(listed, term=None, grade=grade.number, is_serious=False).level
        is Response.NONE
    )


def fill_choices(form: SideEffectForm, listed: SideEffectList, modality: str | None) -> None:
    """Give the side-effect form the terms, grades and options of the clinic's list."""
    fill_details(form, listed)
    form.term.choices = [
        SelectChoice("", gettext("choose")),
        *(SelectChoice(term.key, term.label) for term in listed.for_modality(modality)),
        SelectChoice(OTHER, gettext("Something else")),
    ]


def fill_details(form: EffectDetailsForm, listed: SideEffectList) -> None:
    """Give a form the grades and options of the clinic's list."""
    form.grade.choices = [SelectChoice(str(one.number), one.label) for one in listed.grades]
    form.relatedness.choices = [SelectChoice(one, one) for one in listed.relatedness]
    form.action.choices = [SelectChoice(one, one) for one in listed.actions]
    form.outcome.choices = [SelectChoice(one, one) for one in listed.outcomes]
