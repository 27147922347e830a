"""The worklist: raise what somebody must look at, once for each thing, and withdraw it."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment
from clinic.models.base import new_public_id
from clinic.models.worklists import WorkItem
from clinic.rules.actors import Actor

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
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = (sqlite.insert if is_sqlite else postgresql.insert)(WorkItem).values(
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
