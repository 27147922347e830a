"""Patients as they are written: stored as typed or refused at the field, found by any word."""

import csv
import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from clinic.actions.patients import PatientDetails, add_patient, change_patient
from clinic.errors import Conflict, NotAllowed, NotFound, RuleBroken
from clinic.models import AuditEntry, Patient, PatientToken, Resource, Seat
from clinic.models.engine import reading, writing
from clinic.queries.patients import by_public_id, by_record_number, search, search_query
from clinic.rules.actors import Actor, system_actor

BY = system_actor("test")
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
DATA = Path(__file__).parents[2] / "data"


def naughty() -> list[str]:
    read = json.loads((DATA / "naughty" / "blns.json").read_text(encoding="utf-8"))
    return [str(line) for line in read]


def names() -> Iterator[str]:
    """Every 20th forename and surname, as written locally and romanised."""
    for file in sorted((DATA / "names").glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in list(csv.DictReader(lines))[::20]:
                yield row["Localized Name"]
                yield row["Romanized Name"]


def new_patient(session: Session, family: str, given: str = "Pat", **more: str) -> Patient:
    return add_patient(
        session,
        family=family,
        given=given,
        birth_on=date(1984, 6, 1),
        phone=more.get("phone", ""),
        email=more.get("email", ""),
        language="en",
        by=BY,
        now=NOW,
    )


def found(session: Session, text: str) -> list[str]:
    return [f"{row.family}, {row.given}" for row in search(session, text)]


def test_a_patient_has_one_seat_so_that_nobody_is_booked_twice(session: Session) -> None:
    patient = new_patient(session, "Reed")

    resource = session.get_one(Resource, patient.resource_id)
    seats = session.scalars(select(Seat.seat_no).where(Seat.resource_id == resource.id)).all()
    assert (resource.kind, seats) == ("patient", [1])


def test_the_resource_of_a_patient_carries_no_name(session: Session) -> None:
    patient = new_patient(session, "Reed")

    assert session.get_one(Resource, patient.resource_id).name == "patient"


def test_adding_leaves_an_audit_row_without_names(session: Session) -> None:
    patient = new_patient(session, "Reed")

    row = session.execute(select(AuditEntry)).scalar_one()
    assert (row.verb, row.patient_id, row.values) == ("add_patient", patient.id, {"changed": []})


@pytest.mark.slow
def test_every_naughty_string_is_stored_or_refused_at_its_field(session: Session) -> None:
    refused = set()
    for line in naughty():
        wanted = unicodedata.normalize("NFC", line).strip()
        try:
            patient = new_patient(session, line, line)
        except RuleBroken as problem:
            refused.add((problem.code, problem.values["field"]))
            continue
        session.refresh(patient)
        assert (patient.family, patient.given) == (wanted, wanted)

    assert refused <= {
        ("field_empty", "family"),
        ("field_too_long", "family"),
        ("character_refused", "family"),
    }


@pytest.mark.slow
def test_every_naughty_string_that_is_stored_is_found(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as session:
        for line in naughty():
            try:
                patient = new_patient(session, line, "")
            except RuleBroken:
                continue
            ids = {row.id for row in search(session, patient.family, limit=1000)}
            assert patient.id in ids


@pytest.mark.slow
def test_names_of_all_countries_are_stored_and_found(session: Session) -> None:
    for name in filter(str.strip, names()):
        patient = new_patient(session, name)
        session.refresh(patient)
        assert patient.family == unicodedata.normalize("NFC", name).strip()
        assert patient.id in {row.id for row in search(session, name, limit=2000)}


@pytest.mark.parametrize("typed", ["lukasz", "ŁUKASZ", "łuk", "Łukasz"])
def test_a_name_is_found_without_its_accents(session: Session, typed: str) -> None:
    new_patient(session, "Wójcik", "Łukasz")

    assert found(session, typed) == ["Wójcik, Łukasz"]


@pytest.mark.parametrize(
    "typed",
    ["obrien", "O'Brien", "o'b", "smith", "Smith-Jones", "jones ann", "ANN o'brien", "ann  obr"],
)
def test_all_words_of_a_search_must_match(session: Session, typed: str) -> None:
    new_patient(session, "O'Brien Smith-Jones", "Ann")
    new_patient(session, "Smithers", "Bo")

    assert "O'Brien Smith-Jones, Ann" in found(session, typed)
    assert found(session, f"{typed} zzz") == []


@pytest.mark.parametrize("typed", ["0142", "555-0142", "(201) 555-0142", "+1 201 555 0142"])
def test_a_patient_is_found_by_the_end_of_the_phone(session: Session, typed: str) -> None:
    new_patient(session, "Reed", phone="201 555 0142")
    new_patient(session, "Marsh", phone="201 555 0143")

    assert found(session, typed) == ["Reed, Pat"]


@pytest.mark.parametrize(
    "typed", ["1984-06-01", "06/01/1984", "6/1/1984", "1984-6", "reed 1984-06-01"]
)
def test_a_patient_is_found_by_the_birth_date(session: Session, typed: str) -> None:
    new_patient(session, "Reed")

    assert found(session, typed) == ["Reed, Pat"]


def test_a_patient_is_found_by_the_record_number(session: Session) -> None:
    patient = new_patient(session, "Reed")

    assert found(session, patient.record_number.lower()) == ["Reed, Pat"]
    assert by_record_number(session, patient.record_number).id == patient.id


def test_results_come_by_name_and_not_more_than_asked(session: Session) -> None:
    for family in ("Cruz", "Able", "Bell"):
        new_patient(session, family)

    assert [row.family for row in search(session, "pat", limit=2)] == ["Able", "Bell"]


@pytest.mark.parametrize("typed", ["", "   ", "\t", "-"])
def test_a_blank_search_finds_nobody(session: Session, typed: str) -> None:
    new_patient(session, "Reed")

    assert found(session, typed) == []


def test_marks_of_the_index_are_not_a_way_in(session: Session) -> None:
    new_patient(session, "Reed", phone="201 555 0142")

    assert [found(session, mark) for mark in ("~", "@", "%", "_", "~2410")] == [[]] * 5


def test_the_search_uses_the_index(engine: Engine) -> None:
    with writing(engine) as session:
        for number in range(300):
            new_patient(session, f"Reed{number}")
    query = search_query("reed29 pat", 20)
    assert query is not None

    with engine.connect() as connection:
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        is_sqlite = engine.dialect.name == "sqlite"
        if not is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))
            connection.execute(text("ANALYZE patient, patient_token"))  # or chance decides
        lines = connection.exec_driver_sql(
            f"EXPLAIN {'QUERY PLAN' if is_sqlite else ''} {str(compiled).replace('%', '%%')}"
        ).all()

    plan = "\n".join(str(line) for line in lines)
    if is_sqlite:
        assert "SEARCH patient_token USING PRIMARY KEY (token>? AND token<?)" in plan
    else:
        assert re.search(r"Index Cond: \(+token\)?(::text)? >= '", plan)


