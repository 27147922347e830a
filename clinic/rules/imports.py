"""Imports of patients: the fields a column may hold, guessed from its heading, and a row as read.

Nothing here is stored or looked up: what another system wrote becomes the words of ours, or a
reason why it cannot.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from clinic.errors import RuleBroken
from clinic.rules.import_dates import DateOrder, column_order, read_birth
from clinic.rules.import_names import join_given, part_name
from clinic.rules.import_texts import LEFT_OUT_HEADINGS
from clinic.rules.people import BadDate

OUR_SOURCE = "import"
"""The system a number belongs to when nobody said which."""
NUMBER_MOST = 80
SOURCE_MOST = 40


class BatchState(StrEnum):
    """How far an import is."""

    READING = "reading"
    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class RowState(StrEnum):
    """What became of one row of a file."""

    WAITING = "waiting"
    ADDED = "added"
    KNOWN = "known"
    TWIN = "twin"
    REFUSED = "refused"
    REMOVED = "removed"
    STAYED = "stayed"


class Field(StrEnum):
    """What a column may hold."""

    EXTERNAL_ID = "external_id"
    RECORD_NUMBER = "record_number"
    NAME = "name"
    FAMILY = "family"
    GIVEN = "given"
    MIDDLE = "middle"
    PREFERRED = "preferred"
    BIRTH = "birth_on"
    MOBILE = "mobile"
    PHONE = "phone"
    EMAIL = "email"
    LANGUAGE = "language"
    DIED = "died"


HEADINGS: Mapping[Field, frozenset[str]] = {
    Field.EXTERNAL_ID: frozenset(
        [
            "id",
            "guid",
            "uuid",
            "identifier",
            "externalid",
            "key",
            "clientid",
            "patientid",
            "personid",
            "patientguid",
        ]
    ),
    Field.RECORD_NUMBER: frozenset(
        [
            "recordnumber",
            "recordno",
            "record",
            "mrn",
            "medicalrecordnumber",
            "chartnumber",
            "chartno",
            "chartid",
        ]
    ),
    Field.NAME: frozenset(["name", "fullname", "patientname", "clientname", "patient", "client"]),
    Field.FAMILY: frozenset(
        ["family", "lastname", "last", "surname", "familyname", "apellido", "apellidos"]
    ),
    Field.GIVEN: frozenset(
        ["given", "firstname", "first", "forename", "givenname", "givennames", "nombre"]
    ),
    Field.MIDDLE: frozenset(["middle", "middlename", "middleinitial", "secondname"]),
    Field.PREFERRED: frozenset(
        ["preferred", "preferredname", "nickname", "knownas", "goesby", "called"]
    ),
    Field.BIRTH: frozenset(
        [
            "birthdate",
            "dateofbirth",
            "dob",
            "birthday",
            "birth",
            "born",
            "birthon",
            "fechadenacimiento",
        ]
    ),
    Field.MOBILE: frozenset(
        [
            "mobile",
            "mobilephone",
            "mobilenumber",
            "mobilephonenumber",
            "cell",
            "cellphone",
            "cellnumber",
            "cellphonenumber",
        ]
    ),
    Field.PHONE: frozenset(
        [
            "phone",
            "phonenumber",
            "telephone",
            "tel",
            "homephone",
            "primaryphone",
            "telefono",
            "contactnumber",
        ]
    ),
    Field.EMAIL: frozenset(["email", "emailaddress", "mail", "primaryemail", "correo"]),
    Field.LANGUAGE: frozenset(
        ["language", "preferredlanguage", "primarylanguage", "lang", "idioma"]
    ),
    Field.DIED: frozenset(
        ["deceased", "deathdate", "dateofdeath", "died", "deceaseddate", "deceasedon"]
    ),
}
OWNERS = ("patient", "client")
LANGUAGES: Mapping[str, str] = {
    "en": "en",
    "eng": "en",
    "english": "en",
    "es": "es",
    "spa": "es",
    "spanish": "es",
    "espanol": "es",
}
NOT_DEAD = frozenset({"", "0", "no", "n", "false", "alive", "living"})


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column holds which field, in which order dates are written, and whose numbers.

    `columns` are headings with the field they hold; None for one that is not read.
    """

    columns: tuple[tuple[str, Field | None], ...]
    date_order: DateOrder = DateOrder.AUTO
    source: str = OUR_SOURCE

    def fields(self) -> tuple[Field | None, ...]:
        """Return the field of each column."""
        return tuple(field for _, field in self.columns)

    def named(self) -> dict[str, str]:
        """Return the field of each heading that is read."""
        return {heading: field.value for heading, field in self.columns if field is not None}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row is not taken, or what was left out of it; no word of the patient.

    `other` is a row number or the record number of another patient.
    """

    code: str
    field: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row of a file in our words; with reasons it is refused, with remarks it is not."""

    row_no: int
    family: str = ""
    given: str = ""
    preferred: str = ""
    birth_on: date | None = None
    phone: str = ""
    email: str = ""
    language: str = "en"
    external_id: str = ""
    record_number: str = ""
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()


def heading_key(heading: str) -> str:
    """Return a heading without case, accents, blanks and punctuation."""
    plain = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(char for char in plain if unicodedata.category(char)[0] in "LN")


def headings_hash(headings: Sequence[str]) -> str:
    """Return by which a set of headings is known again, in this order.

    Rows that were left out come back with two columns more: they are the same set.
    """
    if tuple(headings[-2:]) == LEFT_OUT_HEADINGS:
        headings = headings[:-2]
    return hashlib.sha256(json.dumps(list(headings)).encode()).hexdigest()


