"""Files of rows as text: which letters, which delimiter, which cells; and CSV that is safe to open.

What cannot be read whole is refused whole: a quotation mark that is not closed would swallow rows.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clinic.errors import RuleBroken

DELIMITERS = (",", ";", "\t", "|")
PDF = b"%PDF"
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLE = 65_536
SAMPLE_ROWS = 50
MOST_ROWS = 50_000
MOST_COLUMNS = 200
HEADING_MOST = 80
FORMULA = frozenset("=+-@\t\r＝＋－＠")
LEFT_OUT_HEADINGS = ("Row", "Reason")
"""What stands behind the cells of rows that were left out, when they are handed back."""
HINT = "sep="


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row with its number as a spreadsheet counts: the headings are usually row 1."""

    row_no: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of rows below headings; no two headings are equal."""

    headings: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    charset: str


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its letters: UTF-8, UTF-16 or cp1252.

    RuleBroken when it is no text.
    """
    text, charset = _decoded(data)
    if "\0" in text:
        raise RuleBroken("file_not_text")
    return text, charset


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith(PDF):
        raise RuleBroken("file_not_text")
    for mark, charset in MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], charset), charset
    for charset in (*_wide(data), "utf-8", "cp1252"):
        try:
            return data.decode(charset), charset
        except UnicodeDecodeError:
            continue
    raise RuleBroken("file_not_text")


def _strict(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        raise RuleBroken("file_not_text") from error


def _wide(data: bytes) -> tuple[str, ...]:
    """Return which UTF-16 this must be when every other byte is mostly zero."""
    sample = data[:4096]
    for first, charset in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = sample[first::2].count(0)
        if zeros and zeros * 2 > len(sample[first::2]) and not sample[1 - first :: 2].count(0):
            return (charset,)
    return ()


def read_text(text: str, charset: str = "utf-8") -> Sheet:
    """Return the rows of a text with any delimiter, or raise RuleBroken."""
    head, _, rest = text.partition("\n")
    hint = head.strip()
    if hint.casefold().startswith(HINT) and len(hint) == len(HINT) + 1:
        return make_sheet([[], *_records(rest, hint[-1])], charset)
    return make_sheet(_records(text, _delimiter(text)), charset)


def _delimiter(text: str) -> str:
    """Return the delimiter that parts most rows into as many cells as there are headings."""

    def score(delimiter: str) -> tuple[int, int]:
        sample = io.StringIO(text[:SAMPLE], newline="")
        rows = [row for row in csv.reader(sample, delimiter=delimiter) if any(row)][:SAMPLE_ROWS]
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) if width > 1 else 0, width)

    try:
        return max(DELIMITERS, key=score)
    except csv.Error as error:
        raise RuleBroken("file_quotes", line=1) from error


def _records(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise RuleBroken("file_quotes", line=reader.line_num) from error


def make_sheet(records: Sequence[Sequence[str]], charset: str) -> Sheet:
    """Return records as a sheet: the first that is not blank holds the headings."""
    filled = [
        SheetRow(number, tuple(plain_cell(cell) for cell in record))
        for number, record in enumerate(records, start=1)
        if any(cell.strip() for cell in record)
    ]
    if len(filled) < 2:
        raise RuleBroken("file_without_rows")
    head, *rows = filled
    headings = _headings(head.cells)
    if len(rows) > MOST_ROWS or len(headings) > MOST_COLUMNS:
        raise RuleBroken("file_too_long", most=MOST_ROWS, columns=MOST_COLUMNS)
    return Sheet(headings, tuple(_fitted(row, len(headings)) for row in rows), charset)


def _headings(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the headings, each different: one without words gets its number."""
    filled = len("".join("x" if cell.strip() else " " for cell in cells).rstrip())
    found: list[str] = []
    for number, cell in enumerate(cells[:filled], start=1):
        heading = " ".join(cell.split())[:HEADING_MOST] or f"Column {number}"
        found.append(f"{heading} ({number})" if heading in found else heading)
    return tuple(found)


def _fitted(row: SheetRow, width: int) -> SheetRow:
    """Return a row as wide as the headings; cells beyond them stay only when they say something."""
    cells = list(row.cells) + [""] * (width - len(row.cells))
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    return SheetRow(row.row_no, tuple(cells))


def plain_cell(cell: str) -> str:
    """Return a cell without the apostrophe that kept a spreadsheet from running it."""
    is_guarded = cell[:1] == "'" and cell[1:].lstrip(" ")[:1] in FORMULA
    return cell[1:] if is_guarded else cell


def safe_cell(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `plain_cell` takes it back."""
    return f"'{cell}" if cell.lstrip(" ")[:1] in FORMULA else cell


def write_rows(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV that is safe to open in a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()
