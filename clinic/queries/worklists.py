"""The worklist and the sweep as they are read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment
from clinic.models.machinery import Heartbeat
from clinic.models.patients import Patient
from clinic.models.worklists import WorkItem

SILENCE = timedelta(minutes=3)
"""After this long without a heartbeat, staff pages say that the scheduler is silent."""


def due_flags(now: datetime) -> Select[int]:
    """Return the ids of appointments whose moment to be looked at has come, oldest first."""
    return (
        select(Appointment.id)
        .where(Appointment.flag_at.is_not(None), Appointment.flag_at <= now)
        .order_by(Appointment.flag_at, Appointment.id)
    )


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One thing to do as the list shows it."""

    public_id: str
    kind: str
    patient_public_id: str
    patient_name: str
    created_at: datetime


def open_items(session: Session, *, kinds: frozenset[str] | None = None) -> list[OpenItem]:
    """Return what is to be done, oldest first; of some kinds only, when given."""
    query = (
        select(
            WorkItem.public_id,
            WorkItem.kind,
            Patient.public_id,
            Patient.given,
            Patient.family,
            WorkItem.created_at,
        )
        .join(Patient, Patient.id == WorkItem.patient_id)
        .where(WorkItem.done_at.is_(None))
        .order_by(WorkItem.created_at, WorkItem.id)
    )
    if kinds is not None:
        query = query.where(WorkItem.kind.in_(kinds))
    return [
        OpenItem(public_id, kind, patient, f"{given} {family}", created_at)
        for public_id, kind, patient, given, family, created_at in session.execute(query)
    ]


def is_silent(session: Session, *, name: str, machine_now: datetime) -> bool:
    """Say whether a background process has not been heard of for three minutes, or never."""
    at = session.scalar(select(Heartbeat.at).where(Heartbeat.name == name))
    return at is None or machine_now - at > SILENCE
