"""Zones: put the visits to come back to their wall time when the rules of a zone have changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require_at
from clinic.actions.bookings import (
    PATIENT_REQUIREMENT,
    lock_resources,
    put_back_seats,
    raise_board_versions,
    release_seats,
)
from clinic.actions.pictures import Held, picture_with_seats
from clinic.actions.status_steps import add_status_change, audit_appointment
from clinic.models.appointments import Assignment
from clinic.models.base import JsonValue
from clinic.models.machinery import ClinicSetting
from clinic.models.sites import Site
from clinic.planning.rezoning import Drift, Settled, Span, settle
from clinic.queries.definitions import policies
from clinic.queries.resources import ids_at_site, names_of
from clinic.queries.zones import (
    ZONE_RULES,
    Shifted,
    blocks_ahead,
    rules_in_force,
    seat_counts,
    shifted_visits,
    taken_by_others,
    waiting_reminders,
)
from clinic.rules.actors import Actor
from clinic.rules.decent_hours import day_before, reminder_window
from clinic.rules.permissions import Permission
from clinic.rules.wall_days import instant_of, quantum_of

T = TypeVar("T")
BATCH = 200
"""Visits in one statement: a year of a site has more quanta than SQLite has variables."""

REZONE = "rezone"


@dataclass(frozen=True, slots=True)
class Stuck:
    """A visit that stays where it is: where it belongs, and what keeps it from there.

    `code` is resource_taken, patient_busy, time_does_not_exist or time_exists_twice.
    """

    visit: str
    record_number: str
    on: date
    local_min: int
    code: str
    resource: str = ""
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rezoned:
    """What came of one site: how many visits were moved, which stay, how many blocks lie ahead."""

    site: str
    zone: str
    moved: int
    stuck: tuple[Stuck, ...]
    blocks: int


def rezone_site(session: Session, *, site: Site, by: Actor, now: datetime) -> Rezoned:
    """Put the visits to come of a site back to their wall time, and say which could not go.

    Seats, flags and waiting reminders go along; what was confirmed stays confirmed, because the
    time that was promised is the same. A second run changes nothing.
    """
    require_at(by, Permission.SCHEDULE, site.id)
    shifted = shifted_visits(session, site_id=site.id, now=now)
    held = _held(session, [one.appointment.id for one in shifted])
    lock_resources(session, {one.resource_id for holds in held.values() for one in holds})
    drifts = [_drift(one, held[one.appointment.id]) for one in shifted if one.start is not None]
    settled = _settle(session, drifts)
    moving = [one for one in shifted if one.appointment.id in settled.moved]
    _move(session, moving, held, by=by, now=now)
    stuck = _stuck(session, shifted, settled, held)
    _note(session, site, moved=len(moving), left=len(stuck), by=by, now=now)
    return Rezoned(site.key, site.zone, len(moving), stuck, _blocks(session, site, shifted, now))


def note_zone_rules(session: Session, *, site_key: str, left: int) -> bool:
    """Note that a site's visits are as the rules in force say but for `left`; False if it was."""
    value: dict[str, JsonValue] = {"rules": rules_in_force(), "left": left}
    row = session.get(ClinicSetting, ZONE_RULES)
    if row is None:
        row = ClinicSetting(key=ZONE_RULES, value={})
        session.add(row)
    if row.value.get(site_key) == value:
        return False
    row.value = {**row.value, site_key: value}
    session.flush()
    return True


def _held(session: Session, ids: Sequence[int]) -> dict[int, list[Held]]:
    """Return what visits hold at present, by appointment id."""
    found: dict[int, list[Held]] = {key: [] for key in ids}
    for some in _batches(ids):
        query = select(Assignment).where(Assignment.appointment_id.in_(some), Assignment.is_held)
        for row in session.scalars(query.order_by(Assignment.id)):
            held = Held(**{name: getattr(row, name) for name in Held.__dataclass_fields__})
            found[row.appointment_id].append(held)
    return found


def _drift(one: Shifted, held: Sequence[Held]) -> Drift:
    spans = [Span(it.resource_id, it.from_quantum, it.to_quantum, it.seats) for it in held]
    return Drift(one.appointment.id, _quanta(one), tuple(spans))


def _quanta(one: Shifted) -> int:
    """Return by how many quanta a visit has to move."""
    start = one.start or one.appointment.start_at
    return quantum_of(start) - quantum_of(one.appointment.start_at)


