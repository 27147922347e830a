"""Files of rows, whatever made them: CSV of any kind, and the first sheet of a workbook."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time

from clinic.errors import RuleBroken
from clinic.rules.import_texts import MOST_COLUMNS, MOST_ROWS, Sheet, decode, make_sheet, read_text

ZIPPED = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
UNPACKED_MOST = 300 * 1024 * 1024
"""A workbook that unpacks to more is refused unopened: small files can unpack to anything."""
MIDNIGHT = time(0)


def read_sheet(data: bytes) -> Sheet:
    """Return the rows of a file's bytes, or raise RuleBroken with what is wrong."""
    if data.startswith(OLD_EXCEL):
        raise RuleBroken("file_old_excel")
    if data.startswith(ZIPPED):
        return make_sheet(list(_workbook_rows(data)), "xlsx")
    text, charset = decode(data)
    return read_text(text, charset)


def _workbook_rows(data: bytes) -> Iterator[list[str]]:
    import openpyxl  # noqa: PLC0415 -- 150 ms that only an import of a workbook needs

    _check_size(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(
            values_only=True, max_row=MOST_ROWS + 100, max_col=MOST_COLUMNS + 1
        )
        for row in rows:
            yield [_text(value) for value in row]
    except (KeyError, ValueError, OSError, IndexError, TypeError, SyntaxError) as error:
        raise RuleBroken("file_not_workbook") from error  # SyntaxError: broken XML is one


def _check_size(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile as error:
        raise RuleBroken("file_not_workbook") from error
    if size > UNPACKED_MOST:
        raise RuleBroken("file_too_long", most=MOST_ROWS, columns=MOST_COLUMNS)


def _text(value: object) -> str:
    """Return a cell as text: a date as ISO, a whole number without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == MIDNIGHT else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
