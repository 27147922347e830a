"""Pencilled courses as the desk lists them: those to decide, and those that lapsed unseen."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from clinic.models.courses import Course
from clinic.models.patients import Patient
from clinic.models.worklists import WorkItem

LAPSED = "pencil_lapsed"


@dataclass(frozen=True, slots=True)
class PencilRow:
    """One pencilled course; `lapses_on` is None once it has lapsed, `item` names its question."""

    course: str
    patient: str
    family: str
    given: str
    phone: str
    lapses_on: date | None
    item: str


def pencils_of(session: Session, *, site_id: int) -> list[PencilRow]:
    """Return the pencilled courses of a site, those that lapsed first, then by their day."""
    rows = session.execute(
        select(
            Course.public_id,
            Patient.public_id,
            Patient.family,
            Patient.given,
            Patient.phone,
            Course.lapses_on,
            func.coalesce(WorkItem.public_id, ""),
        )
        .join(Patient, Patient.id == Course.patient_id)
        .outerjoin(WorkItem, _asks())
        .where(
            Course.site_id == site_id,
            or_(Course.lapses_on.is_not(None), WorkItem.id.is_not(None)),
        )
        .order_by(Course.lapses_on.is_not(None), Course.lapses_on, Course.id)
    )
    return [PencilRow(*row) for row in rows]


def _asks() -> ColumnElement[bool]:
    return and_(
        WorkItem.course_id == Course.id, WorkItem.kind == LAPSED, WorkItem.done_at.is_(None)
    )
