"""Side effects: logged from the coded list; what is serious holds the course and finds an owner."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require_at_chair
from clinic.actions.visits import recorder
from clinic.actions.worklists import raise_item
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.courses import Course
from clinic.models.records import SideEffect
from clinic.queries.definitions import DefinitionKind, current
from clinic.rules.actors import Actor
from clinic.rules.courses import RUNNING, CourseStatus
from clinic.rules.permissions import Permission
from clinic.rules.side_effects import (
    OTHER,
    RANK,
    Judgement,
    Response,
    SideEffectList,
    judge_side_effect,
    parse_side_effects,
)

REVIEW = "side_effect_review"


@dataclass(frozen=True, slots=True)
class SideEffectDraft:
    """One event as it was told: a term of the list, or "other" with words of its own."""

    term_key: str
    grade: int
    onset_at: datetime
    relatedness: str
    action: str
    outcome: str
    free_text: str = ""
    is_serious: bool = False


def log_side_effect(
    session: Session,
    *,
    appointment: Appointment,
    draft: SideEffectDraft,
    by: Actor,
    now: datetime,
) -> SideEffect:
    """Store one side effect with its level, and return the row.

    From the level "review" on it opens one work item for the prescriber; when the rules say so the
    course goes on hold in the same transaction: bookings stay, no session can be started.
    """
    require_at_chair(by, Permission.RECORD_SIDE_EFFECTS, appointment)
    row, judgement = _add(session, appointment, draft, by, now)
    _act_on(session, appointment, row, judgement, by, now)
    _audit(session, "log_side_effect", row, by, now)
    return row


def change_side_effect(
    session: Session, *, side_effect: SideEffect, draft: SideEffectDraft, by: Actor, now: datetime
) -> SideEffect:
    """Store a side effect as it is now and return the new row; the old one stays as history.

    Conflict when the old one was changed or taken back since. What calls for more than before is
    acted on as if it were new: a hold that a prescriber has released is not set again by less.
    """
    appointment = session.get_one(Appointment, side_effect.appointment_id)
    require_at_chair(by, Permission.RECORD_SIDE_EFFECTS, appointment)
    _check_standing(session, side_effect)
    row, judgement = _add(session, appointment, draft, by, now, replaces=side_effect)
    is_more = RANK[judgement.level] > RANK[Response(side_effect.level)]
    if is_more or (judgement.is_serious and not side_effect.is_serious):
        _act_on(session, appointment, row, judgement, by, now)
    _audit(session, "change_side_effect", row, by, now)
    return row


def _check_standing(session: Session, row: SideEffect) -> None:
    newer = session.scalar(select(SideEffect.id).where(SideEffect.supersedes_id == row.id))
    if newer is not None:
        raise Conflict("side_effect_changed")
    if row.voided_at is not None:
        raise Conflict("side_effect_voided")


def _add(
    session: Session,
    appointment: Appointment,
    draft: SideEffectDraft,
    by: Actor,
    now: datetime,
    replaces: SideEffect | None = None,
) -> tuple[SideEffect, Judgement]:
    definition = current(session, DefinitionKind.SIDE_EFFECTS, DefinitionKind.SIDE_EFFECTS)
    listed = parse_side_effects(definition.body)
    _check(draft, listed, now)
    judgement = judge_side_effect(
        listed,
        term=listed.term(draft.term_key),
        grade=draft.grade,
        is_serious=draft.is_serious,
    )
    row = SideEffect(
        appointment_id=appointment.id,
        patient_id=appointment.patient_id,
        **asdict(draft) | {"is_serious": judgement.is_serious},
        level=judgement.level.value,
        definition_id=definition.id,
        recorded_at=now,
        recorded_by=recorder(by),
        supersedes_id=None if replaces is None else replaces.id,
    )
    session.add(row)
    session.flush()
    return row, judgement


def void_side_effect(
    session: Session, *, side_effect: SideEffect, reason: str, by: Actor, now: datetime
) -> None:
    """Mark a side effect as entered by mistake; a hold it caused stays for a prescriber.

    The reason stands in the audit row.
    """
    appointment = session.get_one(Appointment, side_effect.appointment_id)
    require_at_chair(by, Permission.RECORD_SIDE_EFFECTS, appointment)
    if not reason.strip():
        raise RuleBroken("void_needs_reason")
    _check_standing(session, side_effect)
    side_effect.voided_at = now
    side_effect.voided_by = recorder(by)
    _audit(session, "void_side_effect", side_effect, by, now, reason=reason.strip())


def side_effect_of(session: Session, *, appointment: Appointment, public_id: str) -> SideEffect:
    """Return a side effect of this visit locked for change; NotFound for another visit's."""
    found = session.scalar(
        select(SideEffect)
        .where(SideEffect.public_id == public_id, SideEffect.appointment_id == appointment.id)
        .with_for_update()
    )
    if found is None:
        raise NotFound("no_such_thing")
    return found


def _check(draft: SideEffectDraft, listed: SideEffectList, now: datetime) -> None:
    if draft.term_key == OTHER and not draft.free_text:
        raise RuleBroken("side_effect_needs_words")
    if draft.term_key != OTHER and listed.term(draft.term_key) is None:
        raise RuleBroken("side_effect_unknown", term=draft.term_key)
    if draft.grade not in {grade.number for grade in listed.grades}:
        raise RuleBroken("side_effect_grade", grade=draft.grade)
    for value, options in (
        (draft.relatedness, listed.relatedness),
        (draft.action, listed.actions),
        (draft.outcome, listed.outcomes),
    ):
        if value not in options:
            raise RuleBroken("side_effect_option", value=value)
    if draft.onset_at > now:
        raise RuleBroken("side_effect_in_the_future")


def _act_on(
    session: Session,
    appointment: Appointment,
    row: SideEffect,
    judgement: Judgement,
    by: Actor,
    now: datetime,
) -> None:
    if judgement.level is not Response.NONE:
        raise_item(
            session,
            kind=REVIEW,
            subject=str(row.id),
            patient_id=row.patient_id,
            course_id=appointment.course_id,
            appointment_id=appointment.id,
            now=now,
        )
    if judgement.holds_course and appointment.course_id is not None:
        _hold(session, appointment.course_id, by, now)


def _hold(session: Session, course_id: int, by: Actor, now: datetime) -> None:
    """Put a running course on hold; one that is held or over stays as it is."""
    course = session.get_one(Course, course_id, with_for_update=True)
    if course.status not in RUNNING - {CourseStatus.ON_HOLD}:
        return
    course.status = CourseStatus.ON_HOLD
    course.version += 1
    record_audit(
        session,
        verb="hold_course",
        subject="course",
        subject_id=course.id,
        patient_id=course.patient_id,
        by=by,
        now=now,
    )


def _audit(
    session: Session, verb: str, row: SideEffect, by: Actor, now: datetime, **more: str
) -> None:
    record_audit(
        session,
        verb=verb,
        subject="side_effect",
        subject_id=row.id,
        patient_id=row.patient_id,
        by=by,
        now=now,
        values={"term": row.term_key, "level": row.level, **more},
    )
