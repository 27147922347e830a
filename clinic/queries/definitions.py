"""Definitions in force: the medical director's data, typed, and kept once read.

An approved body never changes, so what was parsed from a row is kept by its id for as long as the
engine lives.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Pool, Select, select, true
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.base import JsonValue
from clinic.models.definitions import Definition, DefinitionStatus
from clinic.queries.kept import Kept, pool_of
from clinic.rules.patient_texts import PatientTexts, parse_texts
from clinic.rules.protocols import Protocol, parse_protocol
from clinic.rules.side_effects import SideEffectList, parse_side_effects
from clinic.rules.visit_kinds import VisitKind, parse_visit_kind
from clinic.rules.vitals import Thresholds, parse_thresholds

STARTER = Path(__file__).resolve().parents[1] / "data"
Body = Mapping[str, JsonValue]
T = TypeVar("T")


class DefinitionKind(StrEnum):
    """What a definition defines. All but protocols and visit kinds come one to a file."""

    PROTOCOL = "protocol"
    VISIT_KIND = "visit_kind"
    MT_REDETERMINATION = "mt_redetermination"
    THRESHOLDS = "thresholds"
    POLICIES = "policies"
    SIDE_EFFECTS = "side_effects"
    SCREENING = "screening"
    INSTRUMENTS = "instruments"
    OPERATIONS = "operations"
    CODES = "codes"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a definition as a list shows it; `source` is the mark C, S or G."""

    id: int
    kind: str
    key: str
    version: int
    status: DefinitionStatus
    in_force_on: date | None
    name: str
    modality: str
    source: str
    region: str


class Parsed(Generic[T]):
    """Definitions of one kind, parsed once for each engine."""

    def __init__(self, parse: Callable[[Body], T]) -> None:
        """Keep the function that turns a body into a value."""
        self._parse = parse
        self._kept: WeakKeyDictionary[Pool, dict[int, T]] = WeakKeyDictionary()

    def of(self, session: Session, ids: Collection[int]) -> dict[int, T]:
        """Return the parsed definitions by id, reading only those not yet kept."""
        kept = self._kept.setdefault(pool_of(session), {})
        missing = [one for one in ids if one not in kept]
        if missing:
            rows = select(Definition.id, Definition.body).where(Definition.id.in_(missing))
            for row in session.execute(rows):
                kept[row.id] = self._parse(row.body)
        absent = [one for one in ids if one not in kept]
        if absent:
            raise NotFound("definition_absent", definition=absent[0])
        return {one: kept[one] for one in ids}


def protocol_of(body: Body, *, path: str = "$") -> Protocol:
    """Return the protocol of a stored body, in which the parent's fields are filled in already."""
    return parse_protocol(body, parents={str(body.get("inherits")): {}}, path=path)


@cache
def starter(kind: DefinitionKind) -> Body:
    """Return what this version comes with: it fills in what a clinic's older data lack."""
    body: Body = json.loads((STARTER / f"{kind.value}.json").read_text(encoding="utf-8"))
    return body


_PROTOCOLS: Parsed[Protocol] = Parsed(protocol_of)
_VISIT_KINDS: Parsed[VisitKind] = Parsed(parse_visit_kind)
_THRESHOLDS: Parsed[Thresholds] = Parsed(parse_thresholds)
_SIDE_EFFECTS: Parsed[SideEffectList] = Parsed(parse_side_effects)
_TEXTS: Parsed[PatientTexts] = Parsed(parse_texts)
_BODIES: Parsed[Body] = Parsed(dict)
_POLICIES: Parsed[Body] = Parsed(lambda body: {**starter(DefinitionKind.POLICIES), **body})


def versions(kind: str) -> Select[Definition]:
    """Return every version of a kind, by key, newest first."""
    return (
        select(Definition)
        .where(Definition.kind == kind)
        .order_by(Definition.key, Definition.version.desc())
    )


def version_rows_of(session: Session, kinds: Collection[str]) -> list[VersionRow]:
    """Return every version of some kinds as a list shows it, by kind and key, newest first."""
    query = (
        select(Definition)
        .where(Definition.kind.in_(kinds))
        .order_by(Definition.kind, Definition.key, Definition.version.desc())
    )
    return [_version_row(row) for row in session.scalars(query)]


def version_rows(session: Session, kind: str) -> list[VersionRow]:
    """Return every version of a kind as a list shows it, by key, newest first."""
    return [_version_row(row) for row in session.scalars(versions(kind))]


