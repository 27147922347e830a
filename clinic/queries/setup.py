"""The clinic as a set-up document: what is exported, and what a new document is checked against."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import date, datetime
from enum import StrEnum
from itertools import count
from typing import TypeVar, assert_never
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.accounts import Account
from clinic.models.base import JsonValue
from clinic.models.machinery import ClinicSetting
from clinic.models.patients import Patient
from clinic.models.resources import PATIENT, PERSON, Block, Resource, ResourceFit, Seat, Shift
from clinic.models.sites import Holiday, OpeningHours, Site
from clinic.models.staff import Grant, Qualification, Staff
from clinic.queries.resources import ORGANISATION, zone_of
from clinic.rules.setups import COIL, DEVICE, WEEKDAYS, ResourceSpec

Json = dict[str, JsonValue]
Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")
SCHEMA = "coursekeeper/setup/1"
KEY_LENGTH = 50


class Section(StrEnum):
    """A part of a set-up document that pages change entry by entry."""

    SITES = "sites"
    RESOURCES = "resources"
    STAFF = "staff"


def known_sites(session: Session) -> frozenset[str]:
    """Return the keys of all sites."""
    return frozenset(session.scalars(select(Site.key)))


def known_resources(session: Session) -> dict[str, tuple[str, str]]:
    """Return kind and site key of each resource by key; people have no site."""
    query = (
        select(Resource.key, Resource.kind, Site.key)
        .join(Site, Site.id == Resource.site_id, isouter=True)
        .where(Resource.kind != PATIENT)
    )
    return {key: (kind, site or "") for key, kind, site in session.execute(query)}


def known_stimulators(session: Session) -> dict[str, ResourceSpec]:
    """Return the devices and the shared coils as they stand, by key."""
    rows = session.scalars(select(Resource).where(Resource.kind.in_((DEVICE, COIL)))).all()
    keys = {row.id: row.key for row in rows}
    fits = _grouped(
        (row.resource_id, keys[row.device_id])
        for row in session.scalars(select(ResourceFit))
        if row.device_id in keys
    )
    return {
        row.key: ResourceSpec(
            row.key,
            row.name,
            row.kind,
            "",
            tags=tuple(row.tags),
            fits=tuple(fits[row.id]),
            is_active=row.is_active,
        )
        for row in rows
    }


def export_setup(session: Session) -> Json:
    """Return the whole clinic as a set-up document; applying it again changes nothing."""
    organisation = session.get(ClinicSetting, ORGANISATION)
    document: Json = {"schema": SCHEMA}
    if organisation is not None:
        document["clinic"] = dict(organisation.value)
    sites = {row.id: row.key for row in session.execute(select(Site.id, Site.key))}
    document["sites"] = list(_sites(session))
    document["resources"] = list(_resources(session, sites))
    document["staff"] = list(_staff(session, sites))
    document["blocks"] = list(_blocks(session, sites))
    document["patients"] = list(_patients(session))
    return document


def entry_of(session: Session, section: Section, key: str) -> Json:
    """Return one entry of the set-up document by its key, or raise NotFound."""
    sites = {row.id: row.key for row in session.execute(select(Site.id, Site.key))}
    match section:
        case Section.SITES:
            found = _sites(session, key)
        case Section.RESOURCES:
            found = _resources(session, sites, key)
        case Section.STAFF:
            found = _staff(session, sites, key)
        case _:
            assert_never(section)
    for entry in found:
        return entry
    raise NotFound("no_such_thing")


def free_key(session: Session, section: Section, name: str) -> str:
    """Return a key made of a name that no other entry of the section has."""
    wanted = re.sub(r"[^a-z0-9]+", "_", _plain(name)).strip("_")[:KEY_LENGTH] or section.value
    columns = {Section.SITES: Site.key, Section.STAFF: Staff.key}
    taken = set(session.scalars(select(columns.get(section, Resource.key))))
    names = (wanted if n == 1 else f"{wanted}_{n}" for n in count(1))
    return next(one for one in names if one not in taken)


def outages_of(session: Session, key: str) -> list[Json]:
    """Return the closed times of a resource that have a key, as entries of the set-up document."""
    query = (
        select(Block)
        .join(Resource, Resource.id == Block.resource_id)
        .where(Resource.key == key, Block.key.is_not(None), Block.removed_at.is_(None))
        .order_by(Block.start_at, Block.id)
    )
    return [{**_block(session, row), "resource": key} for row in session.scalars(query)]


def _plain(name: str) -> str:
    """Return a name in small letters without accents."""
    parts = unicodedata.normalize("NFKD", name).lower()
    return "".join(one for one in parts if not unicodedata.combining(one))


def _sites(session: Session, key: str | None = None) -> Iterable[Json]:
    hours = _grouped(
        (row.site_id, row)
        for row in session.scalars(
            select(OpeningHours).order_by(OpeningHours.weekday, OpeningHours.from_min)
        )
    )
    holidays = _grouped(
        (row.site_id, row) for row in session.scalars(select(Holiday).order_by(Holiday.on))
    )
    query = select(Site).order_by(Site.key)
    for site in session.scalars(query if key is None else query.where(Site.key == key)):
        spans = [(row.weekday, row.from_min, row.to_min) for row in hours[site.id]]
        yield {
            "key": site.key,
            "name": site.name,
            "patient_name": site.patient_name,
            "zone": site.zone,
            "region": site.region,
            "address": site.address,
            "phone": site.phone,
            "switches": dict(site.switches),
            "hours": [_span(days, first, last) for days, first, last in _weeks(spans)],
            "holidays": [{"on": row.on.isoformat(), "name": row.name} for row in holidays[site.id]],
        }


def _resources(session: Session, sites: dict[int, str], key: str | None = None) -> Iterable[Json]:
    keys = {row.id: row.key for row in session.execute(select(Resource.id, Resource.key))}
    fits = _grouped(
        (row.resource_id, keys[row.device_id]) for row in session.scalars(select(ResourceFit))
    )
    seats = _seat_counts(session)
    query = select(Resource).where(Resource.kind.not_in((PERSON, PATIENT))).order_by(Resource.key)
    for row in session.scalars(query if key is None else query.where(Resource.key == key)):
        yield {
            "key": row.key,
            "name": row.name,
            "kind": row.kind,
            "site": sites[row.site_id] if row.site_id is not None else "",
            "tags": list(row.tags),
            "seats": seats[row.id],
            "fits": [*sorted(fits[row.id])],
            "position": row.position,
            "active": row.is_active,
        }


def _staff(session: Session, sites: dict[int, str], key: str | None = None) -> Iterable[Json]:
    grants = _grouped(
        (row.staff_id, row)
        for row in session.scalars(select(Grant).order_by(Grant.role, Grant.from_on, Grant.id))
    )
    qualified = _grouped(
        (row.staff_id, row)
        for row in session.scalars(select(Qualification).order_by(Qualification.qualification))
    )
    shifts = _grouped((row.resource_id, row) for row in session.scalars(select(Shift)))
    leave = _grouped((block.resource_id, block) for block in _open_blocks(session, is_leave=True))
    logins = _logins(session)
    active = {
        row.id: row.is_active for row in session.execute(select(Resource.id, Resource.is_active))
    }
    seats, records = _seat_counts(session), _own_records(session)
    query = select(Staff).order_by(Staff.key)
    for row in session.scalars(query if key is None else query.where(Staff.key == key)):
        bookable = row.resource_id is not None and (active[row.resource_id] or not row.is_active)
        entry: Json = {
            "key": row.key,
            "name": row.name,
            "short_name": row.short_name,
            "email": row.email,
            "login": logins.get(row.id),
            "seats": seats[row.resource_id or 0] if bookable else 0,
            "active": row.is_active,
            "roles": [_grant(grant, sites) for grant in grants[row.id]],
            "qualifications": [
                {"qualification": one.qualification, "until": _day(one.until_on)}
                for one in qualified[row.id]
            ],
        }
        if row.patient_id is not None:
            entry["patient"] = records[row.patient_id]
        if bookable:
            entry["shifts"] = _shift_rows(shifts[row.resource_id or 0], sites)
            entry["leave"] = [_block(session, block) for block in leave[row.resource_id or 0]]
        yield entry


def _own_records(session: Session) -> dict[int, str]:
    """Return the record numbers of the patients who work here, by patient id."""
    query = select(Patient.id, Patient.record_number).join(Staff, Staff.patient_id == Patient.id)
    return {row.id: row.record_number for row in session.execute(query)}


def _grant(row: Grant, sites: dict[int, str]) -> Json:
    site = None if row.site_id is None else sites[row.site_id]
    return {
        "role": row.role,
        "site": site,
        "from": row.from_on.isoformat(),
        "until": _day(row.until_on),
    }


def _shift_rows(shifts: Iterable[Shift], sites: dict[int, str]) -> list[JsonValue]:
    """Return shifts with the weekdays of equal ones joined."""
    by_dates = _grouped(
        ((sites[row.site_id], row.from_on, row.until_on), (row.weekday, row.from_min, row.to_min))
        for row in shifts
    )
    return [
        {
            "site": site,
            **_span(days, first, last),
            "from_on": from_on.isoformat(),
            "until_on": _day(until_on),
        }
        for (site, from_on, until_on), spans in sorted(by_dates.items(), key=str)
        for days, first, last in _weeks(spans)
    ]


def _weeks(spans: Iterable[tuple[int, int, int]]) -> list[tuple[list[int], int, int]]:
    """Join weekdays that have the same hours: (weekdays, from, to), in order of the week."""
    days: dict[tuple[int, int], list[int]] = {}
    for weekday, first, last in sorted(spans):
        days.setdefault((first, last), []).append(weekday)
    return sorted((found, first, last) for (first, last), found in days.items())


def _span(days: Iterable[int], first: int, last: int) -> Json:
    return {
        "days": [WEEKDAYS[day] for day in days],
        "from": _clock(first),
        "to": _clock(last),
    }


def _open_blocks(session: Session, *, is_leave: bool) -> Iterable[Block]:
    """Return the blocks in force: a person's, which are leave, or those of sites and things."""
    people = select(Resource.id).where(Resource.kind == PERSON)
    of_people = and_(Block.resource_id.is_not(None), Block.resource_id.in_(people))
    return session.scalars(
        select(Block)
        .where(Block.removed_at.is_(None), of_people if is_leave else ~of_people)
        .order_by(Block.start_at, Block.id)
    )


