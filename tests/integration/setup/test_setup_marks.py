"""The mark of the set-up: every change of it is noticed, whoever makes it and however."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import Engine, delete, event, insert, select, update
from sqlalchemy.orm import Session

from clinic.models import Holiday, OpeningHours, Resource, Seat, SetupMark, Shift, Site
from clinic.models.engine import make_engine, reading, writing
from clinic.models.setup_marks import SETUP
from clinic.planning.world import Resource as Person
from clinic.queries.site_setups import SiteSetup, site_setup
from tests.places import add_patient_row, add_resource, add_shifts, add_site

CHRISTMAS = date(2026, 12, 25)


@pytest.fixture
def site_id(engine: Engine) -> int:
    """A site with a device and somebody on shift."""
    with writing(engine) as session:
        site = add_site(session)
        add_resource(session, key="tms-1", site=site)
        add_shifts(session, resource_id=add_resource(session, key="ann", kind="person"), site=site)
    return site.id


def mark(engine: Engine) -> str | None:
    with reading(engine) as session:
        return session.scalars(select(SetupMark.mark)).one_or_none()


def add_holiday(session: Session, site_id: int) -> None:
    session.add(Holiday(site_id=site_id, on=CHRISTMAS, name="Christmas Day"))


def rename_site(session: Session, site_id: int) -> None:
    session.get_one(Site, site_id).name = "High Street"


def shut_on_mondays(session: Session, site_id: int) -> None:
    session.execute(
        delete(OpeningHours).where(OpeningHours.site_id == site_id, OpeningHours.weekday == 0)
    )


def end_shifts(session: Session, site_id: int) -> None:
    session.execute(update(Shift).where(Shift.site_id == site_id).values(until_on=date(2026, 1, 2)))


def add_seat(session: Session, _site_id: int) -> None:
    device = session.scalars(select(Resource.id).where(Resource.key == "tms-1")).one()
    session.execute(insert(Seat), [{"resource_id": device, "seat_no": 2}])


CHANGES = (add_holiday, rename_site, shut_on_mondays, end_shifts, add_seat)


@pytest.mark.parametrize("change", CHANGES)
def test_row_by_row_or_in_bulk_a_change_gives_a_new_mark(
    engine: Engine, site_id: int, change: Callable[[Session, int], None]
) -> None:
    before = mark(engine)

    with writing(engine) as session:
        change(session, site_id)

    assert mark(engine) not in (None, before)


def test_neither_a_look_nor_a_new_patient_changes_it(engine: Engine, site_id: int) -> None:
    before = mark(engine)

    with writing(engine) as session:
        site_setup(session, site_id)
        add_patient_row(session, number=1)

    assert mark(engine) == before


@contextmanager
def asked(engine: Engine) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_what_stands_is_read_once_and_the_mark_alone_after_that(
    engine: Engine, site_id: int
) -> None:
    for _ in range(2):
        with asked(engine) as seen, reading(engine) as session:
            found = site_setup(session, site_id)
            assert site_setup(session, site_id) is found

    assert ["setup_mark" in one for one in seen] == [True]


def test_all_that_is_kept_lies_under_the_mark(engine: Engine, site_id: int) -> None:
    tables = {table.__tablename__ for table in SETUP}

    with asked(engine) as seen, reading(engine) as session:
        site_setup(session, site_id)

    read = {word for one in seen for word in one.replace('"', "").split("FROM ")[1].split()[:1]}
    assert read - {"setup_mark"} <= tables
    assert len(read) > 5


def test_change_of_another_process_is_seen_at_once(
    engine: Engine, site_id: int, other: Engine
) -> None:
    with reading(engine) as session:
        assert CHRISTMAS not in site_setup(session, site_id).holidays

    with writing(other) as session:
        add_holiday(session, site_id)

    with reading(engine) as session:
        assert site_setup(session, site_id).holidays == {CHRISTMAS: "Christmas Day"}


@pytest.fixture
def other(database_url: str) -> Iterator[Engine]:
    """A second engine, as another process has."""
    made = make_engine(database_url)
    yield made
    made.dispose()


def test_who_changes_it_sees_the_change_and_what_is_taken_back_leaves_no_trace(
    engine: Engine, site_id: int
) -> None:
    with reading(engine) as session:
        site_setup(session, site_id)

    with writing(engine) as session:
        with session.begin_nested() as step:
            add_holiday(session, site_id)
            session.flush()
            assert CHRISTMAS in site_setup(session, site_id).holidays
            step.rollback()
        assert CHRISTMAS not in site_setup(session, site_id).holidays

    with reading(engine) as session:
        assert site_setup(session, site_id).holidays == {}


def test_second_change_of_a_unit_is_not_hidden_by_the_first(engine: Engine, site_id: int) -> None:
    with writing(engine) as session:
        rename_site(session, site_id)
        session.flush()
        site_setup(session, site_id)
        shut_on_mondays(session, site_id)
        assert site_setup(session, site_id).hours[0] == 0

    with reading(engine) as session:
        assert site_setup(session, site_id).hours[0] == 0


def test_qualifications_end_on_their_day() -> None:
    ann = Person(1, "Ann", None)
    setup = SiteSetup(
        {1: ann}, (0,) * 7, {}, {}, {1: (("tms", date(2026, 3, 5)), ("rn", date.max))}
    )

    assert setup.resources_on(date(2026, 3, 5))[1].qualifications == {"tms", "rn"}
    assert setup.resources_on(date(2026, 3, 6))[1].qualifications == {"rn"}
    assert setup.lapsed(1, date(2026, 3, 2), date(2026, 3, 6)) == {"tms"}
    assert setup.lapsed(1, date(2026, 3, 6), date(2026, 3, 9)) == frozenset()


ON_POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
"""On SQLite nothing changes while a write unit is open: there is one writer at a time."""


@pytest.mark.parametrize("database_url", [ON_POSTGRES], indirect=True)
def test_a_write_unit_that_waited_sees_what_changed_meanwhile(
    engine: Engine, site_id: int, other: Engine
) -> None:
    with writing(engine) as session:
        assert site_setup(session, site_id).holidays == {}
        with writing(other) as meanwhile:
            add_holiday(meanwhile, site_id)
        assert site_setup(session, site_id).holidays == {CHRISTMAS: "Christmas Day"}
