"""What every act needs: the right to do it, and one row of the audit trail in its transaction."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from clinic.errors import NotAllowed
from clinic.models.appointments import Appointment
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


def record_look(
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
    """Write the audit row of a read at once: a page waits for it, and an entity takes longer."""
    row = {
        "at": now,
        "verb": verb,
        "subject_kind": subject,
        "subject_id": subject_id,
        "account_id": by.account_id,
        "system": by.system,
        "patient_id": patient_id,
        "values": dict(values or {}),
    }
    session.connection().execute(insert(AuditEntry), row)


def require(by: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless the permission is held anywhere: for what is of no site."""
    if not by.may(permission):
        raise NotAllowed("permission_missing", permission=permission.value)


def require_at(by: Actor, permission: Permission, site_id: int | None) -> None:
    """Raise NotAllowed unless the permission is held at the site; None asks for every site."""
    if not by.may_at(permission, site_id):
        raise NotAllowed("permission_missing", permission=permission.value)


def require_at_chair(by: Actor, permission: Permission, appointment: Appointment) -> None:
    """Raise NotAllowed unless the permission is held at the visit's site, or on one's own chart."""
    require_at(by, permission, appointment.site_id)
    refuse_own_chart(by, appointment.patient_id)


def refuse_own_chart(by: Actor, patient_id: int) -> None:
    """Raise NotAllowed when the chart is that of the member of staff who asks."""
    if by.is_patient(patient_id):
        raise NotAllowed("own_chart")