def _settle(session: Session, drifts: Sequence[Drift]) -> Settled:
    """Ask who can move, with all that others hold where a visit is or will be."""
    ends = [
        quantum + shift
        for one in drifts
        for span in one.spans
        for quantum in (span.from_quantum, span.to_quantum)
        for shift in (0, one.quanta)
    ]
    quanta = range(min(ends, default=0), max(ends, default=0))
    ids = {one.id for one in drifts}
    return settle(
        drifts,
        taken=taken_by_others(session, quanta=quanta, appointment_ids=ids),
        seats=seat_counts(session, {span.resource_id for one in drifts for span in one.spans}),
    )


def _move(
    session: Session,
    moving: Sequence[Shifted],
    held: Mapping[int, Sequence[Held]],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Move visits with their seats; all give their cells back before the first takes new ones."""
    before = {one.appointment.id: picture_with_seats(session, one.appointment) for one in moving}
    for some in _batches(moving):
        release_seats(session, appointment_ids=[one.appointment.id for one in some])
    for some in _batches(moving):
        put_back_seats(session, held={one.appointment.id: _moved(one, held) for one in some})
    for one in moving:
        _retime(one)
        add_status_change(
            session,
            one.appointment,
            verb=REZONE,
            before=before[one.appointment.id],
            change_set=None,
            by=by,
            now=now,
        )
        audit_appointment(session, one.appointment, "rezone_appointment", by, now)
    session.flush()
    _remind_anew(session, [one.appointment.id for one in moving])
    if moving:
        days = [(one.appointment.site_id, one.appointment.local_on) for one in moving]
        raise_board_versions(session, days=days)


def _moved(one: Shifted, held: Mapping[int, Sequence[Held]]) -> list[Held]:
    by_quanta = _quanta(one)
    return [
        replace(it, from_quantum=it.from_quantum + by_quanta, to_quantum=it.to_quantum + by_quanta)
        for it in held[one.appointment.id]
    ]


def _retime(one: Shifted) -> None:
    """Set start, end and flag from the wall time; the version rises as with every move."""
    row, start = one.appointment, one.start or one.appointment.start_at
    if row.flag_at is not None:
        row.flag_at = start + (row.flag_at - row.start_at)
    row.start_at, row.end_at = start, start + timedelta(minutes=row.length_min)
    row.version += 1


def _remind_anew(session: Session, ids: Sequence[int]) -> None:
    """Reckon the waiting reminders of visits again: they hang on the start."""
    for some in _batches(ids):
        for message, row, patient_zone in waiting_reminders(session, some):
            send_after = day_before(
                row.local_on,
                row.local_min,
                zone=row.zone,
                window=reminder_window(policies(session)),
                patient_zone=patient_zone or row.zone,
            )
            if message.next_at == message.send_after:
                message.next_at = send_after
            message.send_after, message.not_after = send_after, row.start_at
    session.flush()


def _stuck(
    session: Session,
    shifted: Sequence[Shifted],
    settled: Settled,
    held: Mapping[int, Sequence[Held]],
) -> tuple[Stuck, ...]:
    names = names_of(session, {place[0] for place in settled.stuck.values()})
    patients = {
        it.resource_id
        for holds in held.values()
        for it in holds
        if it.requirement == PATIENT_REQUIREMENT
    }
    return tuple(
        _why(one, settled.stuck.get(one.appointment.id), names, patients)
        for one in shifted
        if one.appointment.id not in settled.moved
    )


def _why(
    one: Shifted,
    place: tuple[int, int] | None,
    names: Mapping[int, str],
    patients: set[int],
) -> Stuck:
    row = one.appointment
    stuck = Stuck(row.public_id, one.record_number, row.local_on, row.local_min, one.fault)
    if place is None:
        return stuck
    at = instant_of(place[1])
    if place[0] in patients:
        return replace(stuck, code="patient_busy", taken_at=at)
    return replace(stuck, code="resource_taken", resource=names[place[0]], taken_at=at)


def _blocks(session: Session, site: Site, shifted: Sequence[Shifted], now: datetime) -> int:
    """Count the blocks ahead: they are kept as instants, so a person has to look at them."""
    if not shifted:
        return 0
    ids = ids_at_site(session, site.id)
    return blocks_ahead(session, resource_ids=ids, site_id=site.id, now=now)


def _note(session: Session, site: Site, *, moved: int, left: int, by: Actor, now: datetime) -> None:
    """Note the rules the site now follows, with one audit row when anything is new."""
    is_new = note_zone_rules(session, site_key=site.key, left=left)
    if is_new or moved:
        record_audit(
            session,
            verb="rezone_site",
            subject="site",
            subject_id=site.id,
            by=by,
            now=now,
            values={"rules": rules_in_force(), "moved": moved, "left": left},
        )


def _batches(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(things), BATCH):
        yield things[begin : begin + BATCH]
