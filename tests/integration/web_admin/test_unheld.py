"""Visits that the set-up no longer holds: which, why, and which are left out."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select

from clinic.actions.blocks import keep_appointment
from clinic.actions.setup_changes import Change, change_setup
from clinic.errors import NotFound, RuleBroken
from clinic.models import Appointment, Block, Qualification, Resource, Staff
from clinic.models.engine import reading, writing
from clinic.queries.setup import Section
from clinic.queries.unheld import unheld
from clinic.queries.unheld_checks import Ahead, Clinic, Held, Lack, Thing, Why, lack_of
from clinic.rules.appointments import Status
from clinic.rules.visit_kinds import Place, Requirement
from clinic.web.unheld import why_words
from tests.conftest import NOW
from tests.integration.web_desk.conftest import MAKER, TOMORROW, Desk

ALL_DAY = (1 << 288) - 1
ROOM = Thing("Room 1", kind="room", tags=frozenset({"wide"}), is_active=True, fits=frozenset())
VISIT = Ahead(
    holds=(Held(1, "room", 0, 12),),
    id=1,
    public_id="p",
    site_id=1,
    patient_public_id="q",
    family="F",
    given="G",
    definition_id=1,
    course_id=None,
    step_key=None,
    place="room",
    local_on=date(1970, 1, 1),
    local_min=0,
    length_min=60,
    end_at=datetime(1970, 1, 1, 1, tzinfo=UTC),
    status=Status.BOOKED,
)
CLINIC = Clinic(
    opened={1: {date(1970, 1, 1): {0: ALL_DAY, 1: ALL_DAY}}},
    switches={1: {}},
    zones={1: "UTC"},
    things={1: ROOM},
    qualified={},
)
WIDE = Requirement("room", "room", None, tags=frozenset({"wide"}))


def lacks(desk: Desk) -> list[Lack]:
    """What the visits to come lack."""
    with reading(desk.engine) as session:
        return [row.lack for row in unheld(session, now=NOW)]


def test_a_visit_that_has_all_it_needs_lacks_nothing() -> None:
    assert lack_of(VISIT, [WIDE], frozenset(), CLINIC) is None


def test_a_room_that_lost_a_tag_does_not_fit() -> None:
    narrow = replace(CLINIC, things={1: replace(ROOM, tags=frozenset())})

    assert lack_of(VISIT, [WIDE], frozenset(), narrow) == Lack(Why.MISFIT, "Room 1")


def test_a_requirement_that_was_switched_on_is_not_met() -> None:
    watcher = Requirement("watch", None, "monitor", switch="one_to_one")

    assert lack_of(VISIT, [WIDE, watcher], frozenset(), CLINIC) == Lack(Why.UNMET, "monitor")


def test_a_requirement_of_another_place_is_not_asked_for() -> None:
    video = replace(WIDE, tags=frozenset({"screen"}), places=frozenset({Place.VIDEO}))

    assert lack_of(VISIT, [video], frozenset(), CLINIC) is None


def test_a_day_that_is_not_open_is_closed() -> None:
    assert lack_of(VISIT, [WIDE], frozenset(), replace(CLINIC, opened={1: {}})) == Lack(Why.CLOSED)


@pytest.mark.parametrize("why", list(Why))
def test_every_reason_has_words(app: Flask, why: Why) -> None:
    with app.test_request_context():
        assert why_words(Lack(why, "prescriber"))


def test_a_session_of_a_course_needs_the_coil_of_its_protocol(desk: Desk) -> None:
    desk.course(TOMORROW)
    assert lacks(desk) == []

    with writing(desk.engine) as session:
        for device in session.scalars(select(Resource).where(Resource.kind == "tms_device")):
            device.tags = ["H7"]

    assert [lack.why for lack in lacks(desk)] == [Why.MISFIT]


def test_a_session_needs_a_prescriber_on_site(desk: Desk, visit: str) -> None:
    with writing(desk.engine) as session:
        omar = session.scalars(select(Staff.id).where(Staff.key == "omar")).one()
        session.execute(
            delete(Qualification).where(
                Qualification.staff_id == omar, Qualification.qualification == "prescriber"
            )
        )

    assert lacks(desk) == [Lack(Why.UNCOVERED, "prescriber")]


def test_a_visit_that_somebody_keeps_in_a_closed_time_is_left_out(desk: Desk, visit: str) -> None:
    desk.shut("tms-1")
    assert lacks(desk) == [Lack(Why.ABSENT, "TMS 1")]

    with writing(desk.engine) as session:
        keep_appointment(
            session,
            block=session.scalars(select(Block)).one(),
            appointment=session.scalars(
                select(Appointment).where(Appointment.public_id == visit)
            ).one(),
            by=desk.cast.dana.actor,
            now=NOW,
        )

    assert lacks(desk) == []


def test_a_key_is_given_once(desk: Desk) -> None:
    room = {"key": "recovery", "name": "R", "kind": "recovery_room", "site": "main"}
    change = Change(Section.RESOURCES, "recovery", dict(room), version=None)

    with pytest.raises(RuleBroken, match="key_taken"), writing(desk.engine) as session:
        change_setup(session, change=change, by=MAKER, now=NOW)


def test_what_was_shown_and_is_gone_is_not_made_anew(desk: Desk) -> None:
    change = Change(Section.RESOURCES, "gone", {"name": "R"}, version="x")

    with pytest.raises(NotFound, match="no_such_thing"), writing(desk.engine) as session:
        change_setup(session, change=change, by=MAKER, now=NOW)
