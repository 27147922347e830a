"""Set-up documents drawn from the schema itself: valid ones, and ones with something spoilt."""

import copy
import json
from collections.abc import Mapping
from functools import cache

from hypothesis import strategies as st

from clinic.models.base import JsonValue
from clinic.schemas import SCHEMAS

Document = dict[str, JsonValue]
Schema = Mapping[str, JsonValue]
Drawn = st.SearchStrategy[JsonValue]

KEYS = ("main", "north", "tms-1", "coil.a", "room:2", "dana", "omar")
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC")
DAYS = ("2026-01-01", "2026-03-08", "2026-11-01", "2028-02-29")
CLOCKS = ("00:00", "08:00", "12:30", "17:00", "24:00")
WALLS = ("2026-03-08", "2026-03-08T02:30", "2026-03-09T08:00", "2026-11-01T01:30", "2026-12-01")
NAMES = ("Main Street", "Ana Ruiz", "O'Brien", "Zoë", "陈", "x", " y ", "   ")
POOLS: dict[str, tuple[JsonValue, ...]] = {
    "zone": ZONES,
    "role": ("front_desk", "clinician", "administrator", "biller"),
    "login": ("ana@example.org", "bo@example.org", "cy@example.org", None),
    "email": ("ana@example.org", ""),
    "language": ("en", "es"),
    "record_number": ("1", "2", "3"),
    "patient": ("1", "2"),
    "kind": ("tms_device", "dosing_room", "leave", "coil"),
    "phone": ("", "+1 312 555 0100"),
}
PATTERNS = {
    "^[a-z0-9]": KEYS,
    "^([01]": CLOCKS,
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": DAYS,
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}(": WALLS,
    "^[A-Z]{3}$": ("USD", "EUR"),
    "^[A-Z]{2}$": ("US", "DE"),
    "^[a-z0-9_]+$": ("tms_device", "coil"),
}
SOUND: Document = {
    "name": "Ana Ruiz",
    "short_name": "Ana",
    "patient_name": "Main Street",
    "role": "front_desk",
    "birth_on": "1980-02-29",
}
"""What stands in a document whose parts are made to go together."""

ODD: tuple[JsonValue, ...] = (
    None,
    True,
    1.5,
    -1,
    10**30,
    "",
    "   ",
    "\x00",
    "\ud800",
    "a\u202eb",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "Mars/Olympus",
    "../etc/passwd",
    [],
    {},
    ["main"],
)


@cache
def setup_schema() -> Schema:
    """The schema of set-up documents."""
    schema: Schema = json.loads((SCHEMAS / "setup.schema.json").read_text(encoding="utf-8"))
    return schema


def drawn(schema: Schema, name: str = "") -> Drawn:
    """Return values of a schema; `name` is the field's, by which words are chosen."""
    if "$ref" in schema:
        return drawn(_child(setup_schema(), "$defs", str(schema["$ref"]).rpartition("/")[2]))
    if "const" in schema:
        return st.just(schema["const"])
    for several in ("enum", "anyOf"):
        options = schema.get(several)
        if isinstance(options, list):
            return st.one_of(
                [drawn(_as(one), name) for one in options]
                if several == "anyOf"
                else [st.sampled_from(options)]
            )
    if name in POOLS and "pattern" not in schema:
        return st.sampled_from(POOLS[name])
    return _of_type(schema, name)


def _of_type(schema: Schema, name: str) -> Drawn:
    kinds = schema.get("type")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        return _object(schema)
    if kind == "array":
        items = drawn(_child(schema, "items"), name)
        least = _number(schema, "minItems", 0)
        by = (lambda one: json.dumps(one, sort_keys=True)) if schema.get("uniqueItems") else None
        return st.lists(items, min_size=least, max_size=3, unique_by=by).map(list)
    if kind == "string":
        return _string(schema)
    if kind == "integer":
        least = _number(schema, "minimum", -3)
        return st.integers(least, min(_number(schema, "maximum", 4), least + 3))
    return st.booleans() if kind == "boolean" else st.none()


