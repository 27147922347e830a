"""Staff who are patients: their own chart is shut to them, for reading and for writing."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.observations import log_vitals, void_observation
from clinic.actions.setup import apply_setup
from clinic.actions.side_effects import SideEffectDraft, log_side_effect, void_side_effect
from clinic.actions.staff import link_own_chart
from clinic.actions.visits import end_visit, finish_visit, start_visit
from clinic.errors import Conflict, NotAllowed, NotFound
from clinic.models import Appointment, AuditEntry, Observation, SideEffect, Staff
from clinic.models.base import JsonValue
from clinic.models.engine import reading, writing
from clinic.queries.setup import export_setup
from clinic.rules.actors import Actor
from clinic.rules.appointments import Outcome
from clinic.rules.vitals import Reading
from tests.browsers import Browser
from tests.conftest import NOW
from tests.integration.security.conftest import ABSENT, World
from tests.integration.web_desk.conftest import MAKER

Act = Callable[[], object]
Browsers = Callable[[str], Browser]
SENTENCE = "This is your own chart."


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def cleo_is_pat(world: World) -> World:
    """The clinic in which Cleo, the clinician, is treated as Pat."""
    link(world, "cleo", "1001")
    return world


def link(world: World, key: str, number: str) -> None:
    with writing(world.engine) as session:
        link_own_chart(session, staff_key=key, record_number=number, by=MAKER, now=NOW)


def test_nobody_opens_their_own_chart(cleo_is_pat: World, browser: Browsers) -> None:
    cleo, wrong, tried = browser("cleo"), [], 0
    for rule in cleo_is_pat.rules("GET"):
        if not rule.rule.startswith("/clinician/visits/"):
            continue
        tried += 1
        own, other = (cleo.get(ids.address(rule)) for ids in (cleo_is_pat.pat, cleo_is_pat.quinn))
        if own.status_code != 403 or SENTENCE not in own.text or "Price" in own.text:
            wrong.append((rule.rule, own.status_code))
        if other.status_code != 200:
            wrong.append((rule.rule, other.status_code))

    assert (wrong, tried > 3) == ([], True)


def test_nobody_writes_in_their_own_chart(cleo_is_pat: World, browser: Browsers) -> None:
    cleo, wrong, tried = browser("cleo"), [], 0
    token, before = cleo.form("/account"), cleo_is_pat.rows()
    for rule in cleo_is_pat.rules("POST"):
        if not rule.rule.startswith("/clinician/visits/") or rule.endpoint == "clinician.seat":
            continue
        tried += 1
        data = {"reason": "mistake", "tap": "headache", "grade": "1", "relatedness": "possible"}
        answer = cleo.post(
            cleo_is_pat.pat.address(rule), {**token, **data, "request_key": rule.endpoint}
        )
        if answer.status_code != 403 or SENTENCE not in answer.text:
            wrong.append((rule.rule, answer.status_code))

    assert (wrong, cleo_is_pat.rows()) == ([], before)
    assert tried > 4


def test_no_action_writes_in_ones_own_chart(cleo_is_pat: World) -> None:
    world = cleo_is_pat
    by = replace(world.cast.cleo.actor, own_patient_id=world.cast.pat.patient_id)
    refused = []
    with writing(world.engine) as session:
        visit = session.scalars(
            select(Appointment).where(Appointment.public_id == world.pat.visits)
        ).one()
        for act in [
            *about_the_visit(session, visit, by),
            *about_what_was_noted(session, visit, by),
        ]:
            with pytest.raises(NotAllowed) as caught:
                act()
            refused.append(caught.value.code)

    assert refused == ["own_chart"] * 7


def about_the_visit(session: Session, visit: Appointment, by: Actor) -> list[Act]:
    return [
        lambda: start_visit(session, appointment=visit, at=NOW, by=by, now=NOW),
        lambda: end_visit(session, appointment=visit, at=NOW, by=by, now=NOW),
        lambda: finish_visit(
            session,
            appointment=visit,
            outcome=Outcome.COMPLETE,
            reason=None,
            version=visit.version,
            by=by,
            now=NOW,
        ),
    ]


def about_what_was_noted(session: Session, visit: Appointment, by: Actor) -> list[Act]:
    pressure = session.scalars(
        select(Observation).where(Observation.appointment_id == visit.id)
    ).one()
    effect = session.scalars(select(SideEffect).where(SideEffect.appointment_id == visit.id)).one()
    draft = SideEffectDraft("headache", 1, NOW, "possible", "none", "ongoing")
    calm = Reading(systolic_mmhg=120, diastolic_mmhg=80)
    return [
        lambda: log_vitals(session, appointment=visit, reading=calm, taken_at=NOW, by=by, now=NOW),
        lambda: void_observation(session, observation=pressure, reason="x", by=by, now=NOW),
        lambda: log_side_effect(session, appointment=visit, draft=draft, by=by, now=NOW),
        lambda: void_side_effect(session, side_effect=effect, reason="x", by=by, now=NOW),
    ]


def test_the_list_at_the_chairs_leads_nobody_to_their_own_chart(
    cleo_is_pat: World, browser: Browsers
) -> None:
    page = browser("cleo").get("/clinician/").text

    assert (cleo_is_pat.pat.visits in page, cleo_is_pat.quinn.visits in page) == (False, True)
    assert "your own chart" in page


def test_the_desk_still_books_for_a_colleague_and_sees_no_button_to_finish_their_own_visit(
    world: World, browser: Browsers
) -> None:
    link(world, "dana", "1001")
    address = f"/schedule/visits/{world.pat.visits}"

    page = browser("dana").get(address, X_Fragment="1")

    assert page.status_code == 200
    assert f"{address}/done" not in page.text
    assert browser("dana").get(f"/desk/patients/{world.pat.patients}").status_code == 200


def test_an_absent_visit_is_told_from_ones_own_by_nobody_else(
    cleo_is_pat: World, browser: Browsers
) -> None:
    cleo = browser("cleo")

    far = cleo.get(f"/clinician/visits/{cleo_is_pat.elsewhere.visits}")
    absent = cleo.get(f"/clinician/visits/{ABSENT.visits}")

    assert (far.status_code, far.data) == (404, absent.data)


def test_a_person_is_linked_once_and_unlinked_again(world: World) -> None:
    link(world, "cleo", "1001")
    with writing(world.engine) as session:
        with pytest.raises(Conflict):
            link_own_chart(session, staff_key="dana", record_number="1001", by=MAKER, now=NOW)
        with pytest.raises(NotFound):
            link_own_chart(session, staff_key="dana", record_number="9999", by=MAKER, now=NOW)
        with pytest.raises(NotFound):
            link_own_chart(session, staff_key="nobody", record_number="1001", by=MAKER, now=NOW)
    link(world, "cleo", "")
    link(world, "cleo", "")

    with reading(world.engine) as session:
        verbs = session.scalars(
            select(AuditEntry.patient_id).where(AuditEntry.verb == "link_own_chart")
        ).all()
        linked = session.scalars(select(Staff.patient_id).where(Staff.key == "cleo")).one()

    assert (list(verbs), linked) == ([world.cast.pat.patient_id, None], None)


def test_the_set_up_file_links_people_and_gives_the_link_back(world: World) -> None:
    document: JsonValue = {
        "schema": "coursekeeper/setup/1",
        "staff": [{"key": "cleo", "name": "Cleo Clinician", "patient": "1001"}],
    }
    with writing(world.engine) as session:
        apply_setup(session, document=document, by=MAKER, now=NOW)
        linked = session.scalars(select(Staff.patient_id).where(Staff.key == "cleo")).one()
        exported = export_setup(session)

    people = exported["staff"]
    assert isinstance(people, list)
    assert linked == world.cast.pat.patient_id
    assert [
        one.get("patient") for one in people if isinstance(one, dict) and one["key"] == "cleo"
    ] == ["1001"]