def version_row(session: Session, kind: str, key: str, version: int) -> VersionRow | None:
    """Return one version as a list shows it, None when there is none."""
    query = versions(kind).where(Definition.key == key, Definition.version == version)
    row = session.scalars(query).first()
    return None if row is None else _version_row(row)


def _version_row(row: Definition) -> VersionRow:
    words = {
        name: str(row.body.get(name) or "") for name in ("name", "modality", "source", "region")
    }
    return VersionRow(row.id, row.kind, row.key, row.version, row.status, row.in_force_on, **words)


def current(session: Session, kind: str, key: str, *, on: date | None = None) -> Definition:
    """Return the newest approved version (in force on a date, when given), or raise NotFound."""
    found = session.scalars(
        versions(kind).where(
            Definition.key == key, Definition.status == DefinitionStatus.APPROVED, _in_force(on)
        )
    ).first()
    if found is None:
        raise NotFound("definition_absent", kind=kind, key=key)
    return found


def current_ids(session: Session, kind: str, *, on: date | None = None) -> Mapping[str, int]:
    """Return the id of the newest approved version by key, of those in force on a date if given."""
    return _read_ids(session, kind, on) if on is not None else _IDS.of(session, kind)


def _read_ids(session: Session, kind: str, on: date | None = None) -> dict[str, int]:
    rows = session.execute(
        select(Definition.key, Definition.id)
        .where(
            Definition.kind == kind, Definition.status == DefinitionStatus.APPROVED, _in_force(on)
        )
        .order_by(Definition.key, Definition.version)
    )
    return {row.key: row.id for row in rows}


_IDS: Kept[str, dict[str, int]] = Kept(_read_ids)


def protocol(session: Session, definition_id: int) -> Protocol:
    """Return the protocol of one version row."""
    return _PROTOCOLS.of(session, [definition_id])[definition_id]


def protocols(session: Session) -> dict[str, Protocol]:
    """Return the protocols in force by key."""
    return _current_of(session, DefinitionKind.PROTOCOL, _PROTOCOLS)


def visit_kind(session: Session, definition_id: int) -> VisitKind:
    """Return the visit kind of one version row."""
    return _VISIT_KINDS.of(session, [definition_id])[definition_id]


def visit_kinds(session: Session) -> dict[str, VisitKind]:
    """Return the visit kinds in force by key."""
    return _current_of(session, DefinitionKind.VISIT_KIND, _VISIT_KINDS)


def thresholds(session: Session, definition_id: int | None = None) -> Thresholds:
    """Return the thresholds of one version row, or those in force."""
    return _one(session, DefinitionKind.THRESHOLDS, _THRESHOLDS, definition_id)


def side_effects(session: Session, definition_id: int | None = None) -> SideEffectList:
    """Return the coded side effects of one version row, or those in force."""
    return _one(session, DefinitionKind.SIDE_EFFECTS, _SIDE_EFFECTS, definition_id)


def texts(session: Session) -> PatientTexts:
    """Return the texts for patients in force, those of the starter data while there are none."""
    chosen = current_ids(session, DefinitionKind.TEXTS).get(DefinitionKind.TEXTS)
    if chosen is None:
        return parse_texts(starter(DefinitionKind.TEXTS))
    return _TEXTS.of(session, [chosen])[chosen]


def policies(session: Session) -> Body:
    """Return the policies in force, whole sections they lack filled in from the starter data."""
    return _one(session, DefinitionKind.POLICIES, _POLICIES, None)


def policies_or_starter(session: Session) -> Body:
    """Return the policies in force, or those of the starter data while there are none."""
    is_there = DefinitionKind.POLICIES in current_ids(session, DefinitionKind.POLICIES)
    return policies(session) if is_there else starter(DefinitionKind.POLICIES)


def whole(session: Session, kind: str, definition_id: int | None = None) -> Body:
    """Return the body of a kind that comes one to a file; one version row, or that in force."""
    return _one(session, kind, _BODIES, definition_id)


def _current_of(session: Session, kind: str, parsed: Parsed[T]) -> dict[str, T]:
    ids = current_ids(session, kind)
    found = parsed.of(session, list(ids.values()))
    return {key: found[one] for key, one in ids.items()}


def _one(session: Session, kind: str, parsed: Parsed[T], definition_id: int | None) -> T:
    chosen = current_ids(session, kind).get(kind) if definition_id is None else definition_id
    if chosen is None:
        raise NotFound("definition_absent", kind=kind, key=kind)
    return parsed.of(session, [chosen])[chosen]


def _in_force(on: date | None) -> ColumnElement[bool]:
    return true() if on is None else Definition.in_force_on <= on