def guess_map(headings: Sequence[str]) -> ColumnMap:
    """Return what the headings seem to hold; each field once, the first column that fits it."""
    taken: set[Field] = set()
    columns: list[tuple[str, Field | None]] = []
    for heading in headings:
        field = _guess(heading_key(heading))
        if field in taken:
            field = None
        if field is not None:
            taken.add(field)
        columns.append((heading, field))
    if Field.FAMILY in taken:  # a whole name beside its parts says nothing new
        columns = [(head, None if field is Field.NAME else field) for head, field in columns]
    return ColumnMap(tuple(columns))


def _guess(key: str) -> Field | None:
    keys = [key, *(key.removeprefix(owner) for owner in OWNERS if key.startswith(owner))]
    for one in keys:
        for field, words in HEADINGS.items():
            if one in words:
                return field
    return None


def check_map(column_map: ColumnMap) -> None:
    """Raise RuleBroken when no name can be read, or when two columns claim one field."""
    fields = [field for field in column_map.fields() if field is not None]
    for field in fields:
        if fields.count(field) > 1:
            raise RuleBroken("columns_twice", field=field.value)
    if Field.NAME not in fields and Field.FAMILY not in fields:
        raise RuleBroken("columns_without_name")
    if not column_map.source.strip() or len(column_map.source) > SOURCE_MOST:
        raise RuleBroken("source_wrong", most=SOURCE_MOST)


def read_map(document: object, headings: Sequence[str]) -> ColumnMap:
    """Return the map of a JSON document for these headings, or raise RuleBroken.

    A column that the document does not name is not read. Whether it will do is for `check_map`.
    """
    given = document if isinstance(document, Mapping) else {}
    columns, order = given.get("columns"), str(given.get("date_order", DateOrder.AUTO.value))
    source = given.get("source", OUR_SOURCE)
    if not isinstance(columns, Mapping) or order not in set(DateOrder):
        raise RuleBroken("map_unreadable")
    unknown = [str(head) for head in columns if head not in headings]
    wrong = [str(value) for value in columns.values() if str(value) not in set(Field)]
    if unknown:
        raise RuleBroken("map_heading_unknown", heading=unknown[0])
    if wrong:
        raise RuleBroken("map_field_unknown", field=wrong[0], known=tuple(Field))
    read = ((head, Field(columns[head]) if head in columns else None) for head in headings)
    return ColumnMap(tuple(read), DateOrder(order), str(source).strip())


def settle_dates(column_map: ColumnMap, rows: Sequence[Sequence[str]]) -> ColumnMap:
    """Return the map with the order of dates that the whole column shows, if it shows one."""
    fields = column_map.fields()
    if column_map.date_order is not DateOrder.AUTO or Field.BIRTH not in fields:
        return column_map
    at = fields.index(Field.BIRTH)
    return replace(column_map, date_order=column_order(row[at] for row in rows if at < len(row)))


def read_row(column_map: ColumnMap, row_no: int, cells: Sequence[str], *, today: date) -> PersonRow:
    """Return a row in our words, with each reason why it cannot be taken."""
    texts = _texts(column_map, cells)
    family, given = _names(texts)
    reasons, remarks = [], []
    if len(cells) > len(column_map.columns):
        reasons.append(Reason("cells_beyond_headings"))
    birth_on = None
    try:
        birth_on = read_birth(texts[Field.BIRTH], column_map.date_order, today=today)
    except BadDate as error:
        reasons.append(Reason(str(error), Field.BIRTH))
    if texts[Field.DIED].casefold() not in NOT_DEAD:
        reasons.append(Reason("died", Field.DIED))
    if len(texts[Field.EXTERNAL_ID]) > NUMBER_MOST:
        reasons.append(Reason("field_too_long", Field.EXTERNAL_ID, str(NUMBER_MOST)))
    language, is_ours = read_language(texts[Field.LANGUAGE])
    if not is_ours:
        remarks.append(Reason("language_other", Field.LANGUAGE))
    return PersonRow(
        row_no=row_no,
        family=family,
        given=given,
        preferred=texts[Field.PREFERRED],
        birth_on=birth_on,
        phone=texts[Field.MOBILE] or texts[Field.PHONE],
        email=texts[Field.EMAIL],
        language=language,
        external_id=texts[Field.EXTERNAL_ID],
        record_number=texts[Field.RECORD_NUMBER],
        reasons=tuple(reasons),
        remarks=tuple(remarks),
    )


def _texts(column_map: ColumnMap, cells: Sequence[str]) -> dict[Field, str]:
    """Return what a row says for each field, "" where it says nothing."""
    texts = dict.fromkeys(Field, "")
    for field, cell in zip(column_map.fields(), cells, strict=False):
        if field is not None:
            texts[field] = unicodedata.normalize("NFC", cell).strip()
    return texts


def _names(texts: Mapping[Field, str]) -> tuple[str, str]:
    """Return family and given name, parted when a whole name stands in one cell."""
    family, given = texts[Field.FAMILY], texts[Field.GIVEN]
    if not family:
        family, parted = part_name(texts[Field.NAME])
        given = given or parted
    elif not given and "," in family:
        family, given = part_name(family)
    return family, join_given(given, texts[Field.MIDDLE])


def read_language(text: str) -> tuple[str, bool]:
    """Return the language of messages, and whether it is the one that was asked for."""
    key = heading_key(re.split(r"[-_ (]", text.strip(), maxsplit=1)[0])
    found = LANGUAGES.get(key)
    return found or "en", found is not None or not key
