"""Resources: make a device, room or coil as it is described, and change its seats."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require_at
from clinic.actions.boards import tell_boards
from clinic.actions.bookings import lock_resources
from clinic.actions.puts import Put, assign, differ, outcome
from clinic.errors import NotFound, RuleBroken
from clinic.models.resources import Cell, Resource, ResourceFit, Seat
from clinic.models.sites import Site
from clinic.queries.resources import zone_of
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission
from clinic.rules.setups import ResourceSpec
from clinic.rules.wall_days import instant_of


def put_resource(session: Session, *, spec: ResourceSpec, by: Actor, now: datetime) -> Put:
    """Make the resource of this key as described; the devices it fits must be there already.

    RuleBroken when seats in use would go, or when it would change its site with cells taken.
    """
    site_id = session.execute(select(Site.id).where(Site.key == spec.site)).scalar_one_or_none()
    require_at(by, Permission.MANAGE_RESOURCES, site_id)
    if site_id is None:
        raise NotFound("site_unknown", site=spec.site)
    values: dict[str, object] = {
        "site_id": site_id,
        "kind": spec.kind,
        "name": spec.name,
        "tags": list(spec.tags),
        "is_active": spec.is_active,
        "position": spec.position,
    }
    row = session.execute(select(Resource).where(Resource.key == spec.key)).scalar_one_or_none()
    is_new = row is None
    before = site_id if row is None or row.site_id is None else row.site_id
    if row is None:
        row = Resource(key=spec.key, **values)
        session.add(row)
        session.flush()
    elif row.site_id != site_id:
        require_at(by, Permission.MANAGE_RESOURCES, row.site_id)
        _check_unused(session, row)
    changed = [*assign(row, values)]
    if set_seats(session, resource_id=row.id, seats=spec.seats):
        changed.append("seats")
    if _put_fits(session, row.id, spec.fits):
        changed.append("fits")
    done = outcome(is_new=is_new, changed=bool(changed))
    if done is not Put.UNCHANGED:
        _audit_put(session, row.id, changed, by, now)
        tell_boards(session, site_ids={site_id, before}, now=now)
    return done


def _audit_put(
    session: Session, resource_id: int, changed: list[str], by: Actor, now: datetime
) -> None:
    record_audit(
        session,
        verb="put",
        subject="resource",
        subject_id=resource_id,
        by=by,
        now=now,
        values={"changed": [*changed]},
    )


def set_seats(session: Session, *, resource_id: int, seats: int) -> bool:
    """Give a resource so many seats and say whether that changed anything.

    Takes the resource's lock. RuleBroken when a seat that would go is taken, with the last day.
    """
    lock_resources(session, [resource_id])
    have = session.scalars(select(Seat.seat_no).where(Seat.resource_id == resource_id)).all()
    surplus = [seat_no for seat_no in have if seat_no > seats]
    missing = [seat_no for seat_no in range(1, seats + 1) if seat_no not in have]
    if surplus:
        _check_seats_free(session, resource_id, surplus)
        session.execute(
            delete(Seat).where(Seat.resource_id == resource_id, Seat.seat_no.in_(surplus))
        )
    session.add_all(Seat(resource_id=resource_id, seat_no=seat_no) for seat_no in missing)
    session.flush()
    return bool(surplus or missing)


def _local_day(session: Session, resource_id: int, quantum: int) -> str:
    zone = zone_of(session, session.get_one(Resource, resource_id))
    return instant_of(quantum).astimezone(ZoneInfo(zone)).date().isoformat()


def _check_seats_free(session: Session, resource_id: int, surplus: Collection[int]) -> None:
    last = session.execute(
        select(func.max(Cell.quantum)).where(
            Cell.resource_id == resource_id, Cell.seat_no.in_(surplus)
        )
    ).scalar_one()
    if last is not None:
        raise RuleBroken("seats_in_use", until=_local_day(session, resource_id, last))


def _check_unused(session: Session, resource: Resource) -> None:
    """Refuse to move a resource to another site while it is booked."""
    cell = session.execute(select(Cell.seat_no).where(Cell.resource_id == resource.id)).first()
    if cell is not None:
        raise RuleBroken("resource_in_use", resource=resource.key)


def _put_fits(session: Session, resource_id: int, devices: Collection[str]) -> bool:
    """Say which devices a shared coil goes on, and whether that changed anything."""
    wanted = session.scalars(select(Resource.id).where(Resource.key.in_(devices))).all()
    if len(wanted) < len(devices):
        raise NotFound("resource_unknown", resource=", ".join(devices))
    have = session.scalars(
        select(ResourceFit.device_id).where(ResourceFit.resource_id == resource_id)
    ).all()
    if not differ(have, wanted):
        return False
    session.execute(delete(ResourceFit).where(ResourceFit.resource_id == resource_id))
    session.add_all(ResourceFit(resource_id=resource_id, device_id=one) for one in wanted)
    session.flush()
    return True
