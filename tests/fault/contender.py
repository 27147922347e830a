"""One of many processes that fight for the same seats; run by test_contention.py.

Reads its orders as JSON from the command line and prints one JSON line for each acknowledged
booking or cancellation, after the commit.
"""

import json
import random
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, insert_drafts
from clinic.actions.bookings import release_seats
from clinic.actions.change_sets import add_change_set
from clinic.errors import Busy, Conflict
from clinic.models.appointments import Appointment
from clinic.models.engine import make_engine, write
from clinic.models.patients import Patient
from clinic.planning.courses import Hold, PlannedVisit
from clinic.queries.availability import SiteFrame
from clinic.queries.kinds import KindFrame
from clinic.rules.actors import system_actor
from clinic.rules.appointments import Status
from clinic.rules.visit_kinds import VisitKind

ON = date(2026, 3, 9)
FIRST, STARTS, LENGTH = 108, 24, 6
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
BY = system_actor("contender")


@dataclass(frozen=True)
class Orders:
    url: str
    seed: int
    tries: int
    site_id: int
    zone: str
    resource_id: int
    definition_id: int
    patient_ids: list[int]


def kind_frame(definition_id: int) -> KindFrame:
    kind = VisitKind(
        key="check",
        version=1,
        staff_label="Check",
        patient_label="Visit",
        default_length_min=30,
        turnover_min=0,
        places=("room",),
        requirements=(),
        missed_grace_min=20,
        counts_as_delivered=False,
        reminder_policy="none",
    )
    return KindFrame(definition_id, kind)


def book(session: Session, orders: Orders, start: int, patient_id: int) -> int:
    patient = session.get_one(Patient, patient_id)
    visit = PlannedVisit(
        step_key="",
        phase="",
        kind_key="check",
        on=ON,
        start_cell=start,
        length_cells=LENGTH,
        place="room",
        holds=(Hold("room", orders.resource_id, start, start + LENGTH, 1),),
    )
    draft = VisitDraft(
        visit=visit,
        site=SiteFrame(orders.site_id, orders.zone, {}),
        patient_id=patient.id,
        patient_resource_id=patient.resource_id,
        kind=kind_frame(orders.definition_id),
        course_id=None,
        status=Status.BOOKED,
    )
    change_set = add_change_set(
        session,
        kind="appointment_booked",
        patient_id=patient.id,
        course_id=None,
        by=BY,
        now=NOW,
    )
    (made,) = insert_drafts(session, drafts=[draft], change_set=change_set, by=BY, now=NOW)
    return made.id


def cancel(session: Session, appointment_id: int) -> None:
    row = session.scalars(select(Appointment).where(Appointment.id == appointment_id)).one()
    row.status = Status.CANCELLED
    row.cancelled_at = NOW
    row.cancelled_by = "clinic"
    release_seats(session, appointment_ids=[row.id])


def fight(engine: Engine, orders: Orders) -> None:
    rng = random.Random(orders.seed)
    for _ in range(orders.tries):
        start = FIRST + rng.randrange(STARTS)
        patient_id = rng.choice(orders.patient_ids)
        try:
            made = write(engine, lambda s, a=start, p=patient_id: book(s, orders, a, p))
        except (Conflict, Busy) as error:
            say("refused", error.code)
            continue
        say("booked", made)
        if rng.random() < 0.7:
            write(engine, lambda s, key=made: cancel(s, key))
            say("cancelled", made)


def say(what: str, value: int | str) -> None:
    sys.stdout.write(json.dumps([what, value]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = Orders(**json.loads(sys.argv[1]))
    opened = make_engine(given.url)
    fight(opened, given)
    opened.dispose()
