"""Reads about resources: what a site has, with seats, tags and what fits what."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from clinic.models.machinery import ClinicSetting
from clinic.models.resources import PATIENT, PERSON, Resource, ResourceFit, Seat, Shift
from clinic.models.sites import Site
from clinic.queries.definitions import visit_kinds
from clinic.rules.setups import ATTACHMENTS

ORGANISATION = "organisation"
NOT_A_COLUMN = (PATIENT, *sorted(ATTACHMENTS))


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A device, room or coil as the administrator sees it; `fits` are names of devices."""

    key: str
    name: str
    kind: str
    site: str
    site_id: int
    tags: tuple[str, ...]
    seats: int
    fits: tuple[str, ...]
    is_active: bool


def ids_at_site(session: Session, site_id: int) -> list[int]:
    """Return the ids of all that can be booked at a site: its resources and its people on shift."""
    query = select(Resource.id).where(
        or_(
            Resource.site_id == site_id,
            Resource.id.in_(select(Shift.resource_id).where(Shift.site_id == site_id)),
        )
    )
    return list(session.scalars(query))


def columns_at(session: Session, site_id: int) -> list[Resource]:
    """Return what has a column on the board of a site: devices, rooms, people with shifts there."""
    query = (
        select(Resource)
        .where(
            Resource.id.in_(ids_at_site(session, site_id)),
            Resource.is_active,
            Resource.kind.not_in(NOT_A_COLUMN),
        )
        .order_by(Resource.kind == PERSON, Resource.position, Resource.name, Resource.id)
    )
    return list(session.scalars(query))


def names_of(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of resources by their ids."""
    rows = session.execute(select(Resource.id, Resource.name).where(Resource.id.in_(list(ids))))
    return {row.id: row.name for row in rows}


def resource_kinds(session: Session) -> frozenset[str]:
    """Return the kinds a device or room may be of: asked for by visits, attached, or in use.

    None while no kind of visit is loaded, for then nobody knows.
    """
    asked = {
        rule.resource_kind for kind in visit_kinds(session).values() for rule in kind.requirements
    }
    if not asked:
        return frozenset()
    used = session.scalars(
        select(Resource.kind).where(Resource.kind.not_in((PERSON, PATIENT))).distinct()
    )
    return ATTACHMENTS | {kind for kind in asked if kind} | {*used}


def resource_rows(
    session: Session, *, site_ids: Collection[int] | None = None
) -> list[ResourceRow]:
    """Return the devices, rooms and coils of sites (None: all) as on the board; three queries."""
    names = {row.id: row.name for row in session.execute(select(Resource.id, Resource.name))}
    fits: dict[int, list[str]] = defaultdict(list)
    for row in session.execute(select(ResourceFit.resource_id, ResourceFit.device_id)):
        fits[row.resource_id].append(names[row.device_id])
    query = (
        select(Resource, Site.name, func.count(Seat.seat_no))
        .join(Site, Site.id == Resource.site_id)
        .join(Seat, Seat.resource_id == Resource.id, isouter=True)
        .where(Resource.kind.not_in((PERSON, PATIENT)))
        .group_by(Resource.id, Site.id)
        .order_by(Site.name, Resource.position, Resource.name)
    )
    if site_ids is not None:
        query = query.where(Resource.site_id.in_(site_ids))
    return [
        ResourceRow(
            key=resource.key,
            name=resource.name,
            kind=resource.kind,
            site=site,
            site_id=resource.site_id or 0,
            tags=tuple(resource.tags),
            seats=seats,
            fits=tuple(sorted(fits[resource.id])),
            is_active=resource.is_active,
        )
        for resource, site, seats in session.execute(query)
    ]


def zone_of(session: Session, resource: Resource) -> str:
    """Return the zone of a resource's times: that of its site, its first shift or the clinic."""
    site_id = resource.site_id
    if site_id is None:
        site_id = session.scalars(
            select(Shift.site_id).where(Shift.resource_id == resource.id).order_by(Shift.id)
        ).first()
    if site_id is not None:
        return session.get_one(Site, site_id).zone
    return clinic_zone(session)


def clinic_zone(session: Session) -> str:
    """Return the zone of the clinic as a whole; UTC before it is set up."""
    organisation = session.get(ClinicSetting, ORGANISATION)
    zone = None if organisation is None else organisation.value.get("zone")
    return zone if isinstance(zone, str) else "UTC"
