"""The chairs as they stand: readings with their verdicts, what a treatment wants, what is met."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment, Assignment, StatusChange
from clinic.models.courses import Course
from clinic.models.records import Observation, SideEffect, VisitRecord
from clinic.models.resources import Resource
from clinic.models.staff import Staff
from clinic.queries.charts import DayVisit
from clinic.queries.definitions import (
    DefinitionKind,
    current_ids,
    thresholds,
    visit_kind,
    whole,
)
from clinic.queries.observations import is_standing
from clinic.queries.side_effects import is_standing_effect
from clinic.rules.appointments import Outcome, Verb
from clinic.rules.vitals import Level, Reading, RuleSet, Signal, Thresholds
from clinic.rules.vitals_care import Care, parse_care, route_protocol
from clinic.rules.vitals_due import Chair, Taken
from clinic.rules.vitals_release import (
    Check,
    Stay,
    parse_release,
    release_checks,
)

VOMITING = "vomiting"
"""The term of the side-effect list that the checklist asks for."""
NOT_PLACES = ("patient", "person")


def reading_of(row: Observation) -> Reading:
    """Return the values of a stored row."""
    return Reading(
        systolic_mmhg=row.systolic_mmhg,
        diastolic_mmhg=row.diastolic_mmhg,
        heart_rate_bpm=row.heart_rate_bpm,
        spo2_percent=row.spo2_percent,
        respiratory_rate_pm=row.respiratory_rate_pm,
        moaas_score=row.moaas_score,
    )


def taken_of(row: Observation, rules: Thresholds) -> Taken:
    """Return a reading with its verdict, and when the rules it met want the next one."""
    reasons = [one for one in row.reasons if isinstance(one, Mapping)]
    worst = {str(one["rule"]) for one in reasons if one.get("level") == row.level}
    signals = dict.fromkeys(
        Signal(str(one["signal"])) for one in reasons if one.get("level") == row.level
    )
    waits = [
        rule.recheck_min
        for rule in rules.rules
        if rule.key in worst and rule.recheck_min is not None
    ]
    return Taken(
        at=row.taken_at,
        reading=reading_of(row),
        rule_set=RuleSet(row.rule_set),
        level=Level(row.level),
        recheck_min=min(waits, default=None),
        signals=tuple(signals),
    )


def taken_at(session: Session, appointment_ids: Collection[int]) -> dict[int, list[Taken]]:
    """Return the standing readings of visits by time, by appointment, in one query."""
    rows = session.scalars(
        select(Observation)
        .where(Observation.appointment_id.in_(appointment_ids), is_standing())
        .order_by(Observation.taken_at, Observation.id)
    ).all()
    books = {one: thresholds(session, one) for one in {row.definition_id for row in rows}}
    found: dict[int, list[Taken]] = {one: [] for one in appointment_ids}
    for row in rows:
        found[row.appointment_id].append(taken_of(row, books[row.definition_id]))
    return found


def care_of(session: Session, *, protocol_id: int | None, kind_id: int) -> Care | None:
    """Return what the protocol of a course wants of a visit of this kind; None for no treatment.

    A KAP course takes it from the protocol in force of the route that gives visits of the kind.
    """
    kind = visit_kind(session, kind_id)
    if protocol_id is None or not kind.counts_as_delivered:
        return None
    body = whole(session, DefinitionKind.PROTOCOL, protocol_id)
    route = route_protocol(body, kind.key)
    chosen = None if route is None else current_ids(session, DefinitionKind.PROTOCOL).get(route)
    return parse_care(body if chosen is None else whole(session, DefinitionKind.PROTOCOL, chosen))


def recheck_grace(session: Session) -> timedelta:
    """Return from when on a reading that a bad one asked for is overdue."""
    return timedelta(minutes=thresholds(session).recheck_grace_min)


def chair_of(session: Session, appointment: Appointment, record: VisitRecord | None) -> Chair:
    """Return the chair of one visit."""
    course = None
    if appointment.course_id is not None:
        course = session.get_one(Course, appointment.course_id)
    return Chair(
        started_at=None if record is None else record.started_at,
        care=care_of(
            session,
            protocol_id=None if course is None else course.definition_id,
            kind_id=appointment.definition_id,
        ),
        taken=taken_at(session, [appointment.id])[appointment.id],
        recheck_grace=recheck_grace(session),
    )


def chairs_of(session: Session, visits: Sequence[DayVisit]) -> dict[int, Chair]:
    """Return the chairs of the visits of a day by appointment; the readings in one query."""
    if not visits:
        return {}
    grace = recheck_grace(session)
    cares = {
        pair: care_of(session, protocol_id=pair[0], kind_id=pair[1])
        for pair in {(one.protocol_id, one.definition_id) for one in visits}
    }
    taken = taken_at(session, [one.appointment_id for one in visits])
    return {
        one.appointment_id: Chair(
            started_at=one.started_at,
            care=cares[one.protocol_id, one.definition_id],
            taken=taken[one.appointment_id],
            recheck_grace=grace,
        )
        for one in visits
    }


def checks_of(
    session: Session,
    *,
    appointment_id: int,
    chair: Chair,
    outcome: Outcome,
    ticked: Collection[str],
    now: datetime,
) -> tuple[Check, ...]:
    """Return what speaks for or against ending a visit now, by the thresholds in force."""
    stay = Stay(chair, _vomited_at(session, appointment_id), ticked)
    items = parse_release(whole(session, DefinitionKind.THRESHOLDS))
    return release_checks(items, stay, outcome=outcome, now=now)


def checks_at(
    session: Session, *, public_id: str, outcome: Outcome, now: datetime
) -> tuple[Check, ...]:
    """Return what speaks for or against ending the visit with this public id, nothing ticked."""
    appointment, record = session.execute(
        select(Appointment, VisitRecord)
        .outerjoin(VisitRecord, VisitRecord.appointment_id == Appointment.id)
        .where(Appointment.public_id == public_id)
    ).one()
    return checks_of(
        session,
        appointment_id=appointment.id,
        chair=chair_of(session, appointment, record),
        outcome=outcome,
        ticked=(),
        now=now,
    )


def _vomited_at(session: Session, appointment_id: int) -> datetime | None:
    return session.scalar(
        select(SideEffect.onset_at)
        .where(
            SideEffect.appointment_id == appointment_id,
            SideEffect.term_key == VOMITING,
            is_standing_effect(),
        )
        .order_by(SideEffect.onset_at.desc())
        .limit(1)
    )


def places_of(session: Session, appointment_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the names of rooms and devices of visits, by appointment, in one query."""
    found: dict[int, list[str]] = {one: [] for one in appointment_ids}
    rows = session.execute(
        select(Assignment.appointment_id, Resource.name)
        .join(Resource, Resource.id == Assignment.resource_id)
        .where(Assignment.appointment_id.in_(appointment_ids), Resource.kind.not_in(NOT_PLACES))
        .order_by(Assignment.id)
    )
    for appointment_id, name in rows:
        if name not in found[appointment_id]:
            found[appointment_id].append(name)
    return {one: tuple(names) for one, names in found.items()}


def visits_of_staff(
    session: Session, appointment_ids: Collection[int], staff_id: int | None
) -> frozenset[int]:
    """Return which of the visits a member of staff is booked for, in one query."""
    rows = session.scalars(
        select(Assignment.appointment_id)
        .join(Staff, Staff.resource_id == Assignment.resource_id)
        .where(Assignment.appointment_id.in_(appointment_ids), Staff.id == staff_id)
    )
    return frozenset(rows)


@dataclass(frozen=True, slots=True)
class EndNote:
    """How somebody left otherwise than released: the way as a code, and the words given."""

    way: str
    words: str


def end_note(session: Session, *, appointment_id: int) -> EndNote | None:
    """Return how the patient left a visit that is done; None when there is nothing to tell."""
    text = session.scalar(
        select(StatusChange.reason)
        .where(StatusChange.appointment_id == appointment_id, StatusChange.verb == Verb.FULFIL)
        .order_by(StatusChange.id.desc())
        .limit(1)
    )
    way, _, words = (text or "").partition(": ")
    return EndNote(way, words) if words else None
