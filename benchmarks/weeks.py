"""B3 and B4: the week of a device, the page of a course, and what is free in a week.

The floors of B3 are measured in the same run, in turn: one Core query of what the page prints of
its visits and a lean template of it. B4 is read and computed without a page.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, Select, select

from benchmarks.boards import FLOOR, page_client
from benchmarks.clinics import MEASURED, Ground, make_clinic
from benchmarks.harness import Figure, alternating, counting, timed
from clinic.models.appointments import Appointment, Assignment
from clinic.models.courses import Course
from clinic.models.engine import make_engine, reading
from clinic.models.patients import Patient
from clinic.models.resources import Resource
from clinic.models.sites import Site
from clinic.queries.availability import frame_of
from clinic.queries.boards import number_column
from clinic.queries.openings import Wanted, read_openings

SIZE = 10_000
NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
SUNDAY = MEASURED + timedelta(days=6)


def run(size: int = SIZE) -> list[Figure]:
    """Return both pages of B3 and B4, in a clinic with so many appointments."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'clinic.db'}"
        engine, ground = make_clinic(url, size)
        device, course = ground.columns[0], ground.courses[0]
        with reading(engine) as session:
            key = session.scalars(select(Resource.key).where(Resource.id == device)).one()
            public_id = session.scalars(select(Course.public_id).where(Course.id == course)).one()
        week = f"/schedule/week?with={key}&on={(MEASURED - timedelta(days=7)).isoformat()}"
        found = [
            _page(folder, url, ground, "B3-week", "week of one device", week, _week_rows(device)),
            _page(
                folder,
                url,
                ground,
                "B3-course",
                "page of a course",
                f"/schedule/courses/{public_id}",
                _course_rows(course),
            ),
            _free(engine),
        ]
        engine.dispose()
    return found


def _page(
    folder: str,
    url: str,
    ground: Ground,
    key: str,
    name: str,
    address: str,
    rows: Select[*tuple[object, ...]],
) -> Figure:
    page = page_client(Path(folder), url, ground.cast.desk.account_id or 0, address)
    engine = make_engine(url)
    (wall, worst, cpu), floor = alternating(page, _floor(engine, rows), runs=31)
    with counting(Engine) as count:
        weight = len(page())
    with engine.connect() as connection:
        visits = len(connection.execute(rows).all())
    engine.dispose()
    note = f"{visits} visits, {weight / 1000:.0f} kB of HTML"
    return Figure(key, name, wall, worst, cpu, count.number, floor, note)


def _floor(engine: Engine, rows: Select[*tuple[object, ...]]) -> Callable[[], int]:
    def lean() -> int:
        with engine.connect() as connection:
            return len(FLOOR.render(rows=connection.execute(rows).all()))

    return lean


def _rows() -> Select[*tuple[object, ...]]:
    return (
        select(
            Appointment.public_id,
            Patient.family,
            Patient.given,
            Appointment.status,
            Appointment.local_min,
            Appointment.length_min,
            number_column().scalar_subquery(),
            Course.counts,
            Assignment.resource_id,
        )
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Assignment, Assignment.appointment_id == Appointment.id)
        .outerjoin(Course, Course.id == Appointment.course_id)
    )


def _week_rows(device: int) -> Select[*tuple[object, ...]]:
    first = MEASURED - timedelta(days=7)
    return _rows().where(
        Assignment.resource_id == device,
        Appointment.local_on.between(first, first + timedelta(days=6)),
    )


def _course_rows(course: int) -> Select[*tuple[object, ...]]:
    return _rows().where(Appointment.course_id == course).distinct()


def _free(engine: Engine) -> Figure:
    """Return B4: every start that a TMS session could have in the week after the measured one."""
    with reading(engine) as session:
        site = frame_of(session.scalars(select(Site).where(Site.key == "main")).one())
    wanted = Wanted("tms", site, None, "room", device_tags=frozenset({"figure-8"}))
    counts: list[int] = []

    def free() -> None:
        with reading(engine) as session:
            found = read_openings(session, wanted, from_on=MEASURED, until_on=SUNDAY, now=NOW)
            days = (MEASURED + timedelta(days=ahead) for ahead in range(7))
            counts.append(sum(len(found.starts(on)) for on in days))

    wall, worst, cpu = timed(free, runs=31)
    with counting(engine) as count:
        free()
    note = f"{counts[-1]} starts"
    return Figure("B4", "free starts of a week", wall, worst, cpu, count.number, note=note)


if __name__ == "__main__":
    for one in run():
        print(one)
