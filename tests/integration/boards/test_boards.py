"""The board as rows: columns, cards with their derived numbers, gaps; never more queries."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, insert
from sqlalchemy.orm import Session

from clinic.actions.blocks import add_block
from clinic.actions.definitions import load_starter_data
from clinic.models import Appointment, Assignment, Course, Definition, Patient, Site
from clinic.models.engine import reading, writing
from clinic.queries.board_columns import Span, spans_of
from clinic.queries.boards import Board, read_board
from clinic.rules.actors import system_actor
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.wall_days import quantum_of
from tests.factories import Place, make_patient, make_place, make_site, make_staff

ON = date(2026, 3, 3)
EIGHT = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
BY = system_actor("tests")


class Clinic:
    """A site with its resources, and a hand that puts visits on its day."""

    def __init__(self, session: Session) -> None:
        load_starter_data(session, by=BY, now=EIGHT)
        self.site: Site = make_site(session)
        self.place: Place = make_place(session, site=self.site)
        make_staff(session, key="cleo", name="Cleo Clinician", site=self.site, is_bookable=True)
        self.patient: Patient = make_patient(
            session, number="1", family="Featherstonehaugh-Wolfe", given="Ximena"
        )
        self.kind = session.query(Definition).filter_by(kind="visit_kind", key="tms").one().id
        self.protocol = session.query(Definition).filter_by(kind="protocol").first()

    def course(self, session: Session, counts: dict[str, int]) -> int:
        row = Course(
            patient_id=self.patient.id,
            site_id=self.site.id,
            definition_id=self.protocol.id,
            status=CourseStatus.ACTIVE,
            start_on=ON,
            counts=counts,
            wishes={},
            created_at=EIGHT,
        )
        session.add(row)
        session.flush()
        return row.id

    def visit(
        self,
        session: Session,
        *,
        minute: int = 0,
        resource_id: int = 0,
        status: Status = Status.BOOKED,
        outcome: Outcome | None = None,
        course_id: int | None = None,
        days: int = 0,
        length: int = 30,
    ) -> None:
        """Put a visit on the day, `minute` minutes after eight, held by one resource."""
        start = EIGHT + timedelta(minutes=minute, days=days)
        row = Appointment(
            patient_id=self.patient.id,
            course_id=course_id,
            step_key=course_id and "acute",
            definition_id=self.kind,
            kind_key="tms",
            site_id=self.site.id,
            start_at=start,
            end_at=start + timedelta(minutes=length),
            zone=self.site.zone,
            local_on=ON + timedelta(days=days),
            local_min=480 + minute,
            length_min=length,
            status=status,
            outcome=outcome,
            created_at=EIGHT,
        )
        session.add(row)
        session.flush()
        self.hold(session, row, resource_id or self.place.tms_1)

    def hold(self, session: Session, row: Appointment, resource_id: int) -> None:
        """Let a visit hold one seat of a resource for its length."""
        first = quantum_of(row.start_at)
        held = {
            "appointment_id": row.id,
            "resource_id": resource_id,
            "requirement": "device",
            "from_quantum": first,
            "to_quantum": first + row.length_min // 5,
            "seats": 1,
            "is_held": True,
        }
        session.execute(insert(Assignment), held)


@pytest.fixture
def clinic_day(engine: Engine) -> Callable[[Callable[[Session, Clinic], None]], Board]:
    """Make a clinic, let the test fill its day, and read the board."""

    def make(fill: Callable[[Session, Clinic], None]) -> Board:
        with writing(engine) as session:
            clinic = Clinic(session)
            fill(session, clinic)
            site_id = clinic.site.id
        with reading(engine) as session:
            return read_board(session, site_id=site_id, on=ON)

    return make


Day = Callable[[Callable[[Session, Clinic], None]], Board]


def test_columns_are_devices_rooms_recovery_people(clinic_day: Day) -> None:
    board = clinic_day(lambda _session, _clinic: None)

    assert [column.name for column in board.columns] == [
        "TMS 1",
        "TMS 2",
        "Dosing A",
        "Recovery",
        "Clinician",
    ]
    assert (board.opens, board.is_closed, board.cards) == (Span(96, 216), False, ())


def test_numbers_are_derived_and_a_miss_has_none(clinic_day: Day) -> None:
    def fill(session: Session, clinic: Clinic) -> None:
        course = clinic.course(session, {"acute": 30, "taper_1": 3})
        clinic.visit(session, course_id=course, days=-2)
        clinic.visit(session, course_id=course, days=-1, status=Status.NOSHOW)
        clinic.visit(
            session,
            course_id=course,
            status=Status.FULFILLED,
            outcome=Outcome.NOT_TREATED,
        )
        clinic.visit(session, course_id=course, minute=60)
        clinic.visit(session, course_id=course, minute=120, status=Status.NOSHOW)
        clinic.visit(session, course_id=course, minute=180, status=Status.CANCELLED)
        clinic.visit(session, course_id=course, minute=240)

    board = clinic_day(fill)

    assert [(card.number, card.total) for card in board.cards] == [
        (None, 33),
        (2, 33),
        (None, 33),
        (3, 33),
    ]


def test_one_gap_for_each_free_stretch(clinic_day: Day) -> None:
    def fill(session: Session, clinic: Clinic) -> None:
        clinic.visit(session, minute=60)
        clinic.visit(session, minute=100)

    board = clinic_day(fill)

    assert board.columns[0].gaps == (Span(96, 108), Span(122, 216))


def test_overlapping_visits_stand_side_by_side(clinic_day: Day) -> None:
    def fill(session: Session, clinic: Clinic) -> None:
        for minute in (0, 15, 30):
            clinic.visit(session, minute=minute, resource_id=clinic.place.recovery)

    recovery = clinic_day(fill).columns[3]

    assert (recovery.lanes, [one.lane for one in recovery.cards]) == (2, [0, 1, 0])
    assert recovery.gaps == (Span(96, 216),)


def test_block_shuts_its_column_and_a_closure_all(clinic_day: Day) -> None:
    def fill(session: Session, clinic: Clinic) -> None:
        add_block(
            session,
            resource_id=clinic.place.tms_1,
            start_at=EIGHT,
            end_at=EIGHT + timedelta(hours=1),
            kind="outage",
            reason="Coil",
            by=BY,
            now=EIGHT,
        )
        add_block(
            session,
            site_id=clinic.site.id,
            start_at=EIGHT + timedelta(hours=9),
            end_at=EIGHT + timedelta(hours=30),
            kind="closure",
            reason="Staff day",
            by=BY,
            now=EIGHT,
        )

    first, second = clinic_day(fill).columns[:2]

    assert (first.gaps, second.gaps) == ((Span(108, 204),), (Span(96, 204),))
    assert [one.reason for one in first.shut] == ["Staff day", "Coil"]
    assert [one.reason for one in second.shut] == ["Staff day"]


def test_early_visit_widens_the_day(clinic_day: Day) -> None:
    board = clinic_day(lambda session, clinic: clinic.visit(session, minute=-90))

    assert board.opens == Span(72, 216)


def test_queries_do_not_grow_with_the_cards(engine: Engine) -> None:
    with writing(engine) as session:
        clinic = Clinic(session)
        course = clinic.course(session, {"acute": 36})
    asked: list[str] = []
    event.listen(
        engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement)
    )
    counts = []
    for cards in (1, 2, 197):
        with writing(engine) as session:
            for n in range(cards):
                clinic.visit(session, minute=n % 100 * 5, course_id=course)
        for _ in range(2):
            asked.clear()
            with reading(engine) as session:
                board = read_board(session, site_id=clinic.site.id, on=ON)
        counts.append((len(board.cards), len([one for one in asked if "SELECT" in one])))

    assert counts == [(1, 5), (3, 5), (200, 5)]


def test_runs_of_cells() -> None:
    assert spans_of(0) == []
    assert spans_of(0b0111_0010) == [Span(1, 2), Span(4, 7)]
