"""Files of rows: letters, delimiters, quotation marks, and CSV that is safe to open."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.errors import RuleBroken
from clinic.rules.import_texts import (
    MOST_COLUMNS,
    MOST_ROWS,
    SheetRow,
    decode,
    make_sheet,
    plain_cell,
    read_text,
    safe_cell,
    write_rows,
)

NAUGHTY = json.loads(
    (Path(__file__).parents[2] / "data" / "naughty" / "blns.json").read_text(encoding="utf-8")
)
TEXT = "Name;Ort\nJosé;Málaga\n"


@pytest.mark.parametrize(
    "data, charset",
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_letters_are_told_from_the_bytes(data: bytes, charset: str) -> None:
    assert decode(data) == (TEXT, charset)


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.4\x00\x01\x02\x00", b"a\x81\x8d", b"\xff\xfea", b"\x89PNG\r\n\x1a\n\x00\x00\x00\r"],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(RuleBroken, match="file_not_text"):
        decode(data)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_any_end_of_line_is_read(delimiter: str, end: str) -> None:
    out = io.StringIO(newline="")
    rows = [["Name", "Note"], ["Ruiz, Ana", f'two{end}lines; a | and "marks"'], ["O'Hara", ""]]
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)

    sheet = read_text(out.getvalue())

    assert sheet.headings == ("Name", "Note")
    assert sheet.rows == (SheetRow(2, tuple(rows[1])), SheetRow(3, tuple(rows[2])))


def test_hint_for_a_spreadsheet_names_the_delimiter() -> None:
    sheet = read_text("sep=|\nA|B,C\n1|2,3\n")

    assert (sheet.headings, sheet.rows) == (("A", "B,C"), (SheetRow(3, ("1", "2,3")),))


def test_one_column_needs_no_delimiter() -> None:
    assert read_text("Name\nAna Ruiz\n").rows == (SheetRow(2, ("Ana Ruiz",)),)


def test_quotation_mark_that_stays_open_refuses_the_file_and_swallows_no_row() -> None:
    with pytest.raises(RuleBroken) as refused:
        read_text('Name,Note\nAna,"open\nBo,x\nCy,y\n')

    assert (refused.value.code, refused.value.values) == ("file_quotes", {"line": 4})


def test_cell_that_no_name_could_fill_refuses_the_file() -> None:
    with pytest.raises(RuleBroken, match="file_quotes"):
        read_text("Name,Note\nAna," + "x" * 200_000 + "\n")


@pytest.mark.parametrize("text", ["", "\n\n", "Name,Born\n", " , \n"])
def test_file_without_a_row_is_refused(text: str) -> None:
    with pytest.raises(RuleBroken, match="file_without_rows"):
        read_text(text)


def test_file_with_too_many_rows_or_columns_is_refused() -> None:
    long = [["Name"], *[["x"]] * (MOST_ROWS + 1)]
    wide = [[str(n) for n in range(MOST_COLUMNS + 1)]] * 2
    for records in (long, wide):
        with pytest.raises(RuleBroken, match="file_too_long"):
            make_sheet(records, "utf-8")


def test_headings_are_made_different_and_rows_as_wide_as_they() -> None:
    sheet = read_text("Phone, Phone ,,Name,,\n1,2,3\n\n4,5,6,7,,\n1,2,3,4,5,\n")

    assert sheet.headings == ("Phone", "Phone (2)", "Column 3", "Name")
    assert sheet.rows == (
        SheetRow(2, ("1", "2", "3", "")),
        SheetRow(4, ("4", "5", "6", "7")),
        SheetRow(5, ("1", "2", "3", "4", "5")),
    )


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_formula_is_kept_from_running_and_comes_back_as_it_was(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"
    assert plain_cell(safe_cell(cell)) == cell


@pytest.mark.parametrize("cell", ["", "Ana", "O'Hara", "'tis", "5-4", "(555) 010-4400"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert (safe_cell(cell), plain_cell(cell)) == (cell, cell)


def test_naughty_strings_survive_writing_and_reading() -> None:
    cells = [text for text in NAUGHTY if text.strip() and "\0" not in text]

    sheet = read_text(write_rows([("Number", "Text"), *((str(n), c) for n, c in enumerate(cells))]))

    assert [row.cells[1] for row in sheet.rows] == cells


@given(st.lists(st.lists(st.text(max_size=20), min_size=3, max_size=3), min_size=1, max_size=8))
def test_what_is_written_never_starts_as_a_formula(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(write_rows(rows).replace("\0", ""), newline="")))

    assert not any(cell.lstrip(" ")[:1] in set("=+-@\t\r") - {""} for row in read for cell in row)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert refusal_of(data) in {None, "file_not_text", "file_quotes", "file_without_rows"}


def refusal_of(data: bytes) -> str | None:
    """The code with which a file is refused."""
    try:
        text, charset = decode(data)
        read_text(text, charset)
    except RuleBroken as error:
        return error.code
    return None
