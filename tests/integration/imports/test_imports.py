"""Patients from files of other systems: all of them or a reason for each, and nobody twice."""

import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine, event, select

from clinic.actions.imports import begin_import, discard_import, map_columns, prune_imports
from clinic.actions.sheets import read_sheet
from clinic.errors import Conflict, NotAllowed, RuleBroken
from clinic.models import AuditEntry, ExternalId, ImportBatch, Patient
from clinic.models.engine import reading, writing
from clinic.queries.imports import map_for
from clinic.queries.patients import namesakes, search
from clinic.rules.actors import Actor
from clinic.rules.import_dates import DateOrder
from clinic.rules.import_texts import write_rows
from clinic.rules.imports import BatchState, ColumnMap, Field, RowState, guess_map
from tests.integration.imports.desk import BY, FILES, NOW, Importer, csv

DATA = Path(__file__).parents[2] / "data"
ADAN = ("Portillo", "Adán", "", date(1937, 2, 13), "+15554677743", "adn.portillo@example.com", "en")
SAMPLES = sorted(FILES.glob("*.csv"))
HEAD = "id,last name,first name,dob,phone,email"


@pytest.fixture
def importer(engine: Engine) -> Importer:
    return Importer(engine)


@pytest.fixture
def small(sqlite_engine: Engine) -> Importer:
    """On SQLite alone: what is asked here does not depend on the engine."""
    return Importer(sqlite_engine)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_each_systems_file_goes_in_whole_and_a_second_time_adds_nobody(
    importer: Importer, path: Path
) -> None:
    first = importer.take(path.read_bytes())
    people = importer.patients()
    second = importer.take(path.read_bytes())

    assert importer.counts(first) == {"added": 12}
    assert people[0] == ADAN
    assert set(importer.counts(second)) <= {"known", "twin"}
    assert importer.patients() == people
    assert importer.cells(first) == {}


def test_synthetic_patients_go_in_but_for_those_who_died(small: Importer) -> None:
    data = (DATA / "patients" / "patients.csv").read_bytes()

    batch = small.take(data)

    counts = small.counts(batch)
    assert counts["added"] + counts["refused"] == 100
    assert {reason for row in small.codes(batch).values() for reason, *_ in row} == {"died"}


def test_dry_run_says_what_happens_and_changes_nothing(small: Importer) -> None:
    data = csv(HEAD, "1,Ruiz,Ana,1987-05-14,,", "1,Diaz,Bo,1990-01-01,,", "2,,Cy,1990-01-01,12,no")

    said = small.dry_run(data)

    assert small.count() == 0
    batch = small.take(data)
    states = {RowState.WAITING: "added", RowState.REFUSED: "refused"}
    assert [states[one.state] for one in said] == ["added", "refused", "refused"]
    assert {
        one.row_no: [(why.code, why.field, why.other) for why in one.reasons]
        for one in said
        if one.reasons
    } == small.codes(batch)


def test_refused_rows_say_every_reason_and_keep_their_cells(small: Importer) -> None:
    batch = small.take(
        csv(
            HEAD,
            "1,,Ana,1980-11-31,12,nomail",
            "2,Diaz,Bo,3/4/1987,,",
            "3,Echo,Cy,2030-01-01,,",
            "4,Foxtrot,Di,1850-01-01,,",
            "5,Golf,Ed,1990-01-01,,,one too many",
            "6,Hotel\u202e,Flo,1990-01-01,,",
            "7,In,Gus,14 May 1990,(415) 555-2671,gus@example.org",
        )
    )

    assert small.codes(batch) == {
        2: [
            ("date_impossible", "birth_on", ""),
            ("field_empty", "family", ""),
            ("phone_wrong", "phone", ""),
            ("email_wrong", "email", ""),
        ],
        3: [("date_ambiguous", "birth_on", "")],
        4: [("birth_in_future", "birth_on", "")],
        5: [("birth_too_long_ago", "birth_on", "")],
        6: [("cells_beyond_headings", "", "")],
        7: [("character_refused", "family", "")],
    }
    assert small.counts(batch) == {"added": 1, "refused": 6}
    assert sorted(small.cells(batch)) == [2, 3, 4, 5, 6, 7]
    assert small.cells(batch)[2] == ["1", "", "Ana", "1980-11-31", "12", "nomail"]


