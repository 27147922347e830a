"""Zones: the zone rules in force, what each site was last reconciled with, and visits off them."""

import importlib.metadata
import zoneinfo
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.appointments import Appointment
from clinic.models.machinery import ClinicSetting
from clinic.models.messages import Message, MessageState
from clinic.models.patients import Patient
from clinic.models.resources import Block, Cell, Seat
from clinic.models.sites import Site
from clinic.rules.appointments import Status
from clinic.rules.messages import MessageKind
from clinic.rules.times import WallTimeRefused, local_minutes, to_instant

ZONE_RULES = "zone_rules"
TO_COME = (Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN)
"""Visits that hold seats and are not over."""

WAITING = (MessageState.DUE, MessageState.HELD)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """With which rules a site was last reconciled, and how many visits could not move then."""

    rules: str
    left: int


def rules_in_force() -> str:
    """Return the version of the zone rules this process uses, for example 2026b."""
    return system_rules() or package_rules()


def system_rules() -> str | None:
    """Return the rule version of the system's zone files ("2026b"), None when they tell none."""
    for folder in zoneinfo.TZPATH:
        for name in ("tzdata.zi", "+VERSION"):
            path = Path(folder) / name
            if path.is_file():
                with path.open(encoding="utf-8") as file:
                    return file.readline().replace("# version", "").strip()
    return None


def package_rules() -> str:
    """Return the rule version of the tzdata package: its 2026.2 is 2026b."""
    year, number = importlib.metadata.version("tzdata").split(".")[:2]
    return f"{year}{chr(ord('a') + int(number) - 1)}"


def reconciled(session: Session) -> dict[str, Reconciled]:
    """Return what each site was last reconciled with, by its key."""
    row = session.get(ClinicSetting, ZONE_RULES)
    found: dict[str, Reconciled] = {}
    for key, value in (row.value if row is not None else {}).items():
        if isinstance(value, dict):
            left = value.get("left")
            found[key] = Reconciled(str(value.get("rules")), left if isinstance(left, int) else 0)
    return found


def sites_to_rezone(session: Session, key: str | None) -> list[Site]:
    """Return the site of a key, or all sites by key; NotFound for an unknown key."""
    query = select(Site).order_by(Site.key)
    if key is not None:
        query = query.where(Site.key == key)
    found = list(session.scalars(query))
    if key is not None and not found:
        raise NotFound("site_unknown", site=key)
    return found


@dataclass(frozen=True, slots=True)
class Shifted:
    """A visit whose instant is not that of its wall time; `start` is, None when there is none."""

    appointment: Appointment
    record_number: str
    start: datetime | None
    fault: str = ""


def shifted_visits(session: Session, *, site_id: int, now: datetime) -> list[Shifted]:
    """Return the visits to come of a site that are off their wall time, locked, by time."""
    query = (
        select(Appointment, Patient.record_number)
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(
            Appointment.site_id == site_id,
            Appointment.local_on >= (now - timedelta(days=2)).date(),
            Appointment.status.in_(TO_COME),
        )
        .order_by(Appointment.id)
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    )
    rows = [_shifted(row[0], row[1]) for row in session.execute(query)]
    found = [one for one in rows if one is not None and _is_ahead(one, now)]
    return sorted(found, key=lambda one: (one.appointment.start_at, one.appointment.id))


def _shifted(row: Appointment, record_number: str) -> Shifted | None:
    if local_minutes(row.start_at, row.zone) == (row.local_on, row.local_min):
        return None
    try:
        return Shifted(row, record_number, to_instant(row.local_on, row.local_min, row.zone))
    except WallTimeRefused as refused:
        return Shifted(row, record_number, None, refused.code)


def _is_ahead(one: Shifted, now: datetime) -> bool:
    return max(one.appointment.start_at, one.start or one.appointment.start_at) > now


def seat_counts(session: Session, resource_ids: Iterable[int]) -> dict[int, int]:
    """Return the number of seats of resources by id."""
    query = select(Seat.resource_id, func.count()).group_by(Seat.resource_id)
    wanted = set(resource_ids)
    return {key: count for key, count in session.execute(query) if key in wanted}


def taken_by_others(
    session: Session, *, quanta: range, appointment_ids: Collection[int]
) -> Mapping[tuple[int, int], int]:
    """Return how many seats all other visits hold in a span of quanta, by resource and quantum."""
    query = select(Cell.resource_id, Cell.quantum, Cell.appointment_id).where(
        Cell.quantum >= quanta.start, Cell.quantum < quanta.stop
    )
    return Counter(
        (resource_id, quantum)
        for resource_id, quantum, appointment_id in session.execute(query)
        if appointment_id not in appointment_ids
    )


def waiting_reminders(
    session: Session, appointment_ids: Sequence[int]
) -> Sequence[tuple[Message, Appointment, str | None]]:
    """Return the reminders of visits that have not gone yet, each with the patient's zone."""
    query = (
        select(Message, Appointment, Patient.zone)
        .join(Appointment, Appointment.id == Message.appointment_id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(
            Message.appointment_id.in_(appointment_ids),
            Message.kind == MessageKind.REMINDER.value,
            Message.state.in_(WAITING),
        )
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def blocks_ahead(
    session: Session, *, resource_ids: Sequence[int], site_id: int, now: datetime
) -> int:
    """Count the blocks of a site and of what is booked there that end in the future."""
    query = select(func.count(Block.id)).where(
        Block.removed_at.is_(None),
        Block.end_at > now,
        (Block.site_id == site_id) | Block.resource_id.in_(resource_ids),
    )
    return session.scalar(query) or 0
