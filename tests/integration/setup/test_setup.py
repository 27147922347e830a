"""A clinic set up from one document: all or nothing, again without change."""

from datetime import date, datetime

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.definitions import load_starter_data
from clinic.actions.puts import Put
from clinic.actions.setup import apply_setup
from clinic.errors import NotAllowed
from clinic.models import Account, Block, Resource, Site
from clinic.models.appointments import Appointment
from clinic.models.engine import make_engine, writing
from clinic.models.resources import Cell
from clinic.queries.availability import SiteFrame
from clinic.queries.setup import export_setup
from clinic.rules.actors import Actor
from tests.integration.setup.example import BY, Document, at, counts, refusal
from tests.places import add_appointment_row, add_kind_row, add_patient_row


def test_the_example_of_the_docs_sets_up_a_clinic(
    session: Session, now: datetime, document: Document
) -> None:
    load_starter_data(session, by=BY, now=now)

    report = apply_setup(session, document=document, by=BY, now=now)

    assert {name: dict(done) for name, done in report.sections.items()} == {
        "clinic": {Put.CREATED: 1},
        "sites": {Put.CREATED: 1},
        "resources": {Put.CREATED: 7},
        "staff": {Put.CREATED: 3},
        "leave": {Put.CREATED: 1},
        "blocks": {Put.CREATED: 2},
        "patients": {Put.CREATED: 1},
    }
    assert report.new_logins == ("cleo@example.org", "dana@example.org", "omar@example.org")


def test_new_logins_have_no_password(session: Session, now: datetime, document: Document) -> None:
    apply_setup(session, document=document, by=BY, now=now)

    assert set(session.scalars(select(Account.password_hash))) == {None}


def test_applying_again_changes_nothing(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    before = counts(session)

    report = apply_setup(session, document=document, by=BY, now=now)

    assert {put for done in report.sections.values() for put in done} == {Put.UNCHANGED}
    assert (counts(session), report.new_logins) == (before, ())


@pytest.mark.slow
def test_what_is_exported_sets_up_the_same_clinic(
    sqlite_engine: Engine, postgres_url: str, now: datetime, document: Document
) -> None:
    with writing(sqlite_engine) as session:
        apply_setup(session, document=document, by=BY, now=now)
        exported = export_setup(session)
    other = make_engine(postgres_url)
    with writing(other) as session:
        apply_setup(session, document=exported, by=BY, now=now)
        again = export_setup(session)
    other.dispose()

    assert again == exported


def test_a_change_touches_only_what_differs(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    at(document, "resources", 0)["name"] = "TMS one"
    at(document, "staff", 1)["qualifications"] = []

    report = apply_setup(session, document=document, by=BY, now=now)

    assert report.sections["resources"] == {Put.CHANGED: 1, Put.UNCHANGED: 6}
    assert report.sections["staff"] == {Put.CHANGED: 1, Put.UNCHANGED: 2}


def test_what_is_left_out_stays(session: Session, now: datetime, document: Document) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    before = counts(session)
    site = at(document, "sites", 0)
    del site["hours"], site["holidays"]

    apply_setup(session, document={"schema": document["schema"], "sites": [site]}, by=BY, now=now)

    assert counts(session) == before
    assert at(export_setup(session), "sites", 0)["holidays"] == [
        {"on": "2026-07-03", "name": "Independence Day (observed)"}
    ]


def test_leave_is_kept_in_the_zone_of_the_persons_site(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)

    leave = session.execute(select(Block).where(Block.kind == "leave")).scalar_one()

    assert (leave.start_at.isoformat(), leave.end_at.isoformat()) == (
        "2026-08-03T04:00:00+00:00",
        "2026-08-15T04:00:00+00:00",
    )


def seat_taken(session: Session, key: str, seat_no: int) -> None:
    """Take one cell of a resource's seat."""
    site = session.execute(select(Site)).scalar_one()
    patient = add_patient_row(session, number=77)
    appointment = add_appointment_row(
        session,
        patient=patient,
        site=SiteFrame(site.id, site.zone, {}),
        definition_id=add_kind_row(session),
    )
    resource = session.execute(select(Resource).where(Resource.key == key)).scalar_one()
    session.add(
        Cell(
            resource_id=resource.id,
            quantum=5_910_000,
            seat_no=seat_no,
            appointment_id=appointment,
        )
    )
    session.flush()


def test_seats_below_what_is_in_use_are_refused(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    seat_taken(session, "recovery", 3)
    at(document, "resources", 6)["seats"] = 2

    assert refusal(session, now, document) == [("$.resources[6]", "seats_in_use")]


def test_seats_above_what_is_in_use_can_go(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    seat_taken(session, "recovery", 3)
    at(document, "resources", 6)["seats"] = 3

    apply_setup(session, document=document, by=BY, now=now)

    assert at(export_setup(session), "resources", 3)["seats"] == 3


def test_a_booked_resource_cannot_go_to_another_site(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    seat_taken(session, "dosing_1", 1)
    second = {**at(document, "sites", 0), "key": "north"}
    document["sites"] = [second]
    at(document, "resources", 3)["site"] = "north"

    assert refusal(session, now, document) == [("$.resources[3]", "resource_in_use")]


def test_the_zone_of_a_site_with_visits_ahead_cannot_change(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    seat_taken(session, "dosing_1", 1)
    assert session.scalar(select(func.count(Appointment.id))) == 1
    at(document, "sites", 0)["zone"] = "America/Chicago"

    assert refusal(session, now, document) == [("$.sites[0]", "zone_has_bookings")]


def test_one_who_is_no_longer_bookable_keeps_the_past(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    person = at(document, "staff", 1)
    del person["shifts"], person["leave"]
    person["seats"] = 0

    apply_setup(session, document=document, by=BY, now=now)

    resource = session.execute(select(Resource).where(Resource.key == "person:omar")).scalar_one()
    assert resource.is_active is False


def test_a_qualification_ends_on_its_day(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)

    assert at(export_setup(session), "staff", 2, "qualifications", 0) == {
        "qualification": "tms_operator",
        "until": date(2028, 6, 30).isoformat(),
    }


def test_set_up_needs_the_permission(session: Session, now: datetime, document: Document) -> None:
    with pytest.raises(NotAllowed):
        apply_setup(session, document=document, by=Actor(account_id=1), now=now)
