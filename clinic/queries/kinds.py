"""Visit kinds in force, each with the version row that an appointment points at."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from clinic.queries.definitions import DefinitionKind, current_ids, visit_kinds
from clinic.rules.visit_kinds import VisitKind


@dataclass(frozen=True, slots=True)
class KindFrame:
    """A visit kind and the id of its version row."""

    definition_id: int
    visit_kind: VisitKind


def kind_frames(session: Session) -> dict[str, KindFrame]:
    """Return the visit kinds in force by key."""
    ids = current_ids(session, DefinitionKind.VISIT_KIND)
    return {key: KindFrame(ids[key], kind) for key, kind in visit_kinds(session).items()}
