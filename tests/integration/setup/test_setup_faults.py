"""What a set-up document may not say: each fault named by its path, and nothing written."""

import copy
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models.base import JsonValue
from clinic.models.engine import writing
from clinic.schemas import DocumentRefused
from tests.integration.setup.example import BY, Document, at, counts, refusal


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
    (
        edit("resources", 2, fits=["tms_2", "dosing_1"]),
        ("$.resources[2].fits[1]", "fits_no_device"),
    ),
    (edit("resources", 3, kind="dosing_rooom"), ("$.resources[3].kind", "kind_unknown")),
    (edit("resources", 2, fits=["tms_2", "tms_9"]), ("$.resources[2].fits[1]", "resource_unknown")),
    (edit("resources", 0, site="moon"), ("$.resources[0].site", "site_unknown")),
    (edit("resources", 3, key="tms_1"), ("$.resources[3].key", "given_twice")),
    (edit("resources", 3, seats=0), ("$.resources[3].seats", "schema_minimum")),
    (
        edit("sites", 0, "hours", 1, **{"from": "13:02", "to": "17:00"}),
        ("$.sites[0].hours[1]", "hours_off_grid"),
    ),
    (edit("staff", 1, "shifts", 0, to="16:59"), ("$.staff[1].shifts[0]", "hours_off_grid")),
    (
        edit("sites", 0, patient_name="Riverside Ketamine Center"),
        ("$.sites[0].patient_name", "name_not_neutral"),
    ),
    (edit("sites", 0, phone="call me"), ("$.sites[0].phone", "phone_wrong")),
    (edit("staff", 0, email="not an email"), ("$.staff[0].email", "email_wrong")),
    (edit("patients", 0, language="xx"), ("$.patients[0].language", "language_unknown")),
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


SHIFT: Document = {"site": "main", "days": ["mon", "wed"], "from": "08:00", "to": "12:00"}


@pytest.mark.parametrize(
    ("other", "is_clash"),
    [
        ({}, True),
        ({"from": "11:55", "to": "17:00"}, True),
        ({"from": "12:00", "to": "17:00"}, False),
        ({"days": ["tue"]}, False),
        ({"from_on": "2026-06-01"}, True),
        ({"until_on": "2025-12-31"}, False),
    ],
)
def test_nobody_works_twice_at_one_time(
    session: Session, now: datetime, document: Document, other: Document, is_clash: bool
) -> None:
    first = {**SHIFT, "from_on": "2026-01-01"}
    at(document, "staff", 1).update(shifts=[first, {**SHIFT, **other}])

    if is_clash:
        found = refusal(session, now, document)
        assert set(found) == {("$.staff[1].shifts", "shifts_overlap")}
    else:
        apply_setup(session, document=document, by=BY, now=now)


def test_the_key_of_a_closed_time_stays_with_what_it_closes(
    session: Session, now: datetime, document: Document
) -> None:
    apply_setup(session, document=document, by=BY, now=now)
    other = {**at(document, "blocks", 1), "resource": "dosing_1"}

    faults = refusal(session, now, {"schema": document["schema"], "blocks": [other]})

    assert faults == [("$.blocks[0].key", "block_of_another")]


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
