"""The worklist: raise what somebody must look at, once for each thing, and withdraw it."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require_at
from clinic.actions.upserts import insert_into
from clinic.errors import Conflict
from clinic.models.appointments import Appointment
from clinic.models.base import new_public_id
from clinic.models.worklists import WorkItem
from clinic.rules.actors import Actor
from clinic.rules.appointments import Outcome, Status
from clinic.rules.permissions import Permission
from clinic.rules.worklists import NoNewDate

MISSED = "missed"
WITHDRAWN = "withdrawn"
MADE_UP = "made_up"


def raise_item(
    session: Session,
    *,
    kind: str,
    subject: str,
    patient_id: int,
    now: datetime,
    course_id: int | None = None,
    appointment_id: int | None = None,
) -> None:
    """Put one thing on the worklist; raised again, it stays one row and a withdrawn one reopens.

    `subject` says what the thing is about and makes the row unique within its kind.
    """
    statement = insert_into(session, WorkItem).values(
        public_id=new_public_id(),
        unique_key=f"{kind}:{subject}",
        kind=kind,
        patient_id=patient_id,
        course_id=course_id,
        appointment_id=appointment_id,
        created_at=now,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[WorkItem.unique_key],
            set_={"done_at": None, "done_by": None, "outcome": None},
            where=WorkItem.outcome == WITHDRAWN,
        )
    )


def withdraw_missed(session: Session, *, appointment: Appointment, now: datetime) -> bool:
    """Withdraw the open missed flags of an appointment; True when there was one.

    The row stays, and so does the status change that raised it: both facts are on record.
    """
    withdrawn = session.scalars(
        update(WorkItem)
        .where(
            WorkItem.appointment_id == appointment.id,
            WorkItem.kind == MISSED,
            WorkItem.done_at.is_(None),
        )
        .values(done_at=now, outcome=WITHDRAWN)
        .returning(WorkItem.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(withdrawn)


def settle_missed(session: Session, *, appointment_id: int, by: Actor, now: datetime) -> None:
    """Close the open missed flag of an appointment, because its make-up is booked."""
    session.execute(
        update(WorkItem)
        .where(
            WorkItem.appointment_id == appointment_id,
            WorkItem.kind == MISSED,
            WorkItem.done_at.is_(None),
        )
        .values(done_at=now, done_by=by.account_id, outcome=MADE_UP)
        .execution_options(synchronize_session=False)
    )


def reopen_made_up(session: Session, *, appointment_id: int) -> None:
    """Ask again for the make-up of a missed appointment, because its booking was undone."""
    session.execute(
        update(WorkItem)
        .where(
            WorkItem.appointment_id == appointment_id,
            WorkItem.kind == MISSED,
            WorkItem.outcome == MADE_UP,
        )
        .values(done_at=None, done_by=None, outcome=None)
        .execution_options(synchronize_session=False)
    )


def raise_missed(session: Session, *, appointment: Appointment, now: datetime) -> None:
    """Ask for the make-up of a missed appointment; raised again after a withdrawal, it reopens."""
    raise_item(
        session,
        kind=MISSED,
        subject=str(appointment.id),
        patient_id=appointment.patient_id,
        course_id=appointment.course_id,
        appointment_id=appointment.id,
        now=now,
    )


def _came_to_nothing(appointment: Appointment) -> bool:
    """Say whether an appointment was cancelled, or the patient came and nothing was given."""
    is_given = appointment.outcome is not Outcome.NOT_TREATED
    return appointment.status is Status.CANCELLED or not is_given


def drop_missed(
    session: Session, *, appointment: Appointment, reason: NoNewDate, by: Actor, now: datetime
) -> None:
    """Take an appointment that came to nothing off the list without a new date, for a coded reason.

    One that was cancelled or not given has no item yet: it gets one that is closed at once.
    Conflict when it is not there any more: made up, withdrawn or dropped meanwhile.
    """
    require_at(by, Permission.SCHEDULE, appointment.site_id)
    if appointment.course_id is not None and _came_to_nothing(appointment):
        raise_missed(session, appointment=appointment, now=now)
    dropped = session.scalars(
        update(WorkItem)
        .where(
            WorkItem.appointment_id == appointment.id,
            WorkItem.kind == MISSED,
            WorkItem.done_at.is_(None),
        )
        .values(done_at=now, done_by=by.account_id, outcome=reason.value)
        .returning(WorkItem.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not dropped:
        raise Conflict("missed_settled")
    record_audit(
        session,
        verb="drop_missed",
        subject="appointment",
        subject_id=appointment.id,
        patient_id=appointment.patient_id,
        values={"reason": reason.value},
        by=by,
        now=now,
    )
