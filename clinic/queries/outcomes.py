"""What may come of a visit, and why one is cancelled, as the policies in force say it."""

from sqlalchemy.orm import Session

from clinic.queries.definitions import policies
from clinic.rules.appointments import Outcome
from clinic.rules.data import Node


def outcome_reasons(session: Session) -> dict[Outcome, tuple[str, ...]]:
    """Return the coded reasons of each outcome that needs one, in the order of the policies."""
    listed = Node("policies", policies(session)).field("status").field("beside")
    return {
        Outcome(name): tuple(code.text() for code in codes.items())
        for name, codes in listed.field("reason_codes").entries()
    }


def cancel_reasons(session: Session) -> tuple[str, ...]:
    """Return the coded reasons for which a visit is cancelled, in the order of the policies."""
    listed = Node("policies", policies(session)).field("cancel").field("reasons")
    return tuple(code.text() for code in listed.items())
