"""Blocks: shut time of a site or a resource, keep an appointment inside it, open it again.

A block takes the locks of what it shuts, so a booking either sees it or was there first. It is
saved at once and moves nothing: `queries.blocks.affected` lists what lies inside.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require, require_at
from clinic.actions.bookings import lock_resources, raise_board_versions
from clinic.actions.puts import Put, assign, outcome
from clinic.errors import NotAllowed, NotFound, RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.resources import PERSON, Block, BlockKeep, Resource, Shift
from clinic.models.sites import Site
from clinic.queries.blocks import affected
from clinic.queries.resources import ids_at_site, zone_of
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission
from clinic.rules.setups import BlockSpec

MAY_CLOSE = (Permission.SCHEDULE, Permission.MANAGE_RESOURCES)
"""The desk closes times as they come, the administrator as part of the set-up."""


def add_block(
    session: Session,
    *,
    site_id: int | None = None,
    resource_id: int | None = None,
    start_at: datetime,
    end_at: datetime,
    kind: str,
    reason: str,
    by: Actor,
    now: datetime,
    key: str | None = None,
) -> Block:
    """Shut a site (a closure) or one resource (leave, outage) from now on, and return the block.

    Exactly one of `site_id` and `resource_id` is given. New bookings inside are refused at once;
    what is booked stays.
    """
    _require_any(by)
    if start_at >= end_at:
        raise RuleBroken("end_before_start")
    if (site_id is None) == (resource_id is None):
        raise RuleBroken("block_of_nothing")
    block = Block(
        key=key or f"block:{secrets.token_hex(8)}",
        site_id=site_id,
        resource_id=resource_id,
        kind=kind,
        reason=reason,
        start_at=start_at,
        end_at=end_at,
        created_at=now,
        created_by=by.account_id,
    )
    _require(session, block, by)
    lock_resources(session, _shut_resources(session, block))
    session.add(block)
    session.flush()
    _note(session, "add_block", block, by, now)
    return block


def remove_block(session: Session, *, block: Block, by: Actor, now: datetime) -> None:
    """Open the time of a block again; the row stays. RuleBroken when it is open already."""
    _require(session, block, by)
    if by.account_id is None:
        raise NotAllowed("needs_a_person")
    if block.removed_at is not None:
        raise RuleBroken("block_removed")
    lock_resources(session, _shut_resources(session, block))
    block.removed_at, block.removed_by = now, by.account_id
    session.flush()
    _note(session, "remove_block", block, by, now)


def keep_appointment(
    session: Session, *, block: Block, appointment: Appointment, by: Actor, now: datetime
) -> None:
    """Note that a person decided to keep an appointment inside a block; again changes nothing."""
    require_at(by, Permission.SCHEDULE, appointment.site_id)
    if by.account_id is None:
        raise NotAllowed("needs_a_person")
    if session.get(BlockKeep, (block.id, appointment.id)) is not None:
        return
    if appointment.id not in {row.appointment_id for row in affected(session, block)}:
        raise NotFound("appointment_not_affected")
    session.add(
        BlockKeep(
            block_id=block.id,
            appointment_id=appointment.id,
            kept_at=now,
            kept_by=by.account_id,
        )
    )
    session.flush()
    record_audit(
        session,
        verb="keep_appointment",
        subject="appointment",
        subject_id=appointment.id,
        by=by,
        now=now,
        patient_id=appointment.patient_id,
        values={"block": block.id},
    )


def release_appointment(
    session: Session, *, block: Block, appointment: Appointment, by: Actor, now: datetime
) -> None:
    """Take back that an appointment is kept: it is listed again; again changes nothing."""
    require_at(by, Permission.SCHEDULE, appointment.site_id)
    kept = session.get(BlockKeep, (block.id, appointment.id))
    if kept is None:
        return
    session.delete(kept)
    session.flush()
    record_audit(
        session,
        verb="release_appointment",
        subject="appointment",
        subject_id=appointment.id,
        by=by,
        now=now,
        patient_id=appointment.patient_id,
        values={"block": block.id},
    )


def put_block(session: Session, *, spec: BlockSpec, by: Actor, now: datetime) -> Put:
    """Make the block of this key as described.

    RuleBroken for a wall time that does not exist, or when the key is another's closed time.
    """
    _require_any(by)
    site_id, resource_id, zone = _owner(session, spec)
    start_at, end_at = instant_of_wall(spec.from_wall, zone), instant_of_wall(spec.to_wall, zone)
    block = session.execute(select(Block).where(Block.key == spec.key)).scalar_one_or_none()
    if block is None:
        add_block(
            session,
            site_id=site_id,
            resource_id=resource_id,
            start_at=start_at,
            end_at=end_at,
            kind=spec.kind,
            reason=spec.reason,
            by=by,
            now=now,
            key=spec.key,
        )
        return Put.CREATED
    _require(session, block, by)
    if (block.site_id, block.resource_id) != (site_id, resource_id):
        raise RuleBroken("block_of_another", field="key", key=spec.key)
    lock_resources(session, _shut_resources(session, block))
    values: dict[str, object] = {
        "kind": spec.kind,
        "reason": spec.reason,
        "start_at": start_at,
        "end_at": end_at,
        "removed_at": None,  # what a document names is in force again
        "removed_by": None,
    }
    changed = assign(block, values)
    if changed:
        session.flush()
        _note(session, "change_block", block, by, now)
    return outcome(is_new=False, changed=bool(changed))


def instant_of_wall(wall: datetime, zone: str) -> datetime:
    """Return the instant of a wall time; the earlier of two, RuleBroken when there is none."""
    local = wall.replace(tzinfo=ZoneInfo(zone))
    instant = local.astimezone(UTC)
    if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise RuleBroken("time_does_not_exist", time=wall.isoformat(), zone=zone)
    return instant


def _owner(session: Session, spec: BlockSpec) -> tuple[int | None, int | None, str]:
    """Return the site id or the resource id of a block, and the zone its times are meant in."""
    if spec.site is not None:
        site = session.execute(select(Site).where(Site.key == spec.site)).scalar_one_or_none()
        if site is None:
            raise NotFound("site_unknown", site=spec.site)
        return site.id, None, site.zone
    key = spec.resource if spec.staff is None else f"{PERSON}:{spec.staff}"
    resource = session.execute(select(Resource).where(Resource.key == key)).scalar_one_or_none()
    if resource is None:
        raise NotFound("resource_unknown", resource=spec.resource or spec.staff)
    return None, resource.id, zone_of(session, resource)


def _shut_resources(session: Session, block: Block) -> list[int]:
    if block.resource_id is not None:
        return [block.resource_id]
    return [] if block.site_id is None else ids_at_site(session, block.site_id)


def _require_any(by: Actor) -> None:
    """Raise NotAllowed unless one may close times anywhere."""
    if not any(by.may(permission) for permission in MAY_CLOSE):
        require(by, Permission.SCHEDULE)


def _require(session: Session, block: Block, by: Actor) -> None:
    """Raise NotAllowed unless one may close times at a site that the block touches."""
    sites: list[int | None] = [*_sites(session, block)] or [None]
    if not any(by.may_at(permission, site_id) for permission in MAY_CLOSE for site_id in sites):
        require_at(by, Permission.SCHEDULE, None)


def _note(session: Session, verb: str, block: Block, by: Actor, now: datetime) -> None:
    """Write the audit row and tell the boards of the days that a block touches."""
    record_audit(session, verb=verb, subject="block", subject_id=block.id, by=by, now=now)
    days = [(site_id, on) for site_id in _sites(session, block) for on in _dates(block)]
    if days:
        raise_board_versions(session, days=days)


def _sites(session: Session, block: Block) -> list[int]:
    if block.site_id is not None:
        return [block.site_id]
    resource = session.get_one(Resource, block.resource_id)
    if resource.site_id is not None:
        return [resource.site_id]
    shifts = select(Shift.site_id).where(Shift.resource_id == resource.id).distinct()
    return list(session.scalars(shifts))


def _dates(block: Block) -> Iterable[date]:
    """Return the dates a block may touch in any zone: UTC's, and one day on either side."""
    first = block.start_at.date() - timedelta(days=1)
    last = block.end_at.date() + timedelta(days=1)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
