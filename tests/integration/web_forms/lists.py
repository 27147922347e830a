"""Every page that shows rows, and how one row more comes onto it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from werkzeug.test import TestResponse

from clinic.actions.blocks import add_block
from clinic.models import (
    Appointment,
    Course,
    Definition,
    DefinitionStatus,
    Grant,
    Resource,
    Site,
    Staff,
    StatusChange,
)
from clinic.models.engine import reading, writing
from clinic.rules.courses import CourseStatus
from clinic.rules.permissions import Role
from tests.browsers import Browser
from tests.conftest import NOW
from tests.factories import (
    LONG_AGO,
    make_account,
    make_patient,
    make_resource,
    make_site,
    make_staff,
)
from tests.integration.web_desk.conftest import MAKER, TODAY, Desk
from tests.integration.web_forms import imports
from tests.integration.web_forms.ground import EFFECT, VITALS, Ground

KINDS = ("tms", "consult_medical", "review")
"""Rows of different kinds: a page that looks each kind up by itself is found out."""
NEXT_WEEK = date(2026, 3, 9)


@dataclass(frozen=True, slots=True)
class ListPage:
    """Who opens which address, and what adds row number n; `send` posts instead."""

    who: str
    address: Callable[[Ground], str]
    grow: Callable[[Ground, int], object]
    send: dict[str, str] | None = None
    is_fragment: bool = False

    def open(self, browser: Browser, address: str) -> TestResponse:
        """The page, as its reader gets it."""
        if self.send is not None:
            answer = browser.send(address, self.send)
            return browser.get(answer.location) if answer.location else answer
        return browser.get(address, **({"X_Fragment": "1"} if self.is_fragment else {}))


def at(address: str) -> Callable[[Ground], str]:
    """An address that needs no row."""
    return lambda _ground: address


def patient_of(ground: Ground, number: int) -> int:
    """Another patient for each row."""
    with writing(ground.desk.engine) as session:
        patient = make_patient(session, number=f"7{number}", family=f"Trio {number}", given="Tea")
        return patient.id


def visits_of_many(ground: Ground, number: int) -> str:
    """A visit of today, of its own patient and kind, arrived or not."""
    return ground.desk.book(
        on=TODAY,
        at=600 + 75 * number,
        kind=KINDS[number % 3],
        patient_id=patient_of(ground, number),
    )


def missed(ground: Ground, number: int) -> None:
    """A visit of today that nobody came to."""
    ground.desk.miss(visits_of_many(ground, number))


def visits_of_pat(ground: Ground, number: int) -> str:
    """A visit of Pat's, of its own kind."""
    return ground.desk.book(on=NEXT_WEEK, at=540 + 75 * number, kind=KINDS[number % 3])


def week_of_pat(ground: Ground) -> str:
    """The week in which the visits of Pat's lie."""
    return f"/schedule/week?patient={ground.desk.cast.pat.public_id}&on={NEXT_WEEK}"


def course_of_pat(ground: Ground, number: int) -> None:
    """A course of Pat's with one visit."""
    visit = visits_of_pat(ground, number)
    put_in_course(ground.desk, visit, make_course(ground.desk, number))


def visit_of_course(ground: Ground, number: int) -> None:
    """One visit more in Pat's only course."""
    visit = ground.desk.book(on=NEXT_WEEK + timedelta(days=number))
    with reading(ground.desk.engine) as session:
        course_id = session.scalars(select(Course.id)).first()
    put_in_course(ground.desk, visit, course_id or make_course(ground.desk, 0))


def make_course(desk: Desk, number: int) -> int:
    with writing(desk.engine) as session:
        protocols = session.scalars(
            select(Definition.id).where(Definition.key.startswith("tms_")).order_by(Definition.id)
        ).all()
        course = Course(
            patient_id=desk.cast.pat.patient_id,
            site_id=session.scalars(select(Site.id)).one(),
            definition_id=protocols[number],
            status=CourseStatus.ACTIVE,
            start_on=NEXT_WEEK,
            counts={"acute": 30, "taper": 6},
            wishes={},
            created_at=NOW,
        )
        session.add(course)
        session.flush()
        return course.id


def put_in_course(desk: Desk, visit: str, course_id: int) -> None:
    with writing(desk.engine) as session:
        row = session.scalars(select(Appointment).where(Appointment.public_id == visit)).one()
        row.course_id, row.step_key, row.phase = course_id, "treatment", "acute"


