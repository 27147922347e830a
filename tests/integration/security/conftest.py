"""A clinic with one real row behind every kind of address, and the walk over all of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from clinic.actions.accounts import create_login_link
from clinic.actions.blocks import add_block
from clinic.actions.imports import close_reading, keep_rows, open_import
from clinic.actions.worklists import raise_item
from clinic.models import (
    Appointment,
    ChangeSet,
    Course,
    Definition,
    Grant,
    Observation,
    Patient,
    Resource,
    SideEffect,
    Site,
    WorkItem,
)
from clinic.models.base import Base
from clinic.models.engine import reading, writing
from clinic.queries.pencils import LAPSED
from clinic.rules.actors import Actor, rights_of
from clinic.rules.courses import CourseStatus
from clinic.rules.import_texts import read_text
from clinic.rules.permissions import Role
from tests.browsers import Browser
from tests.cast import Cast, Person
from tests.conftest import NOW
from tests.factories import LONG_AGO, make_account, make_site, make_staff
from tests.integration.web_desk.conftest import (
    MAKER,
    TODAY,
    Desk,
    app,
    browser,
    cast,
    desk,
    settings,
    web_engine,
)
from tests.pictures import Pictures

__all__ = ["app", "browser", "cast", "desk", "settings", "web_engine"]

Browsers = Callable[[str], Browser]
PEOPLE = ("", "quinn", "pat", "dana", "cleo", "adan")
CALM = {"systolic": "128", "diastolic": "78", "pulse": "72", "spo2": "98"}
UNWATCHED = frozenset({"audit_entry", "login_session"})
KINDS = ("visits", "patients", "courses", "blocks")


@dataclass(frozen=True, slots=True)
class Ids:
    """The words that stand in addresses, one of each kind."""

    visits: str
    patients: str
    courses: str
    blocks: str
    reading: str
    effect: str
    token: str
    protocol: str
    policy: str
    change_set: str
    item: str
    batch: str
    site: str
    resource: str
    person: str

    def address(self, rule: Rule) -> str:
        """The address of a route; a route with an id of a new kind must be named here."""
        kind = next((one for one in KINDS if f"/{one}/" in rule.rule), "patients")
        values: dict[str, str | int] = {
            "public_id": getattr(self, kind),
            "patient": self.patients,
            "appointment": self.visits,
            "reading_id": self.reading,
            "effect_id": self.effect,
            "token": self.token,
            "key": self.protocol,
            "kind": self.policy,
            "change_set": self.change_set,
            "item": self.item,
            "batch": self.batch,
            "site": self.site,
            "resource": self.resource,
            "person": self.person,
            "version": 1,
            "verb": "approve" if "/pencil/" in rule.rule else "arrive",
            "filename": "css/clinic.css",
        }
        built = rule.build({name: values[name] for name in rule.arguments})
        assert built is not None, rule
        return str(built[1])


ABSENT = Ids(*(f"nothing{n}" for n in range(15)))


@dataclass(frozen=True, slots=True)
class World:
    """The clinic, what stands in it, and what is not Pat's or not this site's."""

    app: Flask
    engine: Engine
    cast: Cast
    pat: Ids
    quinn: Ids
    elsewhere: Ids
    far_site_id: int

    def hire(self, key: str, *grants: tuple[Role, int | None]) -> Browser:
        """A browser of somebody new with these roles, each at its site (None: at every site)."""
        with writing(self.engine) as session:
            staff = make_staff(session, key=key, name=f"New {key.title()}"[:60])
            session.add_all(
                Grant(staff_id=staff.id, role=role.value, site_id=site_id, from_on=LONG_AGO)
                for role, site_id in grants
            )
            account = make_account(session, staff=staff, login=key)
            actor = Actor(account.id, rights_of((role.value, at) for role, at in grants))
            person = Person(account.id, key, actor)
        made = Browser(self.app)
        made.log_in(person)
        return made

    def rules(self, method: str) -> Iterator[Rule]:
        """The routes that answer this method."""
        for rule in self.app.url_map.iter_rules():
            if method in (rule.methods or set()):
                yield rule

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Every value of every table, but for looks and log-ins."""
        with reading(self.engine) as session:
            return {
                table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
                for table in Base.metadata.sorted_tables
                if table.name not in UNWATCHED
            }


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: what is asked here is decided above the database."""
    return sqlite_url


@pytest.fixture
def world(app: Flask, desk: Desk, browser: Browsers, pictures: Pictures) -> World:
    """Pat and Quinn with a visit begun, a reading and a side effect each; a second site."""
    made = pictures.of("world", desk.engine, lambda: _world(app, desk, browser))
    return replace(made, app=app, engine=desk.engine)


def _world(app: Flask, desk: Desk, browser: Browsers) -> World:
    cast = desk.cast
    cleo = browser("cleo")
    elsewhere = _person(desk, cleo, cast.pat.patient_id or 0, 900)
    pat = _person(desk, cleo, cast.pat.patient_id or 0, 600)
    quinn = _person(desk, cleo, cast.quinn.patient_id or 0, 720)
    far_site_id = _move_away(desk, elsewhere)
    elsewhere = replace(elsewhere, blocks=_block(desk, 600, far_site_id))
    return World(app, desk.engine, cast, pat, quinn, elsewhere, far_site_id)


def _person(desk: Desk, cleo: Browser, patient_id: int, at: int) -> Ids:
    visit = desk.book(on=TODAY, at=at, patient_id=patient_id)
    course = _course(desk, visit)
    _record(cleo, f"/clinician/visits/{visit}")
    block = _block(desk, at)
    with writing(desk.engine) as session:
        patient = session.get_one(Patient, patient_id)
        row = session.scalars(select(Appointment).where(Appointment.public_id == visit)).one()
        return Ids(
            visits=visit,
            patients=patient.public_id,
            courses=course,
            blocks=block,
            reading=session.scalars(
                select(Observation.public_id).where(Observation.appointment_id == row.id)
            ).one(),
            effect=session.scalars(
                select(SideEffect.public_id).where(SideEffect.appointment_id == row.id)
            ).one(),
            token=create_login_link(session, patient=patient, by=desk.cast.dana.actor, now=NOW),
            protocol="tms_itbs_ldlpfc",
            policy="policies",
            change_set=session.get_one(ChangeSet, row.change_set_id).public_id,
            item=_lapsed(session, row),
            batch=_import(session),
            site="main",
            resource="recovery",
            person="cleo",
        )


def _import(session: Session) -> str:
    """Keep a file of one patient as a draft."""
    sheet = read_text("Name,DOB\nQuist Quinn,1984-06-01\n")
    batch = open_import(session, sheet=sheet, by=MAKER, now=NOW)
    keep_rows(session, batch_id=batch.id, rows=sheet.rows)
    close_reading(session, batch_id=batch.id)
    return batch.public_id


def _lapsed(session: Session, row: Appointment) -> str:
    """Put the question of a lapsed pencil on the worklist of the visit's course."""
    raise_item(
        session,
        kind=LAPSED,
        subject=str(row.course_id),
        patient_id=row.patient_id,
        course_id=row.course_id,
        now=NOW,
    )
    return session.scalars(
        select(WorkItem.public_id).where(WorkItem.course_id == row.course_id)
    ).one()


