"""What may come of a visit, and why one is cancelled, as the policies in force say it."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from clinic.queries.definitions import policies
from clinic.rules.appointments import Outcome
from clinic.rules.data import DataError, JsonValue, Node


def outcome_reasons(session: Session) -> dict[Outcome, tuple[str, ...]]:
    """Return the coded reasons of each outcome that needs one, in the order of the policies."""
    return read_outcome_reasons(policies(session))


def cancel_reasons(session: Session) -> tuple[str, ...]:
    """Return the coded reasons for which a visit is cancelled, in the order of the policies."""
    return read_cancel_reasons(policies(session))


def read_outcome_reasons(body: Mapping[str, JsonValue]) -> dict[Outcome, tuple[str, ...]]:
    """Return what the policies say of outcomes; DataError with a path when it does not parse."""
    listed = Node("$", body).field("status").field("beside").field("reason_codes")
    known = {one.value: one for one in Outcome}
    found: dict[Outcome, tuple[str, ...]] = {}
    for name, codes in listed.entries():
        if name not in known:
            raise DataError(f"{listed.path}.{name}", "outcome_unknown", name)
        found[known[name]] = tuple(code.text() for code in codes.items())
    return found


def read_cancel_reasons(body: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return what the policies say of cancelling; DataError with a path when it does not parse."""
    listed = Node("$", body).field("cancel").field("reasons")
    return tuple(code.text() for code in listed.items())