def test_order_of_dates_is_told_by_the_whole_file_though_it_goes_in_by_slices(
    small: Importer,
) -> None:
    rows = [f"{n},Name{n},X,3/4/1987,," for n in range(150)]

    small.take(csv(HEAD, *rows, "999,Last,X,4/25/1987,,"))

    assert {row[3] for row in small.patients()} == {date(1987, 3, 4), date(1987, 4, 25)}


def test_what_was_said_of_columns_is_remembered_for_these_headings(small: Importer) -> None:
    column_map = ColumnMap(
        (("A", Field.NAME), ("B", Field.BIRTH), ("C", None)), DateOrder.DAY_FIRST, "old"
    )
    data = csv("A,B,C", "Ana Ruiz,3/4/1987,x")

    small.take(data, column_map)

    with reading(small.engine) as session:
        assert map_for(session, ("A", "B", "C")) == (column_map, True)
        assert map_for(session, ("A", "B")) == (guess_map(("A", "B")), False)
    assert small.patients()[0][:4] == ("Ruiz", "Ana", "", date(1987, 4, 3))


def test_numbers_of_two_systems_may_be_equal(small: Importer) -> None:
    small.take(csv(HEAD, "1,Ruiz,Ana,1987-05-14,,"))
    columns = guess_map(HEAD.split(",")).columns

    same = small.take(csv(HEAD, "1,Diaz,Bo,1990-01-01,,"))
    other = small.take(csv(HEAD, "1,Diaz,Bo,1990-01-01,,"), ColumnMap(columns, source="jane"))

    with reading(small.engine) as session:
        record = session.scalars(select(Patient.record_number)).first()
    assert small.codes(same) == {2: [("external_id_of_other", "external_id", record)]}
    assert small.counts(other) == {"added": 1}


def test_known_patient_is_left_as_the_desk_wrote_it(small: Importer) -> None:
    small.take(csv(HEAD, "1,Ruiz,Ana,1987-05-14,,"))

    again = small.take(csv(HEAD, "1,Ruiz,Anita,1987-05-14,(415) 555-2671,"))

    assert small.counts(again) == {"known": 1}
    assert small.patients()[0][1:5] == ("Ana", "", date(1987, 5, 14), "")


def test_twins_are_left_out_unless_they_are_asked_for(importer: Importer) -> None:
    importer.take(csv(HEAD, ",Núñez,Ana María,1987-05-14,,"))
    data = csv(HEAD, ",nunez,ana,14 May 1987,,", ",Ana,Nunez,1987-05-14,,", ",Other,Bo,,,")

    skipped = importer.take(data)
    chosen = importer.take(data, wanted={3})
    everybody = importer.take(data, wanted=None)

    assert importer.counts(skipped) == {"added": 1, "twin": 2}
    assert importer.counts(chosen) == {"added": 1, "twin": 2}
    assert importer.counts(everybody) == {"added": 3}


def test_twins_within_one_file_are_left_out(small: Importer) -> None:
    data = csv(HEAD, "1,Ruiz,Ana,1987-05-14,,", "2,RUIZ,Ana,5/14/1987,,", "3,Ruiz,Ana,,,")

    said = small.dry_run(data)

    assert [one.state for one in said] == [RowState.WAITING, RowState.TWIN, RowState.WAITING]
    assert said[1].reasons[0].other == "#2"


