"""Visits that the set-up no longer holds, as pages list them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.queries.unheld import UnheldRow, kind_label
from clinic.queries.unheld_checks import Lack, Why
from clinic.web.present import clock_time, day_with_year, role_word, sorted_name


@dataclass(frozen=True, slots=True)
class UnheldLine:
    """A visit to come with what it lacks."""

    public_id: str
    when: str
    name: str
    kind: str
    why: str


def unheld_lines(unit: Session, rows: Iterable[UnheldRow]) -> list[UnheldLine]:
    """Return the visits as lines, in the order given; one read for each kind of visit."""
    labels: dict[int, str] = {}
    lines = []
    for visit, lack in rows:
        if visit.definition_id not in labels:
            labels[visit.definition_id] = kind_label(unit, visit)
        lines.append(
            UnheldLine(
                public_id=visit.public_id,
                when=f"{day_with_year(visit.local_on)} {clock_time(visit.local_min)}",
                name=sorted_name(visit.family, visit.given),
                kind=labels[visit.definition_id],
                why=why_words(lack),
            )
        )
    return lines


def why_words(lack: Lack) -> str:
    """Return what a visit lacks as words."""
    what = lack.what
    match lack.why:
        case Why.CLOSED:
            return gettext("the site is closed then")
        case Why.INACTIVE:
            return gettext("%(what)s is out of use", what=what)
        case Why.ABSENT:
            return gettext("%(what)s is not there then", what=what)
        case Why.UNQUALIFIED:
            return gettext("%(what)s is not qualified on that day", what=what)
        case Why.MISFIT:
            return gettext("%(what)s does not fit this visit any more", what=what)
        case Why.UNCOVERED:
            return gettext("nobody is on site then: %(role)s", role=role_word(what))
        case Why.UNMET:
            return gettext("still needs: %(role)s", role=role_word(what))
        case _:
            assert_never(lack.why)
