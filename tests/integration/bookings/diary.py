"""A small clinic in which two people book, move, cancel and undo, each in a unit of its own."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import (
    VisitDraft,
    book_appointment,
    cancel_appointment,
    move_appointment,
)
from clinic.actions.attendance import arrive, mark_no_show
from clinic.actions.undos import undo_change_set
from clinic.models import (
    Appointment,
    Assignment,
    Cell,
    ChangeSet,
    Definition,
    DefinitionStatus,
    Message,
    Patient,
    StatusChange,
)
from clinic.models.engine import reading, write, writing
from clinic.planning.courses import Hold, PlannedVisit
from clinic.queries.availability import SiteFrame
from clinic.queries.definitions import DefinitionKind, starter
from clinic.queries.kinds import KindFrame
from clinic.rules.actors import Actor, rights_of
from clinic.rules.appointments import CancelledBy, Status, holds_cells
from clinic.rules.permissions import Role
from clinic.rules.visit_kinds import VisitKind
from tests.factories import make_account, make_staff
from tests.places import MADE_AT, add_kind_row, add_patient_row, add_resource, add_site

MONDAY = date(2026, 3, 9)
NINE = 108
LENGTH, TURNOVER = 6, 1
NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
KIND = VisitKind(
    key="check",
    version=1,
    staff_label="Check",
    patient_label="Visit",
    default_length_min=30,
    turnover_min=5,
    places=("room",),
    requirements=(),
    missed_grace_min=20,
    counts_as_delivered=False,
    reminder_policy="none",
)


@dataclass
class Diary:
    """The clinic, its two people at the desk, and the moment it is."""

    engine: Engine
    site: SiteFrame
    kind: KindFrame
    people: tuple[Actor, Actor]
    patient_ids: list[int]
    devices: list[int]
    now: datetime = field(default=NOON)

    @property
    def dana(self) -> Actor:
        return self.people[0]

    @property
    def omar(self) -> Actor:
        return self.people[1]

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)

    def draft(
        self, session: Session, start: int, device: int, patient: int, make_up_for_id: int | None
    ) -> VisitDraft:
        row = session.get_one(Patient, self.patient_ids[patient])
        return VisitDraft(
            visit=self.planned(start, device),
            site=self.site,
            patient_id=row.id,
            patient_resource_id=row.resource_id,
            kind=self.kind,
            course_id=None,
            status=Status.BOOKED,
            make_up_for_id=make_up_for_id,
        )

    def planned(self, start: int, device: int) -> PlannedVisit:
        first = NINE + start
        hold = Hold("device", self.devices[device], first, first + LENGTH + TURNOVER, 1)
        return PlannedVisit(
            step_key="",
            phase="",
            kind_key=KIND.key,
            on=MONDAY,
            start_cell=first,
            length_cells=LENGTH,
            place="room",
            holds=(hold,),
        )

    def book(
        self,
        start: int,
        device: int = 0,
        patient: int = 0,
        *,
        by: Actor | None = None,
        make_up_for_id: int | None = None,
    ) -> int:
        """Book a visit so many cells after nine and return its id."""

        def work(session: Session) -> int:
            draft = self.draft(session, start, device, patient, make_up_for_id)
            return book_appointment(session, draft=draft, by=by or self.dana, now=self.now).id

        return write(self.engine, work)

    def move(self, visit: int, start: int, device: int = 0, *, by: Actor | None = None) -> None:
        def work(session: Session) -> None:
            row = session.get_one(Appointment, visit, with_for_update=True)
            move_appointment(
                session,
                appointment=row,
                to=self.planned(start, device),
                site=self.site,
                kind=self.kind,
                version=row.version,
                tell_patient=True,
                by=by or self.dana,
                now=self.now,
            )

        write(self.engine, work)

    def cancel(self, visit: int, *, by: Actor | None = None) -> None:
        with writing(self.engine) as session:
            row = session.get_one(Appointment, visit, with_for_update=True)
            cancel_appointment(
                session,
                appointment=row,
                cancelled_by=CancelledBy.PATIENT,
                reason="ill",
                late_under_hours=24,
                version=row.version,
                tell_patient=True,
                by=by or self.dana,
                now=self.now,
            )

    def arrive(self, visit: int, *, by: Actor | None = None) -> None:
        with writing(self.engine) as session:
            row = session.get_one(Appointment, visit, with_for_update=True)
            arrive(session, appointment=row, version=row.version, by=by or self.dana, now=self.now)

    def miss(self, visit: int, *, by: Actor | None = None) -> None:
        with writing(self.engine) as session:
            row = session.get_one(Appointment, visit, with_for_update=True)
            mark_no_show(
                session, appointment=row, version=row.version, by=by or self.dana, now=self.now
            )

    def undo(self, change_set: str | None = None, *, by: Actor | None = None) -> None:
        """Undo a change set, the last one when none is named."""
        chosen = change_set or self.last_change()
        write(
            self.engine,
            lambda session: undo_change_set(
                session, public_id=chosen, by=by or self.dana, now=self.now
            ),
        )

    def last_change(self) -> str:
        with reading(self.engine) as session:
            query = select(ChangeSet.public_id).order_by(ChangeSet.id.desc()).limit(1)
            return session.scalars(query).one()

    def get(self, visit: int) -> Appointment:
        with reading(self.engine) as session:
            return session.get_one(Appointment, visit)

    def standing(self) -> dict[int, tuple[object, ...]]:
        """Everything a change may alter of each visit, but for what only rises."""
        names = sorted(
            column.key
            for column in Appointment.__table__.columns
            if column.key not in {"version", "change_set_id"}
        )
        with reading(self.engine) as session:
            rows = session.scalars(select(Appointment)).all()
            return {row.id: tuple(getattr(row, name) for name in names) for row in rows}

    def cells(self) -> Counter[tuple[int, int, int]]:
        """The cells as (resource, quantum, appointment); which seat it is does not matter."""
        with reading(self.engine) as session:
            rows = session.execute(select(Cell.resource_id, Cell.quantum, Cell.appointment_id))
            return Counter((row[0], row[1], row[2]) for row in rows)

    def held(self) -> Counter[tuple[int, int, int]]:
        """The cells that the assignments of holding visits stand for."""
        found: Counter[tuple[int, int, int]] = Counter()
        with reading(self.engine) as session:
            rows = session.execute(
                select(Appointment.status, Assignment).join(
                    Assignment, Assignment.appointment_id == Appointment.id
                )
            ).all()
        for status, one in rows:
            assert one.is_held == holds_cells(status), one.appointment_id
            for quantum in range(one.from_quantum, one.to_quantum) if one.is_held else ():
                found[one.resource_id, quantum, one.appointment_id] += one.seats
        return found

    def messages(self) -> list[tuple[str, str, str]]:
        with reading(self.engine) as session:
            rows = session.execute(
                select(Message.kind, Message.state, Message.outcome_code).order_by(Message.id)
            )
            return [(kind, state.value, code) for kind, state, code in rows]

    def verbs(self, visit: int) -> list[str]:
        with reading(self.engine) as session:
            query = select(StatusChange.verb).where(StatusChange.appointment_id == visit)
            return list(session.scalars(query.order_by(StatusChange.id)))


def make_diary(engine: Engine, *, devices: int = 2, patients: int = 3) -> Diary:
    """A site with devices, patients with an address, the policies, and two people at the desk."""
    with writing(engine) as session:
        site = add_site(session)
        session.add(_policies())
        kind = KindFrame(add_kind_row(session), KIND)
        rows = [add_patient_row(session, number=n) for n in range(patients)]
        for row in rows:
            row.email = f"{row.given}@home.test".lower()
        return Diary(
            engine=engine,
            site=site,
            kind=kind,
            people=(_person(session, "dana"), _person(session, "omar")),
            patient_ids=[row.id for row in rows],
            devices=[add_resource(session, key=f"tms-{n + 1}", site=site) for n in range(devices)],
        )


def _person(session: Session, key: str) -> Actor:
    staff = make_staff(session, key=key, name=key.title(), roles=(Role.FRONT_DESK,))
    account = make_account(session, staff=staff)
    return Actor(
        account_id=account.id,
        rights=rights_of([(Role.FRONT_DESK.value, None)]),
        staff_id=staff.id,
    )


def _policies() -> Definition:
    return Definition(
        kind="policies",
        key="policies",
        version=1,
        status=DefinitionStatus.APPROVED,
        body=dict(starter(DefinitionKind.POLICIES)),
        in_force_on=date(2026, 1, 1),
        created_at=MADE_AT,
        approved_at=MADE_AT,
    )
