"""B1 and B2: the day board of 200 cards, and how it grows from ten thousand rows to a million.

The floor is measured in the same run, in turn: one Core query of what a card prints, its number
in the course included, and a lean template of it: no log-in, no audit, no columns, no free times.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment
from sqlalchemy import Engine, Select, bindparam, select
from werkzeug.test import EnvironBuilder

from benchmarks.clinics import MEASURED, Ground, make_clinic
from benchmarks.harness import Figure, alternating, counting
from clinic.actions.sessions import open_session
from clinic.app import create_app
from clinic.clock import Clock, machine_now
from clinic.models.appointments import Appointment, Assignment
from clinic.models.courses import Course
from clinic.models.engine import make_engine, writing
from clinic.models.patients import Patient
from clinic.queries.boards import number_column
from clinic.web.requests import Installation
from config import Settings

SIZES = (10_000, 100_000, 1_000_000)
FLOOR = Environment(autoescape=True).from_string(
    "{% for id, family, given, status, start, length, number, counts, column in rows %}"
    '<a class="card r{{ start }} d{{ length }}" href="?open={{ id }}" data-status="{{ status }}">'
    "<b>{{ family }}, {{ given }}</b><span>{{ number }}/{{ counts }} · {{ start }}</span></a>\n"
    "{% endfor %}"
)


@dataclass(frozen=True, slots=True)
class Board:
    """A clinic of some size that stands ready: its page, and the floor beside it."""

    page: Callable[[], bytes]
    floor: Callable[[], int]


def run(sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """Return B1 at the smallest size, and B2 with the growth from it to each bigger one.

    The two sizes are asked in turn, so that a machine that slows down slows both.
    """
    with _standing(sizes[0]) as first:
        return [_figure(first), *(_grown(first, sizes[0], size) for size in sizes[1:])]


def _grown(first: Board, smaller: int, size: int) -> Figure:
    with _standing(size) as board:
        figure = _figure(board)
        (wall, *_), before = alternating(board.page, first.page, runs=15)
    note = f"{size:,} rows: {wall / before:.2f} times the time at {smaller:,}; {figure.note}"
    return replace(figure, id=f"B2-{size}", name="the same board, grown", note=note)


@contextmanager
def _standing(size: int) -> Iterator[Board]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'clinic.db'}"
        made, ground = make_clinic(url, size)
        made.dispose()
        engine = make_engine(url)
        page = board_client(Path(folder), url, ground.cast.desk.account_id or 0)
        yield Board(page, lambda: _floor(engine, ground))
        engine.dispose()


def _figure(board: Board) -> Figure:
    (wall, worst, cpu), floor = alternating(board.page, board.floor, runs=15)
    with counting(Engine) as count:
        weight = len(board.page())
    note = f"{weight / 1000:.0f} kB of HTML"
    return Figure("B1", "day board, 200 cards", wall, worst, cpu, count.number, floor, note)


def board_client(folder: Path, url: str, account_id: int) -> Callable[[], bytes]:
    """Return a call that answers with the board's page, logged in at the front desk."""
    return page_client(folder, url, account_id, f"/schedule/?on={MEASURED.isoformat()}")


def page_client(folder: Path, url: str, account_id: int, address: str) -> Callable[[], bytes]:
    """Return a call that answers with the page of an address, logged in with an account."""
    now = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    (folder / "clock").write_text(now.isoformat(), encoding="utf-8")
    app = create_app(_settings(folder, url))
    here: Installation = app.extensions["clinic"]
    with writing(here.engine) as session:
        opened = open_session(session, account_id=account_id, machine_at=machine_now())
    path, _, query = address.partition("?")
    environ = EnvironBuilder(
        path, query_string=query, base_url="http://127.0.0.1:8000"
    ).get_environ()
    client = app.test_client()
    client.set_cookie(here.settings.cookie_name, opened.token, domain="127.0.0.1", path="/")
    client.get(address, base_url="http://127.0.0.1:8000")  # its answer sets the form cookie
    names = (here.settings.cookie_name, app.config["SESSION_COOKIE_NAME"])
    cookies = [client.get_cookie(name, domain="127.0.0.1") for name in names]
    environ["HTTP_COOKIE"] = "; ".join(f"{one.key}={one.value}" for one in cookies if one)

    def page() -> bytes:
        """Ask the application as its server does: the test client would be measured too."""
        said: list[str] = []
        body = b"".join(app.wsgi_app(dict(environ), lambda status, *_: said.append(status)))
        if not said[0].startswith("200"):
            raise RuntimeError(f"{path} answered {said[0]}")
        return body

    return page


def _settings(folder: Path, url: str) -> Settings:
    return Settings(
        instance=folder,
        database_url=url,
        secret="the secret of a benchmark, long enough",  # noqa: S106 -- of no real clinic
        base_url="http://127.0.0.1:8000",
        clock=Clock(file=folder / "clock"),
        is_production=False,
        port=8000,
        smtp_url=None,
        mail_from="clinic@localhost",
        is_demo=False,
    )


def _floor(engine: Engine, ground: Ground) -> int:
    values = {"site_id": ground.site_id, "on": MEASURED}
    with engine.connect() as connection:
        return len(FLOOR.render(rows=connection.execute(_floor_rows(), values).all()))


@cache
def _floor_rows() -> Select[*tuple[object, ...]]:
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
        .where(Appointment.site_id == bindparam("site_id"), Appointment.local_on == bindparam("on"))
    )


if __name__ == "__main__":
    for one in run(SIZES[:2]):
        print(one)
