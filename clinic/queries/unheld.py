"""Reads about visits that the set-up no longer holds: hours, shifts, qualifications, devices.

A change of the set-up moves no visit. What was booked before stays, and is listed here with the
reason until somebody moves or cancels it, as the visits inside a block are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment, Assignment
from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.resources import PATIENT, PERSON, Block, BlockKeep, Resource, ResourceFit
from clinic.models.sites import Site
from clinic.models.staff import Qualification, Staff
from clinic.queries.availability import frame_of, open_masks
from clinic.queries.blocks import WAITING
from clinic.queries.definitions import visit_kind
from clinic.queries.treatments import treatment
from clinic.queries.unheld_checks import Ahead, Clinic, Held, Lack, Thing, Why, lack_of
from clinic.rules.protocols import Protocol
from clinic.rules.visit_kinds import Requirement
from clinic.rules.wall_days import wall_day

WHOLE_SITE = 0
KEEPABLE = frozenset({Why.CLOSED, Why.ABSENT})


class UnheldRow(NamedTuple):
    """A visit to come that the set-up does not hold, and what it lacks."""

    visit: Ahead
    lack: Lack


@dataclass(frozen=True, slots=True)
class Rules:
    """What a visit of one kind and step asks for, and the tags its protocol asks of devices."""

    label: str
    requirements: tuple[Requirement, ...]
    device_tags: frozenset[str]


def unheld(
    session: Session, *, now: datetime, site_ids: Collection[int] | None = None
) -> list[UnheldRow]:
    """Return the visits to come at sites (None: all) that lack something, by start.

    One that somebody kept inside a closed time, by name, is left out.
    """
    ahead = visits_ahead(session, now=now, site_ids=site_ids)
    kept = _kept(session)
    return [
        row
        for row in lacking(session, ahead)
        if row.visit.id not in kept or row.lack.why not in KEEPABLE
    ]


def lacking(session: Session, ahead: Sequence[Ahead]) -> list[UnheldRow]:
    """Return those of these visits that lack something as the set-up is at this moment."""
    if not ahead:
        return []
    clinic = _clinic(session, ahead)
    courses = _courses(session, ahead)
    rules: dict[tuple[int, int | None, str | None], Rules] = {}
    found = []
    for visit in ahead:
        key = (visit.definition_id, visit.course_id, visit.step_key)
        if key not in rules:
            course = courses.get(visit.course_id or 0)
            rules[key] = _rules(session, visit.definition_id, course, visit.step_key)
        lack = lack_of(visit, rules[key].requirements, rules[key].device_tags, clinic)
        if lack is not None:
            found.append(UnheldRow(visit, lack))
    return found


def kind_label(session: Session, visit: Ahead) -> str:
    """Return what staff call this kind of visit."""
    return visit_kind(session, visit.definition_id).staff_label


def visits_ahead(
    session: Session, *, now: datetime, site_ids: Collection[int] | None = None
) -> list[Ahead]:
    """Return the visits that are to come at sites (None: all) with what they hold, by start."""
    query = (
        select(
            Appointment.id,
            Appointment.public_id,
            Appointment.site_id,
            Patient.public_id,
            Patient.family,
            Patient.given,
            Appointment.definition_id,
            Appointment.course_id,
            Appointment.step_key,
            Appointment.place,
            Appointment.local_on,
            Appointment.local_min,
            Appointment.length_min,
            Appointment.end_at,
            Appointment.status,
        )
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(Appointment.start_at > now, Appointment.status.in_(WAITING))
        .order_by(Appointment.start_at, Appointment.id)
    )
    if site_ids is not None:
        query = query.where(Appointment.site_id.in_(site_ids))
    holds = _holds(session, now)
    return [Ahead._make((tuple(holds[row[0]]), *row)) for row in session.execute(query)]


def _holds(session: Session, now: datetime) -> dict[int, list[Held]]:
    """Return what the visits to come hold, without the patients themselves."""
    query = (
        select(
            Assignment.appointment_id,
            Assignment.resource_id,
            Assignment.requirement,
            Assignment.from_quantum,
            Assignment.to_quantum,
        )
        .join(Appointment, Appointment.id == Assignment.appointment_id)
        .where(
            Assignment.is_held,
            Assignment.requirement != PATIENT,
            Appointment.start_at > now,
            Appointment.status.in_(WAITING),
        )
    )
    found: dict[int, list[Held]] = defaultdict(list)
    for appointment_id, resource_id, requirement, first, last in session.execute(query):
        found[appointment_id].append(Held(resource_id, requirement, first, last))
    return found


def _courses(session: Session, ahead: Iterable[Ahead]) -> dict[int, Protocol]:
    """Return the treatment of each course that these visits belong to, by course id."""
    ids = {visit.course_id for visit in ahead if visit.course_id is not None}
    rows = session.scalars(select(Course).where(Course.id.in_(ids)))
    return {row.id: treatment(session, row) for row in rows}


def _rules(
    session: Session, definition_id: int, course: Protocol | None, step_key: str | None
) -> Rules:
    kind = visit_kind(session, definition_id)
    if course is None:
        return Rules(kind.staff_label, kind.requirements, frozenset())
    added = next((step.add_requirements for step in course.steps if step.key == step_key), ())
    return Rules(kind.staff_label, (*kind.requirements, *added), course.device_tags)


def _clinic(session: Session, ahead: Iterable[Ahead]) -> Clinic:
    """Return hours, shifts, blocks, resources and qualifications as they are at this moment."""
    dates: dict[int, set[date]] = defaultdict(set)
    for visit in ahead:
        dates[visit.site_id].add(visit.local_on)
    things = _things(session)
    is_person = {key: thing.kind == PERSON for key, thing in things.items()} | {WHOLE_SITE: False}
    opened = {}
    switches = {}
    zones = {}
    for site in session.scalars(select(Site).where(Site.id.in_(list(dates)))):
        frame = frame_of(site)
        days = {on: wall_day(on, site.zone) for on in sorted(dates[site.id])}
        opened[site.id] = open_masks(session, site=frame, days=days, is_person=is_person)
        switches[site.id], zones[site.id] = frame.switches, site.zone
    return Clinic(opened, switches, zones, things, _qualified(session))


def _things(session: Session) -> dict[int, Thing]:
    fits: dict[int, set[int]] = defaultdict(set)
    for row in session.execute(select(ResourceFit.resource_id, ResourceFit.device_id)):
        fits[row.resource_id].add(row.device_id)
    query = select(
        Resource.id, Resource.name, Resource.kind, Resource.tags, Resource.is_active
    ).where(Resource.kind != PATIENT)
    return {
        row.id: Thing(
            row.name,
            row.kind,
            frozenset(row.tags),
            row.is_active,
            frozenset(fits[row.id]),
        )
        for row in session.execute(query)
    }


def _qualified(session: Session) -> Mapping[int, Mapping[str, date | None]]:
    """Return until when people are qualified for what, by their resources; None for good."""
    found: dict[int, dict[str, date | None]] = defaultdict(dict)
    query = (
        select(Staff.resource_id, Qualification.qualification, Qualification.until_on)
        .join(Staff, Staff.id == Qualification.staff_id)
        .where(Staff.is_active, Staff.resource_id.is_not(None))
    )
    for resource_id, qualification, until_on in session.execute(query):
        found[resource_id or 0][qualification] = until_on
    return found


def _kept(session: Session) -> frozenset[int]:
    """Return the visits that somebody keeps inside a block that is still in force."""
    query = (
        select(BlockKeep.appointment_id)
        .join(Block, Block.id == BlockKeep.block_id)
        .where(Block.removed_at.is_(None))
    )
    return frozenset(session.scalars(query))
