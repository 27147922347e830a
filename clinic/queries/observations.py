"""Vitals as they are read: the standing readings of a visit, newest fact first in doubt."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from clinic.models.accounts import Account
from clinic.models.base import JsonValue
from clinic.models.records import Observation
from clinic.models.staff import Staff

PRE_DOSE = "pre_dose"


def is_standing() -> ColumnElement[bool]:
    """Return the condition of a reading that counts: neither voided nor corrected by another."""
    newer = aliased(Observation)
    return and_(
        Observation.voided_at.is_(None),
        ~exists().where(newer.supersedes_id == Observation.id),
    )


def of_visit(appointment_id: int) -> Select[Observation]:
    """Return the standing readings of a visit in the order in which they were taken."""
    return (
        select(Observation)
        .where(Observation.appointment_id == appointment_id, is_standing())
        .order_by(Observation.taken_at, Observation.id)
    )


def baseline(session: Session, *, appointment_id: int, before: datetime) -> Observation | None:
    """Return the last standing reading before the dose at a visit; None when there is none."""
    return session.scalars(
        of_visit(appointment_id)
        .where(Observation.rule_set == PRE_DOSE, Observation.taken_at < before)
        .order_by(None)
        .order_by(Observation.taken_at.desc(), Observation.id.desc())
    ).first()


def previous(session: Session, *, appointment_id: int, before: datetime) -> Observation | None:
    """Return the standing reading just before a moment of a visit; None when there is none."""
    return session.scalars(
        of_visit(appointment_id)
        .where(Observation.taken_at < before)
        .order_by(None)
        .order_by(Observation.taken_at.desc(), Observation.id.desc())
    ).first()


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading as the table at the chair shows it, corrected and voided ones too."""

    public_id: str
    rule_set: str
    taken_at: datetime
    systolic_mmhg: int | None
    diastolic_mmhg: int | None
    heart_rate_bpm: int | None
    spo2_percent: int | None
    respiratory_rate_pm: int | None
    moaas_score: int | None
    level: str
    reasons: tuple[JsonValue, ...]
    definition_id: int
    recorded_by: str
    is_voided: bool
    is_corrected: bool


def readings(session: Session, *, appointment_id: int) -> list[ReadingRow]:
    """Return every reading of a visit in the order in which they were taken, in one query."""
    newer = aliased(Observation)
    is_corrected = exists().where(newer.supersedes_id == Observation.id)
    rows = session.execute(
        select(Observation, Staff.short_name, is_corrected)
        .join(Account, Account.id == Observation.recorded_by)
        .outerjoin(Staff, Staff.id == Account.staff_id)
        .where(Observation.appointment_id == appointment_id)
        .order_by(Observation.taken_at, Observation.id)
    )
    return [_row(one, name or "", is_corrected=gone) for one, name, gone in rows]


def _row(one: Observation, name: str, *, is_corrected: bool) -> ReadingRow:
    return ReadingRow(
        public_id=one.public_id,
        rule_set=one.rule_set,
        taken_at=one.taken_at,
        systolic_mmhg=one.systolic_mmhg,
        diastolic_mmhg=one.diastolic_mmhg,
        heart_rate_bpm=one.heart_rate_bpm,
        spo2_percent=one.spo2_percent,
        respiratory_rate_pm=one.respiratory_rate_pm,
        moaas_score=one.moaas_score,
        level=one.level,
        reasons=tuple(one.reasons),
        definition_id=one.definition_id,
        recorded_by=name,
        is_voided=one.voided_at is not None,
        is_corrected=is_corrected,
    )
