"""An import taken back: who has nothing here goes, who has something stays and it is said why."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.patients import PatientDetails, change_patient
from clinic.errors import Conflict
from clinic.models import (
    Account,
    AuditEntry,
    Base,
    Block,
    Course,
    Definition,
    ExternalId,
    ImportBatch,
    Patient,
    PatientToken,
    Resource,
    Seat,
    WorkItem,
)
from clinic.models.engine import reading, writing
from clinic.queries.imports import NOT_BOOKED, NOT_HANGING, hanging, stayed_rows
from clinic.rules.courses import CourseStatus
from clinic.rules.imports import BatchState
from tests.integration.imports.desk import BY, FILES, NOW, Importer, csv
from tests.places import add_appointment_row, add_kind_row, add_site

HEAD = "id,last name,first name,dob"
ROWS = csv(HEAD, *(f"{n},Name{n},Given,1987-05-14" for n in range(4)))


@pytest.fixture
def importer(engine: Engine) -> Importer:
    return Importer(engine)


def people(session: Session) -> list[Patient]:
    return list(session.scalars(select(Patient).order_by(Patient.id)))


def visit(session: Session, patient: Patient) -> None:
    site = add_site(session)
    add_appointment_row(session, patient=patient, site=site, definition_id=add_kind_row(session))


def course(session: Session, patient: Patient) -> None:
    site, kind = add_site(session), add_kind_row(session)
    assert session.get(Definition, kind)
    session.add(
        Course(
            patient_id=patient.id,
            site_id=site.id,
            definition_id=kind,
            status=CourseStatus.ACTIVE,
            start_on=date(2026, 3, 9),
            counts={},
            wishes={},
            created_at=NOW,
        )
    )


def login(session: Session, patient: Patient) -> None:
    session.add(Account(patient_id=patient.id, created_at=NOW))


def task(session: Session, patient: Patient) -> None:
    session.add(WorkItem(unique_key="x", kind="x", patient_id=patient.id, created_at=NOW))


def away(session: Session, patient: Patient) -> None:
    session.add(
        Block(
            resource_id=patient.resource_id,
            start_at=NOW,
            end_at=NOW.replace(hour=20),
            kind="leave",
            reason="",
            created_at=NOW,
        )
    )


def change(session: Session, patient: Patient) -> None:
    details = PatientDetails(family="New", given="Given", birth_on=date(1987, 5, 14))
    change_patient(session, patient=patient, details=details, version=1, by=BY, now=NOW)


def test_undo_leaves_nothing_of_an_import_but_the_audit(importer: Importer) -> None:
    kept = (Patient, PatientToken, Resource, Seat, ExternalId)
    with writing(importer.engine) as session:
        before = [len(session.scalars(select(one)).all()) for one in kept]
    batch = importer.take((FILES / "jane_patients.csv").read_bytes())

    importer.undo(batch)

    with reading(importer.engine) as session:
        assert [len(session.scalars(select(one)).all()) for one in kept] == before
        assert session.get_one(ImportBatch, batch).state is BatchState.UNDONE
        added = select(AuditEntry.subject_id).where(AuditEntry.verb == "add_patient")
        gone = select(AuditEntry.subject_id).where(AuditEntry.verb == "remove_imported_patient")
        assert sorted(session.scalars(added), key=str) == sorted(session.scalars(gone), key=str)
    assert importer.counts(batch) == {"removed": 12}
    again = importer.take((FILES / "jane_patients.csv").read_bytes())
    assert importer.counts(again) == {"added": 12}


@pytest.mark.parametrize(
    "hang, table",
    [
        (visit, "appointment"),
        (course, "course"),
        (login, "account"),
        (task, "work_item"),
        (away, "block"),
        (change, "change"),
    ],
)
def test_who_has_something_here_stays_and_it_is_said_what(
    importer: Importer, hang: Callable[[Session, Patient], None], table: str
) -> None:
    batch = importer.take(ROWS)
    with writing(importer.engine) as session:
        hang(session, people(session)[2])

    importer.undo(batch)

    assert importer.counts(batch) == {"removed": 3, "stayed": 1}
    assert importer.codes(batch) == {4: [("has", table, "")]}
    with reading(importer.engine) as session:
        stayed = people(session)
        assert [one.record_number for one in stayed_rows(session, batch)] == [
            stayed[0].record_number
        ]
    assert len(stayed) == 1


def test_undo_may_be_asked_for_again_when_nothing_hangs_any_more(importer: Importer) -> None:
    batch = importer.take(ROWS)
    with writing(importer.engine) as session:
        login(session, people(session)[0])
    importer.undo(batch)
    with writing(importer.engine) as session:
        session.delete(session.scalars(select(Account)).one())

    importer.undo(batch)

    assert importer.counts(batch) == {"removed": 4}
    assert importer.count() == 0


def test_patients_of_others_are_never_touched(importer: Importer) -> None:
    importer.take(csv(HEAD, "9,Other,One,1990-01-01"))
    batch = importer.take(csv(HEAD, "9,Other,One,1990-01-01", "8,Second,One,1991-01-01"))

    importer.undo(batch)

    assert [row[0] for row in importer.patients()] == ["Other"]


def test_import_under_way_is_stopped_by_undo_and_stays_so(importer: Importer) -> None:
    batch = importer.stage(ROWS)
    importer.begin(batch)

    importer.undo(batch)
    importer.run(batch)

    assert importer.counts(batch) == {"waiting": 4}
    assert importer.count() == 0
    with pytest.raises(Conflict, match="import_elsewhere"):
        importer.begin(batch)


def test_draft_has_nothing_to_undo(importer: Importer) -> None:
    batch = importer.stage(ROWS)

    with pytest.raises(Conflict, match="import_elsewhere"):
        importer.undo(batch)


def test_every_table_that_points_at_a_patient_is_asked(sqlite_engine: Engine) -> None:
    pointing = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "patient"
    }
    asked: list[str] = []
    with reading(sqlite_engine) as session:
        session.connection().exec_driver_sql("SELECT 1")
        connection = session.connection()
        connection.connection.set_trace_callback(asked.append)
        hanging(session, [1])

    text = " ".join(asked)
    assert {name for name in pointing - NOT_HANGING if f"FROM {name}" not in text} == set()
    assert {"patient", "seat"} == NOT_BOOKED