def course_page(ground: Ground) -> str:
    with reading(ground.desk.engine) as session:
        return f"/schedule/courses/{session.scalars(select(Course.public_id)).one()}"


def first_visit(ground: Ground) -> str:
    with reading(ground.desk.engine) as session:
        return session.scalars(select(Appointment.public_id).order_by(Appointment.id)).first() or ""


def history(ground: Ground, number: int) -> None:
    """One line more in what happened to Pat's visit."""
    if not number:
        ground.visit("seat")
        return
    with writing(ground.desk.engine) as session:
        row = session.scalars(select(Appointment)).one()
        session.add(
            StatusChange(
                appointment_id=row.id,
                verb="move",
                from_status=row.status,
                to_status=row.status,
                from_start_at=row.start_at,
                to_start_at=row.start_at,
                at=NOW + timedelta(minutes=number),
                by=ground.desk.cast.dana.account_id,
            )
        )


def record(ground: Ground, number: int) -> None:
    """One reading and one side effect more at Pat's visit."""
    if not number:
        ground.visit("seat")
    visit = first_visit(ground)
    ground.chair(visit, "vitals", **VITALS)
    ground.chair(visit, "side-effects", **EFFECT)


def block(ground: Ground, number: int) -> None:
    """One closed time more, of different owners."""
    with writing(ground.desk.engine) as session:
        site_id = session.scalars(select(Site.id)).one()
        office = session.scalars(select(Resource).where(Resource.key == "office-1")).one()
        add_block(
            session,
            site_id=site_id if number == 1 else None,
            resource_id=None if number == 1 else office.id,
            start_at=datetime(2026, 3, 16 + number, 14, tzinfo=UTC),
            end_at=datetime(2026, 3, 16 + number, 15, tzinfo=UTC),
            kind="closure",
            reason="repair",
            by=MAKER,
            now=NOW,
        )


def affected(ground: Ground, number: int) -> None:
    """One visit more inside a closed time."""
    visits_of_pat(ground, number)
    if number == 2:
        with writing(ground.desk.engine) as session:
            add_block(
                session,
                site_id=session.scalars(select(Site.id)).one(),
                start_at=datetime(2026, 3, 9, 12, tzinfo=UTC),
                end_at=datetime(2026, 3, 9, 23, tzinfo=UTC),
                kind="closure",
                reason="repair",
                by=MAKER,
                now=NOW,
            )


def site(ground: Ground, number: int) -> None:
    with writing(ground.desk.engine) as session:
        made = make_site(session, key=f"site-{number}", name=f"Site {number}")
        adan = session.scalars(select(Staff.id).where(Staff.key == "adan")).one()
        role = Role.CLINIC_ADMIN.value
        session.add(Grant(staff_id=adan, role=role, site_id=made.id, from_on=LONG_AGO))


def resource(ground: Ground, number: int) -> None:
    with writing(ground.desk.engine) as session:
        place = session.scalars(select(Site)).first()
        make_resource(
            session, key=f"tms-9{number}", kind="tms_device", site=place, tags=("figure-8",)
        )


def person(ground: Ground, number: int) -> None:
    with writing(ground.desk.engine) as session:
        place = session.scalars(select(Site)).first()
        staff = make_staff(
            session,
            key=f"new-{number}",
            name=f"New Person {number}",
            roles=(Role.TMS_OPERATOR,),
            qualifications=("tms_operator",),
            site=place,
            is_bookable=True,
        )
        make_account(session, staff=staff, login=f"new-{number}")


def definition(kind: str) -> Callable[[Ground, int], None]:
    """One protocol or visit kind more."""

    def grow(ground: Ground, number: int) -> None:
        with writing(ground.desk.engine) as session:
            old = session.scalars(select(Definition).where(Definition.kind == kind)).first()
            assert old is not None
            session.add(
                Definition(
                    kind=kind,
                    key=f"new_{number}",
                    version=1,
                    status=DefinitionStatus.APPROVED,
                    body=old.body | {"key": f"new_{number}"},
                    in_force_on=old.in_force_on,
                    approved_at=NOW,
                    created_at=NOW,
                )
            )

    return grow


