"""Release: what must be true before somebody is let go after a treatment, and who may say else.

The checklist is the medical director's data (thresholds.json, `discharge`). What readings can tell
is computed; the rest is for a person to state. A signal that was not measured meets nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic.rules.appointments import Outcome
from clinic.rules.data import JsonValue, Node
from clinic.rules.vitals import COMPARE, Group, Level, RelativeTo, RuleSet, Signal
from clinic.rules.vitals_care import Care
from clinic.rules.vitals_due import Chair, Taken, next_reading
from clinic.rules.vitals_points import final_within

PRESCRIBER = "prescriber"
BY_PROTOCOL = "by_protocol"
FINAL_READING = "final_reading"
ALDRETE = "aldrete"
LAST_READING = "last_reading"
READING_LATE = "reading_late"
WATCH_MIN_LEFT = "watch_min_left"
MIN_SINCE_VOMITING = "min_since_vomiting"
SIGNALS = {signal.value: signal for signal in Signal}
COMPUTED = frozenset({*SIGNALS, WATCH_MIN_LEFT, MIN_SINCE_VOMITING})


class Way(StrEnum):
    """How somebody leaves: released, released by who may override, or before being ready."""

    DISCHARGED = "discharged"
    OVERRIDDEN = "overridden"
    LEFT_BEFORE_READY = "left_before_ready"
    SENT_TO_HOSPITAL = "sent_to_hospital"


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One comparison of an item; its signal may be one that this record does not hold."""

    signal: str
    comparison: str
    number: int
    relative_to: RelativeTo


@dataclass(frozen=True, slots=True)
class ReleaseItem:
    """One item of the checklist, for some routes; `override_roles` may let it go."""

    key: str
    text: str
    group: Group
    rows: tuple[ReleaseRow, ...]
    routes: frozenset[str]
    override_roles: frozenset[str]

    @property
    def is_computed(self) -> bool:
        """Say whether readings and the clock answer it; else a person does, with a tick."""
        if self.key == FINAL_READING:
            return True
        return bool(self.rows) and all(row.signal in COMPUTED for row in self.rows)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that stands for or against letting somebody go, and which roles may override it."""

    key: str
    text: str
    is_met: bool
    is_tick: bool = False
    override_roles: frozenset[str] = frozenset({PRESCRIBER})


@dataclass(frozen=True, slots=True)
class Stay:
    """A visit about to end: its chair, the last vomiting, and what was stated with a tick."""

    chair: Chair
    vomited_at: datetime | None = None
    ticked: Collection[str] = ()


def parse_release(body: JsonValue | Node, *, path: str = "$") -> tuple[ReleaseItem, ...]:
    """Return the checklist of a thresholds body; none in data that know no checklist."""
    node = body if isinstance(body, Node) else Node(path, body)
    leaving = node.optional("discharge")
    return () if leaving is None else tuple(_item(one) for one in leaving.field("items").items())


def _item(node: Node) -> ReleaseItem:
    return ReleaseItem(
        key=node.field("key").text(),
        text=node.field("text").text(),
        group=node.field("group").one_of(Group),
        rows=tuple(_row(one) for one in node.field("rows").items()),
        routes=node.field("applies").texts(),
        override_roles=node.field("override_roles").texts(),
    )


def _row(node: Node) -> ReleaseRow:
    return ReleaseRow(
        signal=node.field("signal").text(),
        comparison=node.field("comparison").text(),
        number=node.field("number").whole(),
        relative_to=node.field("relative_to").one_of(RelativeTo),
    )


def release_checks(
    items: Iterable[ReleaseItem], stay: Stay, *, outcome: Outcome, now: datetime
) -> tuple[Check, ...]:
    """Return all that speaks for or against ending a visit with this outcome now.

    The checklist is asked where a dose was given. Somebody who was not treated and whose readings
    are all from before the dose is sent home by that very verdict: it holds nobody back.
    """
    last, is_treated = stay.chair.last, outcome is not Outcome.NOT_TREATED
    if not is_treated and (last is None or last.rule_set is RuleSet.PRE_DOSE):
        return ()
    checks = [*_by_readings(stay.chair, now)]
    care = stay.chair.care
    if is_treated and care is not None and stay.chair.started_at is not None:
        checks += [
            _check(item, stay, care, now)
            for item in items
            if care.route in item.routes and (item.key != ALDRETE or care.asks_aldrete)
        ]
    return tuple(checks)


def _by_readings(chair: Chair, now: datetime) -> Iterable[Check]:
    """Yield what the readings say; before a session without a dose they hold nobody back."""
    last = chair.last
    if last is not None and (chair.care is not None or last.rule_set is RuleSet.IN_SESSION):
        yield Check(LAST_READING, "", last.level is Level.NONE)
    due = next_reading(chair, now)
    if due is not None:
        yield Check(READING_LATE, "", not due.late_min(now))


def _check(item: ReleaseItem, stay: Stay, care: Care, now: datetime) -> Check:
    roles = care.watch_overrides if BY_PROTOCOL in item.override_roles else item.override_roles
    if not item.is_computed:
        return Check(item.key, item.text, item.key in stay.ticked, True, roles)
    return Check(item.key, item.text, _is_met(item, stay, care, now), False, roles)


def _is_met(item: ReleaseItem, stay: Stay, care: Care, now: datetime) -> bool:
    if item.key == FINAL_READING:
        return _is_fresh(stay.chair.last, care, now)
    met = [_meets(row, stay, now) for row in item.rows]
    return all(met) if item.group is Group.ALL else any(met)


def _is_fresh(last: Taken | None, care: Care, now: datetime) -> bool:
    within = final_within(care.points)
    return within is None or (last is not None and now - last.at <= timedelta(minutes=within))


def _meets(row: ReleaseRow, stay: Stay, now: datetime) -> bool:
    if row.signal == MIN_SINCE_VOMITING and stay.vomited_at is None:
        return True
    value = _value(row, stay, now)
    return value is not None and COMPARE[row.comparison](value, row.number)


def _value(row: ReleaseRow, stay: Stay, now: datetime) -> int | None:
    if row.signal == WATCH_MIN_LEFT:
        left = stay.chair.leaves_at
        return None if left is None else -((now - left) // timedelta(minutes=1))
    if row.signal == MIN_SINCE_VOMITING:
        since = stay.vomited_at
        return None if since is None else (now - since) // timedelta(minutes=1)
    return _measured(SIGNALS[row.signal], row.relative_to, stay.chair.taken)


def _measured(signal: Signal, relative_to: RelativeTo, taken: Sequence[Taken]) -> int | None:
    """Return the last value of a signal, or its difference from an earlier reading."""
    value = taken[-1].reading.value(signal) if taken else None
    if value is None or relative_to is RelativeTo.NONE:
        return value
    before = [
        one for one in taken[:-1] if relative_to is not RelativeTo.BASELINE or _is_before_dose(one)
    ]
    start = before[-1].reading.value(signal) if before else None
    return None if start is None else value - start


def _is_before_dose(one: Taken) -> bool:
    return one.rule_set is RuleSet.PRE_DOSE


def unmet(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return what is not met."""
    return tuple(check for check in checks if not check.is_met)


def beyond(checks: Iterable[Check], roles: Collection[str]) -> tuple[Check, ...]:
    """Return what is not met and may not be overridden by somebody with these roles."""
    return tuple(check for check in unmet(checks) if not check.override_roles & frozenset(roles))