def _blocks(session: Session, sites: dict[int, str]) -> Iterable[Json]:
    for block in _open_blocks(session, is_leave=False):
        entry = _block(session, block)
        if block.site_id is not None:
            yield {**entry, "site": sites[block.site_id]}
        else:
            yield {**entry, "resource": session.get_one(Resource, block.resource_id).key}


def _block(session: Session, block: Block) -> Json:
    if block.site_id is not None:
        zone = session.get_one(Site, block.site_id).zone
    else:
        zone = zone_of(session, session.get_one(Resource, block.resource_id))
    return {
        "key": block.key,
        "kind": block.kind,
        "reason": block.reason,
        "from": _wall(block.start_at, zone),
        "to": _wall(block.end_at, zone),
    }


def _patients(session: Session) -> Iterable[Json]:
    query = (
        select(Patient, Account.login)
        .join(Account, Account.patient_id == Patient.id, isouter=True)
        .order_by(Patient.record_number)
    )
    for row, login in session.execute(query):
        yield {
            "record_number": row.record_number,
            "family": row.family,
            "given": row.given,
            "preferred": row.preferred,
            "birth_on": _day(row.birth_on),
            "phone": row.phone,
            "email": row.email,
            "language": row.language,
            "zone": row.zone,
            "desk_note": row.desk_note,
            "wants_email": row.wants_email,
            "login": login,
        }


def _logins(session: Session) -> dict[int, str]:
    query = select(Account.staff_id, Account.login).where(
        Account.staff_id.is_not(None), Account.login.is_not(None)
    )
    return {owner: login for owner, login in session.execute(query) if owner and login}


def _seat_counts(session: Session) -> dict[int, int]:
    query = select(Seat.resource_id, func.count()).group_by(Seat.resource_id)
    counts: dict[int, int] = defaultdict(int)
    for resource_id, seats in session.execute(query):
        counts[resource_id] = seats
    return counts


def _grouped(pairs: Iterable[tuple[Key, Row]]) -> dict[Key, list[Row]]:
    groups: dict[Key, list[Row]] = defaultdict(list)
    for key, row in pairs:
        groups[key].append(row)
    return groups


def _wall(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
