"""Changes of the set-up made on pages: the same document, refused until what it breaks was seen."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from clinic.actions.blocks import remove_block
from clinic.actions.setup import apply_setup
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.base import JsonValue
from clinic.queries.blocks import by_key
from clinic.queries.setup import SCHEMA, Section, entry_of
from clinic.queries.staff import unmanaged_from
from clinic.queries.unheld import UnheldRow, lacking, visits_ahead
from clinic.rules.actors import Actor

Entry = dict[str, JsonValue]
MARK_LENGTH = 24


class VisitsAffected(Conflict):
    """A change after which visits to come would no longer hold; `rows` lists them."""

    def __init__(self, rows: Sequence[UnheldRow]) -> None:
        """Keep the visits and their mark, by which the same ones are known again."""
        super().__init__("visits_affected", count=len(rows))
        self.rows = tuple(rows)
        self.mark = mark_of([[row.visit.id, row.lack.why, row.lack.what] for row in rows])


@dataclass(frozen=True, slots=True)
class Change:
    """What a page writes: some values of one entry of the set-up, and the marks it was shown.

    `version` is the mark of these values when they were shown, None for a new entry. `seen` is the
    mark of the affected visits that were shown, "" for none. `blocks` are closed times put with it,
    `opened` the keys of closed times that are opened again.
    """

    section: Section
    key: str
    values: Entry
    version: str | None
    seen: str = ""
    blocks: tuple[Entry, ...] = ()
    opened: tuple[str, ...] = ()


def change_setup(session: Session, *, change: Change, by: Actor, now: datetime) -> int:
    """Make one entry of the set-up as changed, and return how many visits no longer hold by it.

    Conflict when the values are others by now than those shown; DocumentRefused as for a whole
    document; VisitsAffected until the visits that would no longer hold were shown. Nothing is
    moved or cancelled.
    """
    entry = _merged(session, change)
    managed = unmanaged_from(session, on=now.date()) or date.max

    def act() -> None:
        apply_setup(session, document=_document(change, entry), by=by, now=now)
        open_times(session, keys=change.opened, by=by, now=now)

    affected = _looked_at(session, act, seen=change.seen, now=now)
    left = unmanaged_from(session, on=now.date())
    if left is not None and left < managed:
        raise RuleBroken("last_administrator", on=left.isoformat())
    return affected


def open_times(session: Session, *, keys: Sequence[str], by: Actor, now: datetime) -> None:
    """Open the closed times of these keys again; nothing that is booked is affected by that."""
    for key in keys:
        remove_block(session, block=by_key(session, key), by=by, now=now)


def version_of(entry: Entry, names: Sequence[str]) -> str:
    """Return the mark of some values of an entry: another as soon as one of them is another."""
    return mark_of({name: entry.get(name) for name in names})


def mark_of(value: JsonValue) -> str:
    """Return a short mark of a value; equal values have equal marks."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_LENGTH]


def _merged(session: Session, change: Change) -> Entry:
    """Return the whole entry with the new values, or raise Conflict when it is another by now."""
    try:
        present = entry_of(session, change.section, change.key)
    except NotFound:
        if change.version is not None:
            raise
        return change.values
    if change.version is None:
        raise RuleBroken("key_taken", field="key", key=change.key)
    if version_of(present, [*change.values]) != change.version:
        raise Conflict("setup_changed")
    merged = {**present, **change.values}
    if merged.get("seats") == 0:
        # A person who cannot be booked keeps shifts and leave, out of sight, as the export does.
        merged = {name: one for name, one in merged.items() if name not in ("shifts", "leave")}
    return merged


def _document(change: Change, entry: Entry) -> Entry:
    """Return a whole set-up document that holds this entry alone."""
    document: Entry = {
        "schema": SCHEMA,
        change.section.value: [entry],
    }
    if change.blocks:
        document["blocks"] = list(change.blocks)
    return document


def _looked_at(session: Session, act: Callable[[], object], *, seen: str, now: datetime) -> int:
    """Act, then raise VisitsAffected unless the visits that no longer hold were seen before."""
    ahead = visits_ahead(session, now=now)
    before = {row.visit.id for row in lacking(session, ahead)}
    act()
    session.flush()
    rows = [row for row in lacking(session, ahead) if row.visit.id not in before]
    affected = VisitsAffected(rows)
    if rows and affected.mark != seen:
        raise affected
    return len(rows)