def _object(schema: Schema) -> Drawn:
    required = schema.get("required")
    musts = {str(one) for one in required} if isinstance(required, list) else set[str]()
    parts = (
        {key: drawn(_as(part), key) for key, part in _child(schema, "properties").items()}
        if "properties" in schema
        else {}
    )
    whole = st.fixed_dictionaries(
        {key: part for key, part in parts.items() if key in musts},
        optional={key: part for key, part in parts.items() if key not in musts},
    )
    one_of = schema.get("oneOf")
    if not isinstance(one_of, list):
        return whole.map(dict)
    choices = ["site", "resource", "staff"]
    return st.tuples(whole, st.sampled_from(choices), st.sampled_from(KEYS)).map(
        lambda it: (
            {key: value for key, value in it[0].items() if key not in choices} | {it[1]: it[2]}
        )
    )


def _string(schema: Schema) -> Drawn:
    pattern = str(schema.get("pattern", ""))
    for start, words in PATTERNS.items():
        if pattern == start or (pattern and pattern.startswith(start) and not start.endswith("$")):
            return st.sampled_from(words)
    return st.sampled_from(NAMES)


def _child(schema: Schema, *names: str) -> Schema:
    for name in names:
        schema = _as(schema[name])
    return schema


def _as(value: JsonValue) -> Schema:
    assert isinstance(value, dict)
    return value


def _number(schema: Schema, name: str, default: int) -> int:
    value = schema.get(name)
    return value if isinstance(value, int) else default


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Return a document by the schema; half the time its keys are made to go together."""
    found = draw(drawn(setup_schema()))
    assert isinstance(found, dict)
    if draw(st.booleans()):
        _make_fit(found)
    return found


def _make_fit(document: Document) -> None:
    """Give each section keys of its own, and let what names a site or a thing name one that is."""
    document.setdefault("sites", [])
    sites = document["sites"]
    assert isinstance(sites, list)
    if not sites:
        sites.append({"key": "main", "name": "Main", "zone": "America/New_York"})
    for section, key in (
        ("sites", "key"),
        ("resources", "key"),
        ("staff", "key"),
        ("blocks", "key"),
        ("patients", "record_number"),
    ):
        rows = document.get(section)
        for index, row in enumerate(rows if isinstance(rows, list) else []):
            assert isinstance(row, dict)
            row[key] = f"{section}-{index}"
            row.pop("login", None)
            row.pop("fits", None)
            row.pop("patient", None)
            _name_site(row)
            if section == "blocks":
                row.pop("resource", None)
                row.pop("staff", None)
                row["site"] = "sites-0"


def _name_site(value: JsonValue) -> None:
    """Let every site that is named be the first, and every span run forwards."""
    if isinstance(value, list):
        for one in value:
            _name_site(one)
    if isinstance(value, dict):
        _mend(value)
        for one in value.values():
            _name_site(one)


def _mend(row: Document) -> None:
    if isinstance(row.get("site"), str):
        row["site"] = "sites-0"
    if "days" in row:
        row["from"], row["to"] = "08:00", "17:00"
    elif "from" in row and "to" in row:
        row["from"], row["to"] = "2026-03-09T08:00", "2026-12-01"
    for name in ("until", "until_on", "from_on", "seats"):
        row.pop(name, None)
    row.update({name: value for name, value in SOUND.items() if name in row})
    if row.get("kind") == "tms_device" and "key" in row and "name" in row:
        row["tags"] = ["figure-8"]
    _shorten(row)


def _shorten(row: Document) -> None:
    """Leave one entry of the lists whose entries shut each other out."""
    for name in ("hours", "holidays", "qualifications", "leave"):
        rows = row.get(name)
        if isinstance(rows, list):
            row[name] = rows[:1]


@st.composite
def spoilt(draw: st.DrawFn) -> JsonValue:
    """Return a document with one place replaced by something odd, or taken out."""
    document = copy.deepcopy(draw(documents()))
    places = list(_places(document))
    holder, key = draw(st.sampled_from(places))
    if isinstance(holder, dict) and draw(st.integers(0, 4)) == 0:
        del holder[str(key)]
    elif isinstance(holder, dict):
        holder[str(key)] = draw(st.sampled_from(ODD))
    else:
        holder[int(key)] = draw(st.sampled_from(ODD))
    return document


def _places(value: JsonValue) -> list[tuple[Document | list[JsonValue], str | int]]:
    found: list[tuple[Document | list[JsonValue], str | int]] = []
    if isinstance(value, dict):
        for key, one in value.items():
            found += [(value, key), *_places(one)]
    elif isinstance(value, list):
        for index, one in enumerate(value):
            found += [(value, index), *_places(one)]
    return found
