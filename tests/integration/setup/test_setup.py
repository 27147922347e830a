"""A clinic set up from one document: all or nothing, again without change, faults by path."""

import copy
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.definitions import load_starter_data
from clinic.actions.puts import Put
from clinic.actions.setup import apply_setup
from clinic.errors import NotAllowed
from clinic.models import Account, Block, Grant, Patient, Resource, Seat, Shift, Site, Staff
from clinic.models.appointments import Appointment
from clinic.models.base import JsonValue
from clinic.models.engine import make_engine, writing
from clinic.models.resources import Cell
from clinic.queries.availability import SiteFrame
from clinic.queries.setup import export_setup
from clinic.rules.actors import Actor, system_actor
from clinic.schemas import DocumentRefused
from tests.places import add_appointment_row, add_kind_row, add_patient_row

BY = system_actor("test")
EXAMPLE = Path(__file__).parents[3] / "docs" / "setup-example.json"
Document = dict[str, JsonValue]


@pytest.fixture
def document() -> Document:
    read = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def at(document: JsonValue, *path: str | int) -> Document:
    """Return the object at a place in the document."""
    for part in path:
        document = document[part]
    assert isinstance(document, dict)
    return document


def counts(session: Session) -> list[int]:
    tables = (Site, Resource, Seat, Staff, Grant, Shift, Block, Patient, Account)
    return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def refusal(session: Session, now: datetime, document: JsonValue) -> list[tuple[str, str]]:
    with pytest.raises(DocumentRefused) as caught:
        apply_setup(session, document=document, by=BY, now=now)
    return [(fault.path, fault.code) for fault in caught.value.faults]


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


def edit(*path: str | int, **values: JsonValue) -> Callable[[Document], None]:
    return lambda document: at(document, *path).update(values)


FAULTS: list[tuple[Callable[[Document], None], tuple[str, str]]] = [
    (edit("sites", 0, zone="America/Gotham"), ("$.sites[0].zone", "zone_unknown")),
    (edit("clinic", zone="Mars"), ("$.clinic.zone", "zone_unknown")),
    (edit("clinic", zone="localtime"), ("$.clinic.zone", "zone_unknown")),
    (edit("clinic", zone="right/UTC"), ("$.clinic.zone", "zone_unknown")),
    (
        edit("staff", 1, "shifts", 0, **{"from": "22:00", "to": "06:00"}),
        ("$.staff[1].shifts[0]", "shift_across_midnight"),
    ),
    (
        edit("sites", 0, "hours", 1, **{"from": "13:00", "to": "13:00"}),
        ("$.sites[0].hours[1]", "hours_end_before_start"),
    ),
    (
        edit("sites", 0, "hours", 1, days=["fri"]),
        ("$.sites[0].hours", "hours_overlap"),
    ),
    (edit("resources", 0, tags=["red"]), ("$.resources[0].tags", "device_without_coil")),
    (edit("resources", 2, fits=[]), ("$.resources[1].tags", "device_without_coil")),
    (edit("resources", 2, active=False), ("$.resources[1].tags", "device_without_coil")),
    (edit("resources", 2, tags=[]), ("$.resources[1].tags", "device_without_coil")),
    (edit("resources", 2, kind="office"), ("$.resources[1].tags", "device_without_coil")),
    (edit("resources", 2, fits=["tms_2", "tms_9"]), ("$.resources[2].fits[1]", "resource_unknown")),
    (edit("resources", 0, site="moon"), ("$.resources[0].site", "site_unknown")),
    (edit("resources", 3, key="tms_1"), ("$.resources[3].key", "given_twice")),
    (edit("resources", 3, seats=0), ("$.resources[3].seats", "schema_minimum")),
    (
        edit("sites", 0, "holidays", 0, on="2026-02-30"),
        ("$.sites[0].holidays[0].on", "date_impossible"),
    ),
    (edit("patients", 0, birth_on="1984-13-01"), ("$.patients[0].birth_on", "date_impossible")),
    (edit("patients", 0, birth_on="2054-01-01"), ("$.patients[0].birth_on", "birth_in_future")),
    (edit("patients", 0, phone="12"), ("$.patients[0].phone", "phone_wrong")),
    (edit("patients", 0, email="ines@"), ("$.patients[0].email", "email_wrong")),
    (edit("patients", 0, family=" "), ("$.patients[0].family", "field_empty")),
    (edit("patients", 0, zone="Nowhere"), ("$.patients[0].zone", "zone_unknown")),
    (edit("patients", 0, login="dana@example.org"), ("$.patients[0].login", "given_twice")),
    (edit("blocks", 0, to="2026-03-18T11:00"), ("$.blocks[0]", "end_before_start")),
    (edit("blocks", 0, **{"from": "2026-03-08T02:30"}), ("$.blocks[0]", "time_does_not_exist")),
    (edit("blocks", 0, to="2026-03-32"), ("$.blocks[0].to", "date_impossible")),
    (edit("blocks", 1, resource="tms_9"), ("$.blocks[1].resource", "resource_unknown")),
    (edit("blocks", 1, site="main"), ("$.blocks[1]", "schema_oneOf")),
    (edit("staff", 0, roles=[{"role": "king"}]), ("$.staff[0].roles[0].role", "role_unknown")),
    (
        edit("staff", 1, "roles", 0, **{"from": "2026-05-01", "until": "2026-04-01"}),
        ("$.staff[1].roles[0]", "end_before_start"),
    ),
    (edit("staff", 1, seats=0), ("$.staff[1].seats", "shift_without_seat")),
    (edit("staff", 1, login="dana@example.org"), ("$.staff[1].login", "given_twice")),
    (edit(extra=1), ("$", "schema_additionalProperties")),
]


