"""Side effects as they are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from clinic.models.accounts import Account
from clinic.models.records import SideEffect
from clinic.models.staff import Staff


def is_standing_effect() -> ColumnElement[bool]:
    """Return the condition of a side effect that counts: neither taken back nor changed since."""
    newer = aliased(SideEffect)
    return and_(
        SideEffect.voided_at.is_(None), ~exists().where(newer.supersedes_id == SideEffect.id)
    )


@dataclass(frozen=True, slots=True)
class EarlierEffect:
    """What a side effect was before it was changed, when, and by whom that was noted."""

    grade: int
    outcome: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class SideEffectRow:
    """One side effect as the visit page shows it, with what it was before, the oldest first."""

    public_id: str
    term_key: str
    free_text: str
    grade: int
    level: str
    is_serious: bool
    outcome: str
    onset_at: datetime
    relatedness: str
    action: str
    recorded_by: str
    earlier: tuple[EarlierEffect, ...] = ()


def of_visit(session: Session, *, appointment_id: int) -> list[SideEffectRow]:
    """Return the standing side effects of a visit by onset, each with its history, in one query."""
    rows = session.execute(
        select(SideEffect, Staff.short_name)
        .join(Account, Account.id == SideEffect.recorded_by)
        .outerjoin(Staff, Staff.id == Account.staff_id)
        .where(SideEffect.appointment_id == appointment_id)
        .order_by(SideEffect.onset_at, SideEffect.id)
    )
    found = {one.id: (one, name or "") for one, name in rows}
    replaced = {one.supersedes_id for one, _ in found.values()}
    return [
        _row(one, name, _before(one, found))
        for one, name in found.values()
        if one.voided_at is None and one.id not in replaced
    ]


def _before(
    one: SideEffect, found: Mapping[int, tuple[SideEffect, str]]
) -> tuple[EarlierEffect, ...]:
    """Return what a side effect was before, along the chain of rows it replaced."""
    chain: list[EarlierEffect] = []
    at = one.supersedes_id
    while at is not None:
        old, name = found[at]
        chain.append(EarlierEffect(old.grade, old.outcome, old.recorded_at, name))
        at = old.supersedes_id
    return tuple(reversed(chain))


def _row(one: SideEffect, name: str, earlier: tuple[EarlierEffect, ...]) -> SideEffectRow:
    return SideEffectRow(
        public_id=one.public_id,
        term_key=one.term_key,
        free_text=one.free_text,
        grade=one.grade,
        level=one.level,
        is_serious=one.is_serious,
        outcome=one.outcome,
        onset_at=one.onset_at,
        relatedness=one.relatedness,
        action=one.action,
        recorded_by=name,
        earlier=earlier,
    )
