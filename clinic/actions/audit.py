"""The audit trail: one row for each act, in the transaction of the act."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.errors import NotAllowed
from clinic.models.audit import AuditEntry
from clinic.models.base import JsonValue
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission


def record_audit(
    session: Session,
    *,
    verb: str,
    subject: str,
    subject_id: int | None,
    by: Actor,
    now: datetime,
    patient_id: int | None = None,
    values: Mapping[str, JsonValue] | None = None,
) -> None:
    """Add one audit row; `values` are ids and codes, never names or notes."""
    session.add(
        AuditEntry(
            at=now,
            account_id=by.account_id,
            system=by.system,
            verb=verb,
            subject_kind=subject,
            subject_id=subject_id,
            patient_id=patient_id,
            values=dict(values or {}),
        )
    )


def require(by: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless the actor holds the permission."""
    if not by.may(permission):
        raise NotAllowed("permission_missing", permission=permission.value)