def test_index_of_twins_agrees_with_the_desks_own_question(small: Importer) -> None:
    small.take((FILES / "jane_patients.csv").read_bytes())
    asked = [
        (family, given, born)
        for one, two, _, born, *_ in small.patients()
        for family, given in ((one, two), (two, one), (str(one).upper(), two), (one, "Nobody"))
    ]
    rows = [f",{family},{given},{born}" for family, given, born in asked]

    said = small.dry_run(csv("id,last name,first name,dob", *rows))

    with reading(small.engine) as session:
        found = [
            bool(namesakes(session, family=str(family), given=str(given), birth_on=born))  # type: ignore[arg-type] # the column is a date
            for family, given, born in asked
        ]
    outside = [one.state is RowState.TWIN for one in said]
    assert [said_so for said_so, is_here in zip(outside, found, strict=True) if is_here] == [
        True
    ] * sum(found)
    assert sum(found) == 36


def test_record_number_that_is_taken_is_refused(small: Importer) -> None:
    head = "record number,name"
    batch = small.take(csv(head, "77,Ruiz Ana", "77,Diaz Bo", "78,Echo Cy"))

    again = small.take(csv(head, "78,Foxtrot Di"))

    assert small.counts(batch) == {"added": 2, "refused": 1}
    assert small.codes(batch) | small.codes(again) == {
        3: [("external_id_twice", "record_number", "2")],
        2: [("record_number_taken", "record_number", "")],
    }


def test_the_same_file_by_record_numbers_finds_everybody_here(small: Importer) -> None:
    file = csv("record number,name,birth date", "77,Ruiz Ana,1984-06-01", "78,Echo Cy,")
    small.take(file)

    again = small.take(file)
    other = small.take(csv("record number,name,birth date", "77,Ruiz Ana,1990-06-01"))

    assert small.counts(again) == {"known": 2}
    assert small.codes(other) == {2: [("record_number_taken", "record_number", "")]}


@pytest.mark.slow
def test_naughty_strings_are_stored_as_they_are_or_refused_and_none_is_lost(
    importer: Importer,
) -> None:
    lines = json.loads((DATA / "naughty" / "blns.json").read_text(encoding="utf-8"))
    cells = [line for line in lines if line.strip() and "\0" not in line]
    text = write_rows([("Last name", "E-mail", "x"), *((cell, "", "x") for cell in cells)])

    batch = importer.take(text.encode(), wanted=None)

    counts, codes = importer.counts(batch), importer.codes(batch)
    assert sum(counts.values()) == len(cells)
    assert counts["added"] == importer.count() > 400
    refusals = {reason for row in codes.values() for reason, *_ in row}
    assert refusals <= {"character_refused", "field_empty", "field_too_long"}
    kept = importer.cells(batch)
    assert {row_no: kept[row_no][0] for row_no in codes} == {
        row_no: cells[row_no - 2] for row_no in codes
    }


def test_workbook_is_read_with_its_dates_and_numbers(small: Importer) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    for row in (
        ["ID", "Name", "DOB", "Phone"],
        [1001, "Ruiz, Ana", datetime(1987, 5, 14), 4155552671],  # noqa: DTZ001 -- as Excel has it
        [None, None, None, None],
        [1002.0, "Diaz, Bo", "14 May 1990", None],
    ):
        sheet.append(row)
    book.save(out)

    batch = small.take(out.getvalue())

    assert small.counts(batch) == {"added": 2}
    assert small.patients()[0][:5] == ("Ruiz", "Ana", "", date(1987, 5, 14), "+14155552671")
    with reading(small.engine) as session:
        assert sorted(session.scalars(select(ExternalId.number))) == ["1001", "1002"]


@pytest.mark.parametrize(
    "data, code",
    [
        (b"PK\x03\x04 no workbook", "file_not_workbook"),
        (b"\xd0\xcf\x11\xe0 old", "file_old_excel"),
        (b"", "file_without_rows"),
    ],
)
def test_file_that_is_none_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(RuleBroken, match=code):
        read_sheet(data)


