"""Change sets: what one click changes together."""

from datetime import datetime

from sqlalchemy.orm import Session

from clinic.models.courses import ChangeSet
from clinic.rules.actors import Actor


def add_change_set(
    session: Session,
    *,
    kind: str,
    patient_id: int,
    course_id: int | None,
    by: Actor,
    now: datetime,
    reason: str = "",
    undoes_id: int | None = None,
) -> ChangeSet:
    """Add the change set of one click and return it with its id."""
    change_set = ChangeSet(
        kind=kind,
        patient_id=patient_id,
        course_id=course_id,
        reason=reason,
        undoes_id=undoes_id,
        created_at=now,
        created_by=by.account_id,
    )
    session.add(change_set)
    session.flush()
    return change_set
