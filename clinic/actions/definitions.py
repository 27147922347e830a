"""Load the medical director's data: checked, split into versions, stored and approved."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require_at
from clinic.errors import Value
from clinic.models.base import JsonValue
from clinic.models.definitions import Definition, DefinitionStatus
from clinic.queries.definitions import DefinitionKind, current_ids, protocol_of, starter
from clinic.queries.outcomes import read_cancel_reasons, read_outcome_reasons
from clinic.rules.actors import Actor
from clinic.rules.data import DataError
from clinic.rules.decent_hours import reminder_window
from clinic.rules.gaps import gap_rules
from clinic.rules.messages import link_life, message_policy
from clinic.rules.patient_texts import parse_texts
from clinic.rules.permissions import Permission
from clinic.rules.protocols import Protocol
from clinic.rules.reminders import reminder_policies
from clinic.rules.side_effects import parse_side_effects
from clinic.rules.steps import Step
from clinic.rules.visit_kinds import parse_visit_kind
from clinic.rules.vitals import parse_thresholds
from clinic.schemas import DATA, DocumentRefused, Fault, has_schema, read_document, schema_faults

FAMILY = "clinic-tracker"
STARTER = (
    "visit_kinds",
    "protocols",
    "thresholds",
    "policies",
    "side_effects",
    "screening",
    "instruments",
    "operations",
    "codes",
    "texts",
)
LISTS = {"protocols": DefinitionKind.PROTOCOL, "visit_kinds": DefinitionKind.VISIT_KIND}


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition in a document, with the JSON path it stands at."""

    kind: DefinitionKind
    key: str
    version: int
    body: dict[str, JsonValue]
    path: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: `kind/key/version` of what is new, and how many were there already."""

    added: tuple[str, ...]
    unchanged: int


def load_starter_data(session: Session, *, by: Actor, now: datetime) -> Loaded:
    """Store all the starter data of the package, approved by the actor; again changes nothing."""
    require_at(by, Permission.MANAGE_PROTOCOLS, None)
    added: list[str] = []
    unchanged = 0
    for name in STARTER:
        done = _take(session, _starter_entries(name), by=by, now=now)
        added += done.added
        unchanged += done.unchanged
    return Loaded(tuple(added), unchanged)


def load_file(session: Session, *, path: Path, version: int, by: Actor, now: datetime) -> Loaded:
    """Store the definitions of a file; see `load_definitions`."""
    return load_definitions(session, document=read_document(path), version=version, by=by, now=now)


def load_definitions(
    session: Session, *, document: JsonValue, by: Actor, now: datetime, version: int = 1
) -> Loaded:
    """Store the definitions of a document as approved versions, all or none.

    `version` is that of a kind that comes one to a file; protocols and visit kinds carry their
    own. DocumentRefused lists every fault by path, also an approved version that would change.
    """
    require_at(by, Permission.MANAGE_PROTOCOLS, None)
    return _take(session, _entries(document, version), by=by, now=now)


@cache
def _starter_entries(name: str) -> tuple[Entry, ...]:
    """Return what a file of the package defines, held against its schema once a process."""
    return tuple(_entries(read_document(DATA / f"{name}.json"), 1))


def _take(session: Session, entries: Sequence[Entry], *, by: Actor, now: datetime) -> Loaded:
    """Store what is new of these definitions, or refuse them all."""
    faults = _faults(entries, set(current_ids(session, DefinitionKind.VISIT_KIND)))
    stored = _stored(session, entries)
    faults += _changed(entries, stored)
    if faults:
        raise DocumentRefused(faults)
    fresh = [entry for entry in entries if (entry.kind, entry.key, entry.version) not in stored]
    _store(session, fresh, by=by, now=now)
    return Loaded(
        tuple(f"{entry.kind}/{entry.key}/{entry.version}" for entry in fresh),
        len(entries) - len(fresh),
    )


def _store(session: Session, fresh: Sequence[Entry], *, by: Actor, now: datetime) -> None:
    """Add all of them in one statement, then what the audit trail says of each."""
    rows = [
        Definition(
            kind=entry.kind.value,
            key=entry.key,
            version=entry.version,
            status=DefinitionStatus.APPROVED,
            body=entry.body,
            in_force_on=now.date(),
            created_at=now,
            created_by=by.account_id,
            approved_at=now,
            approved_by=by.account_id,
        )
        for entry in fresh
    ]
    session.add_all(rows)
    session.flush()
    for row in rows:
        record_audit(
            session,
            verb="approve",
            subject="definition",
            subject_id=row.id,
            by=by,
            now=now,
            values={"kind": row.kind, "key": row.key, "version": row.version},
        )


def _entries(document: JsonValue, version: int) -> list[Entry]:
    """Return the definitions of a document; DocumentRefused when it is not one of ours."""
    name = document_name(document)
    if not isinstance(document, dict) or name is None:
        raise DocumentRefused([Fault("$.schema", "schema_unknown", {"known": tuple(STARTER)})])
    faults = schema_faults(document, name) if has_schema(name) else []
    if faults:
        raise DocumentRefused(faults)
    if name not in LISTS:
        return [Entry(DefinitionKind(name), name, version, document, "$")]
    entries = _listed(document, name)
    if name == "protocols":
        entries.append(_redetermination(document, version))
    return entries


def document_name(document: JsonValue) -> str | None:
    """Return which of the clinical files a document is ("protocols"), None if it is not one."""
    schema = document.get("schema") if isinstance(document, dict) else None
    parts = schema.split("/") if isinstance(schema, str) else []
    is_ours = len(parts) == 3 and parts[0] == FAMILY
    name = parts[1].replace("-", "_") if is_ours else ""
    return name if name in STARTER else None


def _listed(document: Mapping[str, JsonValue], name: str) -> list[Entry]:
    """Return the entries of a list; one that inherits is stored with its parent's fields."""
    rows = [row for row in _list(document[name]) if isinstance(row, dict)]
    by_key = {str(row["key"]): row for row in rows}
    entries = []
    for index, row in enumerate(rows):
        at = f"$.{name}[{index}]"
        parent = row.get("inherits")
        if parent is not None and str(parent) not in by_key:
            raise DocumentRefused(
                [Fault(f"{at}.inherits", "unknown_parent", {"value": str(parent)})]
            )
        body = {**by_key.get(str(parent), {}), **row}
        entries.append(Entry(LISTS[name], str(row["key"]), _int(row["version"]), body, at))
    return entries


