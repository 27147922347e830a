"""The smallest clinic that can be booked: a site, a device, people with shifts, patients."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from clinic.models import (
    Appointment,
    Definition,
    DefinitionStatus,
    OpeningHours,
    Patient,
    Resource,
    Seat,
    Shift,
    Site,
)
from clinic.models.base import JsonValue
from clinic.queries.availability import SiteFrame
from clinic.rules.appointments import Status

ZONE = "America/New_York"
MADE_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def add_site(session: Session, *, key: str = "main", zone: str = ZONE) -> SiteFrame:
    """Add a site that is open from 8 to 18 on weekdays."""
    site = Site(key=key, name="Main Street", patient_name="Main Street Clinic", zone=zone)
    session.add(site)
    session.flush()
    session.execute(
        insert(OpeningHours),
        [{"site_id": site.id, "weekday": day, "from_min": 480, "to_min": 1080} for day in range(5)],
    )
    return SiteFrame(site.id, zone, {})


def add_resource(
    session: Session,
    *,
    key: str,
    kind: str = "tms_device",
    site: SiteFrame | None = None,
    seats: int = 1,
    tags: tuple[str, ...] = (),
) -> int:
    """Add a resource with its seats and return its id."""
    resource = Resource(
        key=key,
        name=key,
        kind=kind,
        site_id=None if site is None else site.id,
        tags=list(tags),
    )
    session.add(resource)
    session.flush()
    session.add_all([Seat(resource_id=resource.id, seat_no=n) for n in range(1, seats + 1)])
    session.flush()
    return resource.id


def add_shifts(session: Session, *, resource_id: int, site: SiteFrame) -> None:
    """Let a person work from 9 to 17 on weekdays."""
    session.add_all(
        [
            Shift(
                resource_id=resource_id,
                site_id=site.id,
                weekday=day,
                from_min=540,
                to_min=1020,
                from_on=date(2026, 1, 1),
            )
            for day in range(5)
        ]
    )
    session.flush()


def add_patient_row(session: Session, *, number: int) -> Patient:
    """Add a patient with a resource of one seat."""
    resource_id = add_resource(session, key=f"patient-{number}", kind="patient")
    patient = Patient(
        record_number=str(number),
        resource_id=resource_id,
        family=f"Family{number}",
        given="Given",
        birth_on=date(1980, 1, 1),
        created_at=MADE_AT,
    )
    session.add(patient)
    session.flush()
    return patient


CHECK: Mapping[str, JsonValue] = {
    "key": "check",
    "version": 1,
    "staff_label": "Check",
    "patient_label": "Visit",
    "default_length_min": 60,
    "turnover_min": 0,
    "places": ["room"],
    "requirements": [],
    "missed_grace_min": 15,
    "counts_as_delivered": False,
    "reminder_policy": "standard",
}
"""A kind of visit that needs nothing."""


def add_kind_row(session: Session) -> int:
    """Add a definition row to which appointments can point and return its id."""
    row = Definition(
        kind="visit_kind",
        key="check",
        version=1,
        status=DefinitionStatus.APPROVED,
        body=dict(CHECK),
        in_force_on=date(2026, 1, 1),
        created_at=MADE_AT,
        approved_at=MADE_AT,
    )
    session.add(row)
    session.flush()
    return row.id


def add_appointment_row(
    session: Session, *, patient: Patient, site: SiteFrame, definition_id: int
) -> int:
    """Add an appointment that holds nothing yet, and return its id."""
    start = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    row = Appointment(
        patient_id=patient.id,
        definition_id=definition_id,
        kind_key="check",
        site_id=site.id,
        start_at=start,
        end_at=start.replace(hour=14),
        zone=site.zone,
        local_on=date(2026, 3, 9),
        local_min=540,
        length_min=60,
        status=Status.BOOKED,
        created_at=MADE_AT,
    )
    session.add(row)
    session.flush()
    return row.id
