"""Single visits of any kind, as a clinic has them from before treatments had to be in a course."""

from datetime import datetime

from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, insert_drafts
from clinic.actions.change_sets import add_change_set
from clinic.actions.messages import queue_change_notice
from clinic.actions.status_steps import audit_appointment
from clinic.models import Appointment
from clinic.rules.actors import Actor


def book_loose(session: Session, *, draft: VisitDraft, by: Actor, now: datetime) -> Appointment:
    """Book one visit without asking whether it belongs to a course."""
    change_set = add_change_set(
        session,
        kind="appointment_booked",
        patient_id=draft.patient_id,
        course_id=draft.course_id,
        by=by,
        now=now,
    )
    (made,) = insert_drafts(session, drafts=[draft], change_set=change_set, by=by, now=now)
    queue_change_notice(session, change_set=change_set, now=now)
    audit_appointment(session, made, "book_appointment", by, now)
    return made