@pytest.mark.parametrize("change, fault", FAULTS)
def test_a_fault_is_named_by_path_and_nothing_is_written(
    sqlite_engine: Engine,
    now: datetime,
    document: Document,
    change: Callable[[Document], None],
    fault: tuple[str, str],
) -> None:
    with writing(sqlite_engine) as session:
        load_starter_data(session, by=BY, now=now)
    change(document)

    with pytest.raises(DocumentRefused) as caught, writing(sqlite_engine) as session:
        apply_setup(session, document=document, by=BY, now=now)

    with writing(sqlite_engine) as session:
        left = counts(session)
    assert [(one.path, one.code) for one in caught.value.faults] == [fault]
    assert left == [0] * 9


def test_all_faults_are_listed_at_once(session: Session, now: datetime, document: Document) -> None:
    at(document, "sites", 0)["zone"] = "Mars"
    at(document, "resources", 0)["site"] = "moon"

    assert refusal(session, now, document) == [
        ("$.resources[0].site", "site_unknown"),
        ("$.sites[0].zone", "zone_unknown"),
    ]


@pytest.mark.parametrize("change", [{"fits": []}, {"active": False}, {"tags": []}])
def test_a_device_does_not_lose_its_coil_by_a_change_of_the_coil(
    session: Session, now: datetime, document: Document, change: dict[str, JsonValue]
) -> None:
    load_starter_data(session, by=BY, now=now)
    apply_setup(session, document=document, by=BY, now=now)
    coil = at(document, "resources", 2) | change

    faults = refusal(session, now, {"schema": document["schema"], "resources": [coil]})

    assert faults == [("$.resources[0].fits", "device_loses_coil")]
    retired = [at(document, "resources", 1) | {"active": False}, coil]
    apply_setup(
        session, document={"schema": document["schema"], "resources": retired}, by=BY, now=now
    )


def test_a_login_of_somebody_else_is_refused(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    other = copy.deepcopy(at(document, "staff", 0))
    other["key"] = "dana_2"

    faults = refusal(session, now, {"schema": document["schema"], "staff": [other]})

    assert faults == [("$.staff[0]", "login_taken")]


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
