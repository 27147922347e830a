"""Refusals of a booking in words: which resource is in the way, and when."""

from sqlalchemy.orm import Session

from clinic.errors import ClinicError
from clinic.planning.refusals import Refusal
from clinic.queries.resources import names_of
from clinic.rules.wall_days import instant_of
from clinic.web.present import moment_at
from clinic.web.reasons import reason_sentence
from clinic.web.sentences import sentence

WITH_TIME = frozenset({"resource_taken", "patient_busy"})


def refusal_words(unit: Session, refusal: Refusal) -> list[str]:
    """Return one sentence for each reason of a refused start, each once."""
    ids = [reason.resource_id for reason in refusal.reasons if reason.resource_id is not None]
    names = names_of(unit, ids)
    return list(dict.fromkeys(reason_sentence(reason, names) for reason in refusal.reasons))


def problem_words(problem: ClinicError, zone: str) -> str:
    """Return an error of a booking in words, with the day and time at which something is taken."""
    words = sentence(problem)
    quantum, on = problem.values.get("quantum"), problem.values.get("on")
    if problem.code in WITH_TIME and isinstance(quantum, int):
        return f"{words} ({moment_at(instant_of(quantum), zone)})"
    if problem.code in {"resource_shut", "site_closed"} and isinstance(on, str):
        return f"{words} ({on})"
    return words
