"""`clinic import`: patients from a file, the rows left out, and a batch taken back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from clinic.models import Patient
from clinic.models.engine import make_engine, reading
from tests.integration.cli.conftest import Commands
from tests.integration.imports.desk import FILES

JANE = str(FILES / "jane_patients.csv")
ROWS = """id;who;born
1;Secretname, Ana;3/4/1987
2;=HYPERLINK(1);31/11/1980
3;"Price, Uma";
"""


@pytest.fixture
def clinic(make_clinic: Callable[..., Commands]) -> Commands:
    return make_clinic()


@pytest.fixture
def rows(tmp_path: Path) -> str:
    """A file whose headings say too little."""
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, encoding="cp1252")
    return str(path)


@pytest.fixture
def column_map(tmp_path: Path) -> str:
    path = tmp_path / "map.json"
    columns = {"id": "external_id", "who": "name", "born": "birth_on"}
    path.write_text(json.dumps({"columns": columns, "date_order": "month_first", "source": "old"}))
    return str(path)


def count(clinic: Commands) -> int:
    engine = make_engine(f"sqlite:///{next(clinic.folder.glob('*.db'))}")
    with reading(engine) as session:
        found = session.query(Patient).count()
    engine.dispose()
    return found


def test_dry_run_says_what_would_happen_and_writes_nothing(clinic: Commands) -> None:
    said = clinic.json("import", "patients", JANE, "--dry-run")

    assert (said["dry_run"], said["batch"], said["rows"]) == (True, None, {"waiting": 12})
    assert count(clinic) == 1
    assert clinic.json("import", "list") == {"batches": []}


def test_file_goes_in_once_and_comes_out_again(clinic: Commands) -> None:
    first = clinic.json("import", "patients", JANE)
    second = clinic.json("import", "patients", JANE)

    assert (first["rows"], second["rows"]) == ({"added": 12}, {"known": 12})
    assert count(clinic) == 13
    listed = clinic.json("import", "list")["batches"]
    assert isinstance(listed, list)
    assert [one["batch"] for one in listed] == [second["batch"], first["batch"]]
    undone = clinic.run("import", "undo", "--json", "--", str(first["batch"]))
    assert json.loads(undone.stdout) == {"removed": 12, "stayed": []}
    assert count(clinic) == 1


def test_map_says_what_headings_do_not(clinic: Commands, rows: str, column_map: str) -> None:
    refused = clinic.run("import", "patients", rows)
    said = clinic.json("import", "patients", rows, "--map", column_map)

    assert refused.exit_code == 1
    assert "no column is said to hold the name" in refused.stderr
    assert said["columns"] == {"id": "external_id", "who": "name", "born": "birth_on"}
    assert said["rows"] == {"added": 1, "refused": 1, "twin": 1}
    assert said["left_out"] == [
        {
            "row": 3,
            "state": "refused",
            "reasons": [{"code": "date_impossible", "field": "birth_on"}],
        },
        {"row": 4, "state": "twin", "reasons": [{"code": "twin", "field": ""}]},
    ]
    again = clinic.json("import", "patients", rows, "--add-twins")  # the map is remembered
    assert again["rows"] == {"added": 1, "known": 1, "refused": 1}


def test_rows_left_out_are_written_to_a_file_that_is_safe(
    clinic: Commands, rows: str, column_map: str, tmp_path: Path
) -> None:
    out = tmp_path / "left-out.csv"

    clinic.json("import", "patients", rows, "--map", column_map, "--refused", str(out))

    assert out.read_text(encoding="utf-8-sig").splitlines() == [
        "id,who,born,Row,Reason",
        "2,'=HYPERLINK(1),31/11/1980,3,birth_on: this is not a date of the calendar",
        '3,"Price, Uma",,4,somebody of this name and birth date is here (100)',
    ]


def test_what_is_printed_holds_no_name(clinic: Commands, rows: str, column_map: str) -> None:
    dry = clinic.run("import", "patients", rows, "--map", column_map, "--dry-run")
    done = clinic.run("import", "patients", rows, "--map", column_map)
    batch = done.output.split()[1]
    undone = clinic.run("import", "undo", "--", batch)
    listed = clinic.run("import", "list")

    said = "".join(one.output for one in (dry, done, undone, listed))
    assert [one.exit_code for one in (dry, done, undone, listed)] == [0, 0, 0, 0], said
    assert "      1 would be added" in dry.output
    assert "Nothing was changed." in dry.output
    assert "row 3: birth_on: this is not a date of the calendar" in done.output
    assert "To take it back: clinic import undo" in done.output
    assert "1 removed, 0 stayed" in undone.output
    assert "undone: 1 refused, 1 removed, 1 twin" in listed.output
    assert not any(word in said for word in ("Secretname", "Price", "HYPERLINK"))


@pytest.mark.parametrize(
    "content, words",
    [
        ("{", "the map cannot be read"),
        ('{"columns": {"nobody": "name"}}', "the file has no column nobody"),
        ('{"columns": {"who": "names"}}', "there is no field names; the fields are external_id,"),
        ('{"columns": {"who": "given"}}', "no column is said to hold the name"),
    ],
)
def test_map_that_will_not_do_is_refused_in_words(
    clinic: Commands, rows: str, tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(content)

    refused = clinic.run("import", "patients", rows, "--map", str(path))

    assert (refused.exit_code, words in refused.stderr) == (1, True), refused.output
    assert count(clinic) == 1


def test_file_that_is_absent_or_too_large_is_refused(clinic: Commands, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(21 * 1024 * 1024)

    absent = clinic.run("import", "patients", str(tmp_path / "no.csv"))
    refused = clinic.run("import", "patients", str(large))

    assert (absent.exit_code, refused.exit_code) == (1, 1)
    assert "cannot be read" in absent.stderr
    assert "larger than 20 MB" in refused.stderr


def test_batch_that_is_not_there_cannot_be_undone(clinic: Commands) -> None:
    assert clinic.run("import", "undo", "nothing").exit_code == 1
