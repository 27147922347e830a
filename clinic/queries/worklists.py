"""What the sweep has to look at."""

from datetime import datetime

from sqlalchemy import Select, select

from clinic.models.appointments import Appointment


def due_flags(now: datetime) -> Select[int]:
    """Return the ids of appointments whose moment to be looked at has come, oldest first."""
    return (
        select(Appointment.id)
        .where(Appointment.flag_at.is_not(None), Appointment.flag_at <= now)
        .order_by(Appointment.flag_at, Appointment.id)
    )