LISTS: dict[str, tuple[ListPage, ...]] = {
    "admin.home": (ListPage("adan", at("/admin/"), site),),
    "admin.list_blocks": (ListPage("adan", at("/admin/closed-times"), block),),
    "admin.list_kinds": (ListPage("adan", at("/admin/visit-kinds"), definition("visit_kind")),),
    "admin.list_people": (ListPage("adan", at("/admin/people"), person),),
    "admin.list_policies": (ListPage("adan", at("/admin/policies"), definition("texts")),),
    "admin.list_protocols": (ListPage("adan", at("/admin/protocols"), definition("protocol")),),
    "admin.list_resources": (ListPage("adan", at("/admin/resources"), resource),),
    "clinician.home": (ListPage("cleo", at("/clinician/"), visits_of_many),),
    "clinician.show_visit": (
        ListPage("cleo", lambda ground: f"/clinician/visits/{first_visit(ground)}", record),
    ),
    "desk.find_patients": (ListPage("dana", at("/desk/patients"), patient_of, send={"q": "trio"}),),
    "desk.home": (
        ListPage("dana", at("/desk/"), visits_of_many),
        ListPage("dana", at("/desk/"), missed),
    ),
    "desk.show_patient": tuple(
        ListPage("dana", lambda ground: f"/desk/patients/{ground.desk.cast.pat.public_id}", grow)
        for grow in (visits_of_pat, course_of_pat, visit_of_course)
    ),
    "imports.left_out": (
        ListPage("dana", lambda ground: f"{imports.newest(ground)}/left-out.csv", imports.left_out),
    ),
    "imports.list_imports": (
        ListPage("dana", at("/imports/"), lambda ground, _: imports.draft(ground)),
    ),
    "imports.show_import": (
        ListPage("dana", imports.newest, imports.left_out),
        ListPage("dana", imports.newest, imports.draft_row),
    ),
    "patient.home": tuple(
        ListPage("pat", at("/my/"), grow) for grow in (visits_of_pat, visit_of_course)
    ),
    "patient.calendar": (ListPage("pat", at("/my/visits.ics"), visits_of_pat),),
    "schedule.blocks": (ListPage("dana", at("/schedule/blocks"), block),),
    "schedule.week": (ListPage("dana", week_of_pat, visits_of_pat),),
    "schedule.board": (ListPage("dana", at("/schedule/"), visits_of_many),),
    "schedule.board_grid": (
        ListPage("dana", at(f"/schedule/grid?site=main&on={TODAY}&v=0"), visits_of_many),
    ),
    "schedule.new_block": (ListPage("dana", at("/schedule/blocks/new"), resource),),
    "schedule.show_course": (ListPage("dana", course_page, visit_of_course),),
    "schedule.show_visit": (
        ListPage(
            "dana",
            lambda ground: f"/schedule/visits/{first_visit(ground)}",
            history,
            is_fragment=True,
        ),
    ),
}
NO_LIST = {
    "admin.edit_holidays": "a form about one entry of the set-up",
    "admin.edit_hours": "a form about one entry of the set-up",
    "admin.edit_leave": "a form about one entry of the set-up",
    "admin.edit_person": "a form about one entry of the set-up",
    "admin.edit_qualifications": "a form about one entry of the set-up",
    "admin.edit_resource": "a form about one entry of the set-up",
    "admin.edit_roles": "a form about one entry of the set-up",
    "admin.edit_shifts": "a form about one entry of the set-up",
    "admin.edit_site": "a form about one entry of the set-up",
    "admin.new_person": "a form about one entry of the set-up",
    "admin.new_resource": "a form about one entry of the set-up",
    "admin.new_site": "a form about one entry of the set-up",
    "admin.propose_holidays": "a form; its days are worked out and not read",
    "admin.show_policy": "one version of one document",
    "admin.show_protocol": "one version of one protocol",
    "auth.account": "one's own account",
    "auth.change_password": "a form",
    "auth.healthz": "one line",
    "auth.log_in": "a form",
    "auth.show_link": "a button",
    "auth.start": "leads on",
    "clinician.change_effect": "a form",
    "clinician.finish": "a form",
    "clinician.void_effect": "a form",
    "clinician.void_vitals": "a form",
    "desk.edit_patient": "a form",
    "desk.new_patient": "a form",
    "imports.show_columns": "a form; its rows are columns of a file",
    "schedule.free_week": "stretches of free time, which are worked out and not read",
    "schedule.cancel_visit": "a form",
    "schedule.end_course_early": "a form; its visits are counted and not listed",
    "schedule.finish_visit": "a form",
    "schedule.move_visit": "a form with free times, which are worked out and not read",
    "schedule.new_visit": "a form with free times, which are worked out and not read",
    "schedule.plan_course": "a form with a plan that is not in the database",
    "schedule.show_block": "its rows are counted apart: the closed time comes last",
    "static": "files",
}
