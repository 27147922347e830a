"""The visits of the demo: who comes, who does not, and what the nurse writes down."""

import random
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic.actions.attendance import arrive, check_in, fulfil, mark_no_show
from clinic.demo.cast import Cast
from clinic.models.appointments import Appointment
from clinic.rules.appointments import Outcome

MISSED_SHARE = 0.035
GRACE = timedelta(minutes=20)


def live_visit(
    session: Session,
    *,
    appointment: Appointment,
    cast: Cast,
    rng: random.Random,
    until: datetime,
) -> bool:
    """Live one visit as far as `until`; True when the patient did not come."""
    start, end = appointment.start_at, appointment.end_at
    early = timedelta(minutes=rng.randrange(2, 14))
    if rng.random() < MISSED_SHARE and start + GRACE <= until:
        mark_no_show(
            session,
            appointment=appointment,
            version=appointment.version,
            by=cast.desk,
            now=start + GRACE,
        )
        return True
    if start - early <= until:
        arrive(
            session,
            appointment=appointment,
            version=appointment.version,
            by=cast.desk,
            now=start - early,
        )
    if start + timedelta(minutes=1) <= until:
        _treat(session, appointment, cast, rng, until)
    if end <= until:
        fulfil(
            session,
            appointment=appointment,
            outcome=Outcome.COMPLETE,
            outcome_reason=None,
            version=appointment.version,
            by=cast.operator,
            now=end,
        )
    return False


def _treat(
    session: Session,
    appointment: Appointment,
    cast: Cast,
    rng: random.Random,
    until: datetime,
) -> None:
    check_in(
        session,
        appointment=appointment,
        version=appointment.version,
        by=cast.operator,
        now=appointment.start_at + timedelta(minutes=1),
    )