def test_a_phone_is_kept_with_its_country(session: Session) -> None:
    kept = [
        new_patient(session, "Reed", phone=typed).phone
        for typed in ("(201) 555-0142", "+44 20 7946 0018", " ")
    ]

    assert kept == ["+12015550142", "+442079460018", ""]


@pytest.mark.parametrize("typed", ["12", "abc", "201 555 0142 ext 9", "+0 1234"])
def test_what_is_no_phone_number_is_refused(session: Session, typed: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        new_patient(session, "Reed", phone=typed)

    assert (caught.value.code, caught.value.values["field"]) == ("phone_wrong", "phone")


@pytest.mark.parametrize("typed", ["pat@", "@example.org", "pat example.org", "a@b@c.org"])
def test_what_is_no_email_address_is_refused(session: Session, typed: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        new_patient(session, "Reed", email=typed)

    assert (caught.value.code, caught.value.values["field"]) == ("email_wrong", "email")


@pytest.mark.parametrize(
    "birth_on, code",
    [(date(2026, 3, 3), "birth_in_future"), (date(1880, 1, 1), "birth_too_long_ago")],
)
def test_an_impossible_birth_date_is_refused(session: Session, birth_on: date, code: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        add_patient(
            session,
            family="Reed",
            given="Pat",
            birth_on=birth_on,
            phone="",
            email="",
            language="en",
            by=BY,
            now=NOW,
        )

    assert (caught.value.code, caught.value.values["field"]) == (code, "birth_on")


@pytest.mark.parametrize("family", ["\x00", "a\x00b", "a\nb", "a\ud800", "a\u202eb"])
def test_characters_that_cannot_be_stored_are_refused(session: Session, family: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        new_patient(session, family)

    assert (caught.value.code, caught.value.values["field"]) == ("character_refused", "family")


def test_a_change_is_found_by_the_new_words_only(session: Session) -> None:
    patient = new_patient(session, "Reed")

    change_patient(
        session,
        patient=patient,
        details=PatientDetails(family="Marsh", given="Pat", birth_on=date(1984, 6, 1)),
        version=1,
        by=BY,
        now=NOW,
    )

    assert (found(session, "reed"), found(session, "marsh")) == ([], ["Marsh, Pat"])
    assert patient.version == 2


def test_a_change_over_a_newer_one_is_a_conflict(session: Session) -> None:
    patient = new_patient(session, "Reed")
    details = PatientDetails(family="Marsh", given="Pat")
    change_patient(session, patient=patient, details=details, version=1, by=BY, now=NOW)

    with pytest.raises(Conflict) as caught:
        change_patient(session, patient=patient, details=details, version=1, by=BY, now=NOW)

    assert (caught.value.code, caught.value.values) == ("patient_changed", {"version": 2})


def test_a_change_that_changes_nothing_raises_no_version(session: Session) -> None:
    patient = new_patient(session, "Reed")
    same = PatientDetails(family="Reed", given="Pat", birth_on=date(1984, 6, 1))

    change_patient(session, patient=patient, details=same, version=1, by=BY, now=NOW)

    assert patient.version == 1
    assert session.scalar(select(func.count(AuditEntry.id))) == 1


def test_a_record_number_belongs_to_one_patient(session: Session) -> None:
    number = new_patient(session, "Reed").record_number

    with pytest.raises(Conflict) as caught:
        add_patient(
            session,
            family="Marsh",
            given="",
            birth_on=None,
            phone="",
            email="",
            language="en",
            by=BY,
            now=NOW,
            record_number=number,
        )

    assert caught.value.code == "record_number_taken"


def test_a_refused_patient_leaves_nothing_behind(engine: Engine) -> None:
    with pytest.raises(RuleBroken), writing(engine) as session:
        new_patient(session, "Reed", phone="12")

    with reading(engine) as session:
        tables = (Patient, PatientToken, Resource, Seat, AuditEntry)
        left = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    assert left == [0] * 5


def test_adding_a_patient_needs_the_permission(session: Session) -> None:
    with pytest.raises(NotAllowed):
        add_patient(
            session,
            family="Reed",
            given="Pat",
            birth_on=None,
            phone="",
            email="",
            language="en",
            by=Actor(account_id=1),
            now=NOW,
        )


def test_an_unknown_address_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        by_public_id(session, "nobody")
    with pytest.raises(NotFound):
        by_record_number(session, "nobody")
