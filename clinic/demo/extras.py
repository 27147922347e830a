"""Single visits of the demo: evaluations, reviews and short checks around the courses."""

import random
from datetime import date, datetime

from sqlalchemy import Engine

from clinic.actions.appointments import VisitDraft, book_appointment
from clinic.models.engine import reading, write
from clinic.models.patients import Patient
from clinic.planning.courses import PlannedVisit
from clinic.queries.availability import SiteFrame
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import free_times, propose_visit
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status

KINDS = ("consult_medical", "review", "check", "check", "consult_phone", "preparation")
A_DAY = 9


def book_extras(
    engine: Engine,
    *,
    rng: random.Random,
    site: SiteFrame,
    on: date,
    patient_ids: tuple[int, ...],
    by: Actor,
    now: datetime,
) -> None:
    """Book a handful of single visits on a day, each at a free time."""
    for _ in range(A_DAY if on.weekday() < 5 else 0):
        kind_key, patient_id = rng.choice(KINDS), rng.choice(patient_ids)
        draft = _draft(engine, rng, site, on, kind_key, patient_id)
        if draft is not None:
            _book(engine, draft, by, now)


def _book(engine: Engine, draft: VisitDraft, by: Actor, now: datetime) -> None:
    write(engine, lambda session: book_appointment(session, draft=draft, by=by, now=now))


def _draft(
    engine: Engine,
    rng: random.Random,
    site: SiteFrame,
    on: date,
    kind_key: str,
    patient_id: int,
) -> VisitDraft | None:
    with reading(engine) as session:
        frame = kind_frames(session)[kind_key]
        place = str(sorted(frame.visit_kind.places)[0] if kind_key == "consult_phone" else "room")
        times = free_times(
            session, kind_key=kind_key, site=site, on=on, patient_id=patient_id, place=place
        )
        if not times:
            return None
        visit = propose_visit(
            session,
            patient_id=patient_id,
            kind_key=kind_key,
            site=site,
            on=on,
            start_min=rng.choice(times[:: max(len(times) // 12, 1)]),
            place=place,
        )
        patient = session.get_one(Patient, patient_id)
    if not isinstance(visit, PlannedVisit):
        return None
    return VisitDraft(
        visit=visit,
        site=site,
        patient_id=patient_id,
        patient_resource_id=patient.resource_id,
        kind=frame,
        course_id=None,
        status=Status.BOOKED,
    )
