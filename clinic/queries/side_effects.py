"""Side effects as they are read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from clinic.models.accounts import Account
from clinic.models.records import SideEffect
from clinic.models.staff import Staff


@dataclass(frozen=True, slots=True)
class SideEffectRow:
    """One side effect as the visit page shows it."""

    public_id: str
    term_key: str
    free_text: str
    grade: int
    level: str
    is_serious: bool
    outcome: str
    onset_at: datetime
    recorded_by: str


def of_visit(session: Session, *, appointment_id: int) -> list[SideEffectRow]:
    """Return the standing side effects of a visit by onset, in one query."""
    newer = aliased(SideEffect)
    rows = session.execute(
        select(SideEffect, Staff.short_name)
        .join(Account, Account.id == SideEffect.recorded_by)
        .outerjoin(Staff, Staff.id == Account.staff_id)
        .where(
            SideEffect.appointment_id == appointment_id,
            SideEffect.voided_at.is_(None),
            ~exists().where(newer.supersedes_id == SideEffect.id),
        )
        .order_by(SideEffect.onset_at, SideEffect.id)
    )
    return [
        SideEffectRow(
            public_id=one.public_id,
            term_key=one.term_key,
            free_text=one.free_text,
            grade=one.grade,
            level=one.level,
            is_serious=one.is_serious,
            outcome=one.outcome,
            onset_at=one.onset_at,
            recorded_by=name or "",
        )
        for one, name in rows
    ]
