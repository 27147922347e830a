"""Every page in a real browser: axe finds nothing grave, and nothing is wider than the screen."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import ViewportSize
from sqlalchemy import select

from clinic.actions.courses import book_course
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models import Site
from clinic.models.engine import writing
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import propose_course
from tests.browser.conftest import DESK, PHONE, TABLET, Clinic, Visitor
from tests.integration.cli.conftest import document
from tests.integration.web_desk.test_plans import BY, MADE_AT

pytestmark = pytest.mark.browser
Visitors = Callable[..., Visitor]
PIECES = ("/schedule/grid",)
"""Parts of a page that a script fetches by themselves."""
MONDAY = date(2026, 3, 2)


@pytest.fixture
def course(clinic: Clinic) -> str:
    """The public id of a course of Pat that began today."""
    with writing(clinic.engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
        site = session.scalars(select(Site).where(Site.key == "main")).one()
        proposal = propose_course(
            session,
            patient_id=clinic.cast.pat.patient_id,
            protocol_key="tms_itbs_ldlpfc",
            site=frame_of(site),
            wishes=Wishes(MONDAY, preferred_min=600),
        )
        return book_course(
            session,
            order=proposal.order,
            plan=proposal.plan,
            kinds=proposal.kinds,
            by=BY,
            now=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        ).public_id


@pytest.mark.parametrize(
    "name, screen, is_dark",
    [
        pytest.param("dana", DESK, False, id="desk"),
        pytest.param("dana", PHONE, True, id="desk-phone-dark"),
        pytest.param("cleo", TABLET, True, id="clinician-dark"),
        pytest.param("adan", DESK, False, id="administrator"),
        pytest.param("adan", PHONE, False, id="administrator-phone"),
        pytest.param("pat", PHONE, False, id="patient"),
    ],
)
def test_every_page_pleases_axe_and_fits_its_screen(
    visitor: Visitors,
    clinic: Clinic,
    course: str,
    name: str,
    screen: ViewportSize,
    is_dark: bool,
) -> None:
    person = visitor(name, screen=screen, is_dark=is_dark)
    with_id = (
        f"/schedule/courses/{course}",
        f"/desk/patients/{clinic.cast.pat.public_id}",
        f"/schedule/week?patient={clinic.cast.pat.public_id}",
        "/admin/policies/thresholds/1",
    )
    seen, faults = 0, {}

    for path in (*clinic.paths, *with_id):
        answer = person.page.request.get(clinic.address + path)
        is_page = "text/html" in answer.headers["content-type"] and path not in PIECES
        if not (answer.ok and is_page):
            continue
        person.open(path)
        seen += 1
        wide = person.page.evaluate("document.documentElement.scrollWidth") - screen["width"]
        found = person.serious_faults() + ([f"{wide} px too wide"] if wide > 0 else [])
        if found:
            faults[path] = found

    assert faults == {}
    assert seen > (5 if name != "pat" else 0), seen
