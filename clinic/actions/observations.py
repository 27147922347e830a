"""Vitals: logged once plausible, whatever they say; the verdict stands beside them."""

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require_at_chair
from clinic.actions.visits import recorder
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.base import JsonValue
from clinic.models.records import Observation, VisitRecord
from clinic.queries.chairs import reading_of
from clinic.queries.definitions import DefinitionKind, current
from clinic.queries.observations import baseline, previous
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission
from clinic.rules.vitals import (
    Met,
    Reading,
    RuleSet,
    Thresholds,
    Verdict,
    assess,
    impossibilities,
    parse_thresholds,
)

AHEAD = timedelta(minutes=5)
"""How far the clock on the wall may run ahead of ours before a time is a typing error."""


def log_vitals(
    session: Session,
    *,
    appointment: Appointment,
    reading: Reading,
    taken_at: datetime,
    by: Actor,
    now: datetime,
    corrects: Observation | None = None,
) -> Observation:
    """Store a reading, however dangerous, with its verdict, and return the row.

    RuleBroken "reading_impossible" names the fields of a typing error. A correction replaces a row
    and keeps it; Conflict when it was replaced already. Until the record opens, pre-dose rules.
    """
    require_at_chair(by, Permission.RECORD_VITALS, appointment)
    definition = current(session, DefinitionKind.THRESHOLDS, DefinitionKind.THRESHOLDS)
    thresholds = parse_thresholds(definition.body)
    _check_possible(reading, thresholds)
    _check_time(taken_at, now)
    _check_correctable(session, corrects, appointment)
    rule_set = rule_set_at(session, appointment_id=appointment.id, at=taken_at)
    verdict = _verdict(session, appointment, reading, rule_set, taken_at, thresholds)
    row = Observation(
        appointment_id=appointment.id,
        patient_id=appointment.patient_id,
        rule_set=rule_set.value,
        taken_at=taken_at,
        **asdict(reading),
        level=verdict.level.value,
        reasons=[_reason(one) for one in verdict.met],
        definition_id=definition.id,
        recorded_at=now,
        recorded_by=recorder(by),
        supersedes_id=None if corrects is None else corrects.id,
    )
    session.add(row)
    session.flush()
    _audit(session, "log_vitals" if corrects is None else "correct_vitals", row, by, now)
    return row


def void_observation(
    session: Session, *, observation: Observation, reason: str, by: Actor, now: datetime
) -> None:
    """Mark a reading as entered by mistake; it stays on record and counts no more."""
    appointment = session.get_one(Appointment, observation.appointment_id)
    require_at_chair(by, Permission.RECORD_VITALS, appointment)
    if not reason.strip():
        raise RuleBroken("void_needs_reason")
    _check_standing(session, observation)
    observation.voided_at = now
    observation.voided_by = recorder(by)
    observation.void_reason = reason.strip()
    _audit(session, "void_vitals", observation, by, now)


def observation_of(session: Session, *, appointment: Appointment, public_id: str) -> Observation:
    """Return a reading of this visit locked for change; NotFound for another visit's."""
    found = session.scalar(
        select(Observation)
        .where(Observation.public_id == public_id, Observation.appointment_id == appointment.id)
        .with_for_update()
    )
    if found is None:
        raise NotFound("no_such_thing")
    return found


def rule_set_at(session: Session, *, appointment_id: int, at: datetime) -> RuleSet:
    """Return which rules apply at a moment of a visit: in session once its record is open."""
    started_at = session.scalar(
        select(VisitRecord.started_at).where(VisitRecord.appointment_id == appointment_id)
    )
    is_in_session = started_at is not None and at >= started_at
    return RuleSet.IN_SESSION if is_in_session else RuleSet.PRE_DOSE


def _verdict(
    session: Session,
    appointment: Appointment,
    reading: Reading,
    rule_set: RuleSet,
    taken_at: datetime,
    thresholds: Thresholds,
) -> Verdict:
    first = baseline(session, appointment_id=appointment.id, before=taken_at)
    last = previous(session, appointment_id=appointment.id, before=taken_at)
    return assess(
        reading,
        rule_set=rule_set,
        thresholds=thresholds,
        baseline=None if first is None else reading_of(first),
        previous=None if last is None else reading_of(last),
    )


def _check_possible(reading: Reading, thresholds: Thresholds) -> None:
    faults = impossibilities(reading, thresholds)
    if faults:
        raise RuleBroken(
            "reading_impossible",
            fields=tuple(fault.signal.value for fault in faults),
            faults=tuple(
                f"{fault.signal.value}:{fault.code}:{fault.least}:{fault.most}" for fault in faults
            ),
        )
    if reading == Reading():
        raise RuleBroken("reading_empty")


def _check_time(taken_at: datetime, now: datetime) -> None:
    if taken_at > now + AHEAD:
        raise RuleBroken("reading_in_the_future")


def _check_correctable(session: Session, old: Observation | None, appointment: Appointment) -> None:
    if old is None:
        return
    if old.appointment_id != appointment.id:
        raise NotFound("no_such_thing")
    _check_standing(session, old)


def _check_standing(session: Session, row: Observation) -> None:
    newer = session.scalar(select(Observation.id).where(Observation.supersedes_id == row.id))
    if newer is not None or row.voided_at is not None:
        raise Conflict("reading_replaced")


def _reason(met: Met) -> JsonValue:
    return {
        "rule": met.rule_key,
        "signal": met.row.signal.value,
        "comparison": met.row.comparison,
        "number": met.row.number,
        "relative_to": met.row.relative_to.value,
        "value": met.value,
        "level": met.level.value,
    }


def _audit(session: Session, verb: str, row: Observation, by: Actor, now: datetime) -> None:
    record_audit(
        session,
        verb=verb,
        subject="observation",
        subject_id=row.id,
        patient_id=row.patient_id,
        by=by,
        now=now,
        values={"level": row.level},
    )