def test_columns_changed_since_the_dry_run_stop_the_import(small: Importer) -> None:
    batch = small.stage(csv(HEAD, "1,Ruiz,Ana,1987-05-14,,"))
    other = ColumnMap(guess_map(HEAD.split(",")).columns, source="else")

    with pytest.raises(Conflict, match="import_changed"), writing(small.engine) as session:
        begin_import(session, batch_id=batch, seen=other, wanted=(), by=BY, now=NOW)

    assert small.counts(batch) == {"waiting": 1}


def test_ended_import_is_not_begun_mapped_or_thrown_away_while_it_runs(small: Importer) -> None:
    batch = small.stage(csv(HEAD, "1,Ruiz,Ana,1987-05-14,,"))
    small.begin(batch)
    column_map = guess_map(HEAD.split(","))

    with pytest.raises(Conflict, match="import_elsewhere"):
        small.begin(batch)
    with pytest.raises(Conflict, match="import_elsewhere"), writing(small.engine) as session:
        map_columns(session, batch_id=batch, column_map=column_map, by=BY, now=NOW)
    with pytest.raises(Conflict, match="import_elsewhere"), writing(small.engine) as session:
        discard_import(session, batch_id=batch, by=BY, now=NOW)


def test_nobody_imports_without_the_right(small: Importer) -> None:
    with pytest.raises(NotAllowed):
        Importer(small.engine, Actor(account_id=None)).stage(csv(HEAD, "1,Ruiz,Ana,,,"))


def test_rows_are_forgotten_after_a_while(small: Importer) -> None:
    draft = small.stage(csv(HEAD, "1,Ruiz,Ana,,,"))
    done = small.take(csv(HEAD, "2,,Bo,,,", "3,Diaz,Bo,,,"))

    for days in (6, 8):
        with writing(small.engine) as session:
            prune_imports(session, now=NOW + timedelta(days=days))
    with reading(small.engine) as session:
        assert session.get(ImportBatch, draft) is None
    assert sorted(small.cells(done)) == [2]
    with writing(small.engine) as session:
        prune_imports(session, now=NOW + timedelta(days=31))
    assert small.cells(done) == {}
    assert small.counts(done) == {"added": 1, "refused": 1}


def test_audit_tells_what_was_done_without_a_word_of_the_patients(small: Importer) -> None:
    batch = small.take(csv(HEAD, "secret-1,Secretname,Ana,1987-05-14,,", "2,,Secretgiven,,,"))
    small.undo(batch)

    with reading(small.engine) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [one.verb for one in entries] == [
        "open_import",
        "begin_import",
        "add_patient",
        "end_import",
        "begin_undo_import",
        "remove_imported_patient",
        "end_undo_import",
    ]
    assert "secret" not in json.dumps([one.values for one in entries]).casefold()
    assert [one.patient_id for one in entries] == [None] * 7


def test_whoever_was_imported_is_found(small: Importer) -> None:
    small.take(csv(HEAD, "1,Ruiz,Ana,1987-05-14,(415) 555-2671,"))

    with reading(small.engine) as session:
        assert len(search(session, "ruiz 2671")) == 1


@pytest.mark.slow
def test_statements_grow_with_the_rows_and_no_faster(small: Importer) -> None:
    counted = {}
    for number in (200, 1_000):
        seen: list[int] = []
        rows = [
            f"{number}-{n},Name{n},Given{number},{1940 + n % 60}-05-14,," for n in range(number)
        ]
        event.listen(small.engine, "before_cursor_execute", lambda *_, s=seen: s.append(1))
        batch = small.take(csv(HEAD, *rows))
        small.dry_run(csv(HEAD, *rows))
        counted[number] = len(seen)
        assert small.counts(batch) == {"added": number}

    assert counted[1_000] < 6 * counted[200]
    with reading(small.engine) as session:
        states = set(session.scalars(select(ImportBatch.state)))
    assert states == {BatchState.DONE}
