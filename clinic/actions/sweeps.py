"""Sweeps: what the clinic's own jobs do minute by minute, each row in a write unit of its own."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from clinic.actions.attendance import mark_no_show
from clinic.models.appointments import Appointment
from clinic.models.resources import Cell
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status

FLAG_PAUSE = timedelta(hours=1)
CELLS_KEPT = timedelta(days=30)
QUANTUM_S = 300


def flag_missed(session: Session, *, appointment_id: int, by: Actor, now: datetime) -> bool:
    """Flag one appointment as missed, with work item, status row and audit; False when it is not.

    The condition is part of the UPDATE, so that of two sweeps, or of a sweep and a check-in, only
    one finds the row. A row that is no longer booked loses its alarm and nothing else.
    """
    is_due = (Appointment.id == appointment_id) & (Appointment.flag_at <= now)
    taken = session.scalars(
        update(Appointment)
        .where(is_due)
        .values(flag_at=None)
        .returning(Appointment.status)
        .execution_options(synchronize_session=False)
    ).all()
    if taken != [Status.BOOKED]:
        return False
    appointment = session.get_one(Appointment, appointment_id)
    mark_no_show(session, appointment=appointment, version=appointment.version, by=by, now=now)
    return True


def postpone_flag(session: Session, *, appointment_id: int, now: datetime) -> None:
    """Look at an appointment again in an hour, so that one bad row cannot jam the sweep."""
    session.execute(
        update(Appointment)
        .where(Appointment.id == appointment_id, Appointment.flag_at <= now)
        .values(flag_at=now + FLAG_PAUSE)
        .execution_options(synchronize_session=False)
    )


def prune_cells(session: Session, *, now: datetime) -> None:
    """Drop the cells of visits more than 30 days ago; the assignments keep what was held."""
    oldest = int((now - CELLS_KEPT).timestamp()) // QUANTUM_S
    session.execute(
        delete(Cell).where(Cell.quantum < oldest).execution_options(synchronize_session=False)
    )
