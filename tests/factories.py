"""Typed factories: the rows of a small clinic, added to a session with sensible values."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from sqlalchemy.orm import Session

from clinic.actions.accounts import hash_password
from clinic.models import (
    Account,
    Grant,
    OpeningHours,
    Patient,
    PatientToken,
    Qualification,
    Resource,
    Seat,
    Shift,
    Site,
    Staff,
)
from clinic.rules.permissions import Role

ZONE = "America/New_York"
PASSWORD = "a long enough sentence"
MADE_AT = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
LONG_AGO = date(2026, 1, 1)
WORKDAYS = range(5)


@lru_cache(maxsize=1)
def password_hash() -> str:
    """The hash of PASSWORD, made once for a whole run."""
    return hash_password(PASSWORD)


def make_site(session: Session, *, key: str = "main", name: str = "Main Street") -> Site:
    """Add a site that is open from 8 to 18 on weekdays."""
    site = Site(
        key=key,
        name=name,
        patient_name=f"{name} Clinic",
        zone=ZONE,
        address="12 Main Street",
        phone="(555) 010-4400",
    )
    session.add(site)
    session.flush()
    session.add_all(
        OpeningHours(site_id=site.id, weekday=day, from_min=480, to_min=1080) for day in WORKDAYS
    )
    session.flush()
    return site


def make_resource(
    session: Session,
    *,
    key: str,
    kind: str,
    name: str = "",
    site: Site | None = None,
    seats: int = 1,
    tags: tuple[str, ...] = (),
) -> Resource:
    """Add a resource with its seats."""
    resource = Resource(
        key=key,
        kind=kind,
        name=name or key,
        site_id=None if site is None else site.id,
        tags=list(tags),
    )
    session.add(resource)
    session.flush()
    session.add_all(Seat(resource_id=resource.id, seat_no=n) for n in range(1, seats + 1))
    session.flush()
    return resource


def make_staff(
    session: Session,
    *,
    key: str,
    name: str,
    roles: tuple[Role, ...] = (),
    qualifications: tuple[str, ...] = (),
    site: Site | None = None,
    is_bookable: bool = False,
) -> Staff:
    """Add a person with grants at the site (None: at all), bookable from 8 to 18 if asked."""
    resource = None
    if is_bookable and site is not None:
        resource = make_resource(session, key=f"person-{key}", kind="person", name=name)
        _work_weekdays(session, resource, site)
    staff = Staff(
        key=key,
        name=name,
        short_name=name.split()[-1],
        resource_id=None if resource is None else resource.id,
    )
    session.add(staff)
    session.flush()
    session.add_all(
        Grant(
            staff_id=staff.id,
            role=role.value,
            site_id=None if site is None else site.id,
            from_on=LONG_AGO,
        )
        for role in roles
    )
    session.add_all(Qualification(staff_id=staff.id, qualification=q) for q in qualifications)
    session.flush()
    return staff


def make_patient(
    session: Session,
    *,
    number: str,
    family: str,
    given: str,
    birth_on: date = date(1984, 6, 1),
    language: str = "en",
    email: str = "",
    phone: str = "",
) -> Patient:
    """Add a patient with the one seat that keeps them from being booked twice."""
    resource = make_resource(session, key=f"patient-{number}", kind="patient")
    patient = Patient(
        record_number=number,
        resource_id=resource.id,
        family=family,
        given=given,
        birth_on=birth_on,
        language=language,
        email=email,
        phone=phone,
        created_at=MADE_AT,
    )
    session.add(patient)
    session.flush()
    session.add_all(
        PatientToken(token=word.casefold(), patient_id=patient.id) for word in {family, given}
    )
    session.flush()
    return patient


def make_account(
    session: Session,
    *,
    staff: Staff | None = None,
    patient: Patient | None = None,
    login: str | None = None,
    must_change_password: bool = False,
) -> Account:
    """Add the log-in of a member of staff (with PASSWORD) or of a patient (by link only)."""
    account = Account(
        login=login,
        password_hash=None if login is None else password_hash(),
        staff_id=None if staff is None else staff.id,
        patient_id=None if patient is None else patient.id,
        must_change_password=must_change_password,
        created_at=MADE_AT,
    )
    session.add(account)
    session.flush()
    return account


def _work_weekdays(session: Session, resource: Resource, site: Site) -> None:
    session.add_all(
        Shift(
            resource_id=resource.id,
            site_id=site.id,
            weekday=day,
            from_min=480,
            to_min=1080,
            from_on=LONG_AGO,
        )
        for day in WORKDAYS
    )


@dataclass(frozen=True, slots=True)
class Place:
    """The resources of a small site: two devices, a dosing room, a recovery room for four."""

    tms_1: int
    tms_2: int
    dosing_a: int
    recovery: int


def make_place(session: Session, *, site: Site) -> Place:
    """Add the resources of a small site and return their ids."""
    coil = ("figure-8",)
    return Place(
        tms_1=make_resource(
            session, key="tms-1", kind="tms_device", name="TMS 1", site=site, tags=coil
        ).id,
        tms_2=make_resource(
            session, key="tms-2", kind="tms_device", name="TMS 2", site=site, tags=coil
        ).id,
        dosing_a=make_resource(
            session, key="dosing-a", kind="dosing_room", name="Dosing A", site=site
        ).id,
        recovery=make_resource(
            session, key="recovery", kind="recovery_room", name="Recovery", site=site, seats=4
        ).id,
    )
