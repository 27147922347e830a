"""A week of one resource: what it holds day by day, where it is free, in five queries."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from clinic.actions.blocks import add_block
from clinic.models import Holiday, Resource
from clinic.models.engine import reading, writing
from clinic.queries.board_columns import Span
from clinic.queries.boards import Board
from clinic.queries.days import site_choices
from clinic.queries.weeks import read_week
from tests.integration.boards.test_boards import BY, EIGHT, Clinic

MONDAY = date(2026, 3, 2)
DAYS = [MONDAY + timedelta(days=n) for n in range(5)]


class Week:
    """A clinic, and a look at a week of one of its resources."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with writing(engine) as session:
            self.clinic = Clinic(session)

    def read(self, resource_id: int, days: list[date] = DAYS) -> list[Board]:
        with reading(self.engine) as session:
            resource = session.get_one(Resource, resource_id)
            site = site_choices(session, None)[0]
            return read_week(session, resource=resource, site=site, days=days)


@pytest.fixture
def week(engine: Engine) -> Week:
    return Week(engine)


def test_each_day_has_its_own_visits_with_their_numbers(week: Week) -> None:
    clinic = week.clinic
    with writing(week.engine) as session:
        course = clinic.course(session, {"acute": 20})
        for day in (0, 1, 3):
            clinic.visit(session, days=day, minute=60, course_id=course)
        clinic.visit(session, days=0, minute=120, resource_id=clinic.place.tms_2)
        clinic.visit(session, days=7)

    boards = week.read(clinic.place.tms_1)

    seen = [[(card.number, card.total, card.local_min) for card in b.cards] for b in boards]
    assert seen == [[], [(1, 20, 540)], [(2, 20, 540)], [], [(3, 20, 540)]]
    assert [board.on for board in boards] == DAYS
    assert [len(board.columns[0].cards) for board in boards] == [0, 1, 1, 0, 1]


def test_free_times_are_the_hours_less_visits_and_blocks(week: Week) -> None:
    clinic = week.clinic
    tuesday = datetime(2026, 3, 3, tzinfo=UTC)
    with writing(week.engine) as session:
        clinic.visit(session, minute=60)
        add_block(
            session,
            resource_id=clinic.place.tms_1,
            start_at=tuesday + timedelta(hours=17),
            end_at=tuesday + timedelta(hours=18),
            kind="outage",
            reason="coil",
            by=BY,
            now=EIGHT,
        )
        session.add(Holiday(site_id=clinic.site.id, on=MONDAY, name="Founders' Day"))

    monday, board, *_ = week.read(clinic.place.tms_1)

    assert (monday.is_closed, monday.columns[0].gaps) == (True, ())
    assert [one.reason for one in monday.columns[0].shut] == ["Founders' Day"]
    noon = 12 * 12
    gaps = board.columns[0].gaps
    assert gaps[:2] == (Span(8 * 12, 9 * 12), Span(9 * 12 + 6, noon))
    assert gaps[2].from_cell == noon + 12
    assert [(one.span, one.reason) for one in board.columns[0].shut] == [
        (Span(noon, noon + 12), "coil")
    ]


def test_a_patients_week_shows_what_the_patient_holds(week: Week) -> None:
    clinic = week.clinic
    with writing(week.engine) as session:
        clinic.visit(session, minute=60, resource_id=clinic.patient.resource_id)

    boards = week.read(clinic.patient.resource_id)

    assert [len(board.cards) for board in boards] == [0, 1, 0, 0, 0]


def test_a_week_takes_no_more_queries_than_a_day(week: Week) -> None:
    clinic = week.clinic
    with writing(week.engine) as session:
        for day in range(4):
            for hour in range(6):
                clinic.visit(session, days=day, minute=hour * 60)
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    counts = []
    for days in (DAYS[:1], DAYS):
        week.read(clinic.place.tms_1, days)  # definitions are read once a process
        event.listen(week.engine, "before_cursor_execute", note)
        week.read(clinic.place.tms_1, days)
        event.remove(week.engine, "before_cursor_execute", note)
        counts.append(len(seen))
        seen.clear()

    assert counts[0] == counts[1]