def _redetermination(document: Mapping[str, JsonValue], version: int) -> Entry:
    kind = DefinitionKind.MT_REDETERMINATION
    body = document[kind.value]
    return Entry(kind, kind.value, version, body if isinstance(body, dict) else {}, f"$.{kind}")


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _int(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _faults(entries: Sequence[Entry], visit_kinds: Collection[str]) -> list[Fault]:
    """Return what is wrong beyond the schema: doubles, unknown kinds, what does not parse."""
    faults = []
    seen: set[tuple[str, str, int]] = set()
    for entry in entries:
        identity = (entry.kind, entry.key, entry.version)
        if identity in seen:
            faults.append(Fault(entry.path, "given_twice", {"value": entry.key}))
        seen.add(identity)
        try:
            faults += _body_faults(entry, visit_kinds)
        except DataError as error:
            faults.append(Fault(error.path, error.reason, {"value": error.value}))
    return faults


def _body_faults(entry: Entry, visit_kinds: Collection[str]) -> list[Fault]:
    """Read the body as a value, as it will be read for ever after; DataError when that fails."""
    match entry.kind:
        case DefinitionKind.PROTOCOL:
            protocol = protocol_of(entry.body, path=entry.path)
            return _unknown_kinds(protocol, visit_kinds, entry.path)
        case DefinitionKind.VISIT_KIND:
            parse_visit_kind(entry.body, path=entry.path)
        case DefinitionKind.THRESHOLDS:
            parse_thresholds(entry.body)
        case DefinitionKind.SIDE_EFFECTS:
            parse_side_effects(entry.body)
        case DefinitionKind.TEXTS:
            parse_texts(entry.body)
        case DefinitionKind.POLICIES:
            _read_policies({**starter(DefinitionKind.POLICIES), **entry.body})
        case _:
            pass
    return []


def _read_policies(body: Mapping[str, JsonValue]) -> None:
    """Read all that is read of the policies; DataError when a part does not parse."""
    for read in (message_policy, link_life, reminder_window, reminder_policies, gap_rules):
        read(body)
    read_outcome_reasons(body)
    read_cancel_reasons(body)


def _unknown_kinds(protocol: Protocol, visit_kinds: Collection[str], path: str) -> list[Fault]:
    """Return a fault for each step that names a visit kind the clinic does not have."""
    plans = [("steps", protocol.steps)]
    plans += [
        (f"variants[{index}].steps", variant.steps)
        for index, variant in enumerate(protocol.variants)
    ]
    named = [
        (f"{path}.{plan}[{index}].{field}", kind)
        for plan, steps in plans
        for index, step in enumerate(steps)
        for field, kind in _kinds_of(step)
    ]
    return [
        Fault(at, "visit_kind_unknown", {"value": kind})
        for at, kind in named
        if kind not in visit_kinds
    ]


def _kinds_of(step: Step) -> list[tuple[str, str]]:
    kinds = [("visit_kind", step.visit_kind)]
    if step.first_visit is not None:
        kinds.append(("first_visit.visit_kind", step.first_visit.visit_kind))
    return kinds


def _stored(
    session: Session, entries: Iterable[Entry]
) -> dict[tuple[DefinitionKind, str, int], dict[str, JsonValue]]:
    kinds = {entry.kind.value for entry in entries}
    rows = session.execute(
        select(Definition.kind, Definition.key, Definition.version, Definition.body).where(
            Definition.kind.in_(kinds)
        )
    )
    return {(DefinitionKind(row.kind), row.key, row.version): row.body for row in rows}


def _changed(
    entries: Iterable[Entry],
    stored: Mapping[tuple[DefinitionKind, str, int], Mapping[str, JsonValue]],
) -> list[Fault]:
    """Return a fault for each approved version whose body would change, at the first difference."""
    faults = []
    for entry in entries:
        before = stored.get((entry.kind, entry.key, entry.version))
        if before is not None and before != entry.body:
            at = first_difference(dict(before), entry.body)
            values: dict[str, Value] = {"key": entry.key, "version": entry.version}
            faults.append(Fault(f"{entry.path}{at}", "approved_body_changed", values))
    return faults


def first_difference(before: JsonValue, after: JsonValue) -> str:
    """Return the path of the first place in which two values differ, "" for the top."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            if name not in before or name not in after:
                return f".{name}"
            if before[name] != after[name]:
                return f".{name}{first_difference(before[name], after[name])}"
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                return f"[{index}]{first_difference(old, new)}"
    return ""