def _record(cleo: Browser, address: str) -> None:
    """Bring the patient in, begin, and log one reading and one side effect."""
    sent: tuple[tuple[str, dict[str, str]], ...] = (
        ("seat", {}),
        ("vitals", CALM),
        ("begin", {}),
        ("side-effects", {"tap": "headache", "grade": "1"}),
    )
    for part, data in sent:
        answer = cleo.post(f"{address}/{part}", {**cleo.form(address), **data})
        assert answer.status_code == 303, (part, answer.text)


def _course(desk: Desk, visit: str) -> str:
    with writing(desk.engine) as session:
        row = session.scalars(select(Appointment).where(Appointment.public_id == visit)).one()
        protocol = session.scalars(
            select(Definition).where(Definition.key == "tms_itbs_ldlpfc")
        ).one()
        course = _add_course(session, row, protocol.id)
        row.course_id, row.step_key, row.phase = course.id, "treatment", "acute"
        return course.public_id


def _add_course(session: Session, row: Appointment, protocol_id: int) -> Course:
    course = Course(
        patient_id=row.patient_id,
        site_id=row.site_id,
        definition_id=protocol_id,
        status=CourseStatus.ACTIVE,
        start_on=TODAY,
        counts={},
        wishes={},
        created_at=NOW,
    )
    session.add(course)
    session.flush()
    return course


def _block(desk: Desk, at: int, site_id: int | None = None) -> str:
    with writing(desk.engine) as session:
        office = session.scalars(select(Resource).where(Resource.key == "office-1")).one()
        return add_block(
            session,
            site_id=site_id,
            resource_id=None if site_id else office.id,
            start_at=datetime(2026, 3, 4, at // 60 + 5, tzinfo=UTC),
            end_at=datetime(2026, 3, 4, at // 60 + 6, tzinfo=UTC),
            kind="closure",
            reason="repair",
            by=MAKER,
            now=NOW,
        ).public_id


def _move_away(desk: Desk, ids: Ids) -> int:
    """Bring a visit with its course to a site where nobody of the cast works; return its id."""
    with writing(desk.engine) as session:
        site: Site = make_site(session, key="far", name="Far Street")
        row = session.scalars(select(Appointment).where(Appointment.public_id == ids.visits)).one()
        course = session.scalars(select(Course).where(Course.public_id == ids.courses)).one()
        row.site_id = course.site_id = site.id
        return site.id
