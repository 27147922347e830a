"""What a booked visit lacks in a set-up: the first reason why it could not be booked so today.

Pure: the rows were read before. Seats are not counted; they cannot be taken away while in use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from clinic.models.resources import PERSON
from clinic.rules.appointments import Status
from clinic.rules.visit_kinds import Mode, Requirement
from clinic.rules.wall_days import CELL_MIN, QUANTUM_SECONDS, span_mask, wall_day

WHOLE_SITE = 0


class Why(StrEnum):
    """Why a booked visit no longer holds."""

    CLOSED = "closed"
    INACTIVE = "inactive"
    ABSENT = "absent"
    UNQUALIFIED = "unqualified"
    MISFIT = "misfit"
    UNCOVERED = "uncovered"
    UNMET = "unmet"


class Held(NamedTuple):
    """What a visit holds: a resource for a requirement, in a half-open span of quanta."""

    resource_id: int
    requirement: str
    from_quantum: int
    to_quantum: int


class Ahead(NamedTuple):
    """A visit to come, in the order of its query; `course_id` is None outside one."""

    holds: tuple[Held, ...]
    id: int
    public_id: str
    site_id: int
    patient_public_id: str
    family: str
    given: str
    definition_id: int
    course_id: int | None
    step_key: str | None
    place: str
    local_on: date
    local_min: int
    length_min: int
    end_at: datetime
    status: Status


class Lack(NamedTuple):
    """What a visit lacks; `what` names the device, room or person, or is a qualification."""

    why: Why
    what: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """A device, room, coil or person as far as it matters here."""

    name: str
    kind: str
    tags: frozenset[str]
    is_active: bool
    fits: frozenset[int]


@dataclass(frozen=True, slots=True)
class Clinic:
    """The set-up at one moment.

    `opened` are the open cells by site, day and resource (WHOLE_SITE: the site's own hours); a day
    that is not in it is closed. `qualified` is until when, by resource and qualification.
    """

    opened: Mapping[int, Mapping[date, Mapping[int, int]]]
    switches: Mapping[int, Mapping[str, bool]]
    zones: Mapping[int, str]
    things: Mapping[int, Thing]
    qualified: Mapping[int, Mapping[str, date | None]]

    def is_on(self, site_id: int, switch: str | None) -> bool:
        """Say whether a requirement with this switch is asked for at the site."""
        return switch is None or self.switches[site_id].get(switch, True)

    def is_qualified(self, resource_id: int, qualification: str, on: date) -> bool:
        """Say whether somebody is qualified on a date."""
        until = self.qualified.get(resource_id, {}).get(qualification, date.min)
        return until is None or on <= until


def lack_of(
    visit: Ahead,
    requirements: Sequence[Requirement],
    device_tags: frozenset[str],
    clinic: Clinic,
) -> Lack | None:
    """Return the first thing the visit lacks, None when it holds."""
    opened = clinic.opened[visit.site_id].get(visit.local_on)
    if opened is None or _cells(visit) & ~opened[WHOLE_SITE]:
        return Lack(Why.CLOSED)
    rules = [
        rule
        for rule in requirements
        if visit.place in rule.places and clinic.is_on(visit.site_id, rule.switch)
    ]
    by_id = {rule.id: rule for rule in rules}
    for held in visit.holds:
        lack = _lack_of_hold(visit, held, by_id.get(held.requirement), opened, clinic)
        if lack is not None:
            return lack
    return _lack_of_rules(visit, rules, device_tags, opened, clinic)


def _cells(visit: Ahead) -> int:
    """Return the cells of the visit itself, without turnover."""
    end = visit.local_min + visit.length_min
    return span_mask(visit.local_min // CELL_MIN, -(-end // CELL_MIN))


def _lack_of_hold(
    visit: Ahead,
    held: Held,
    rule: Requirement | None,
    opened: Mapping[int, int],
    clinic: Clinic,
) -> Lack | None:
    thing = clinic.things[held.resource_id]
    if not thing.is_active:
        return Lack(Why.INACTIVE, thing.name)
    day = wall_day(visit.local_on, clinic.zones[visit.site_id])
    end = -(-int(visit.end_at.timestamp()) // QUANTUM_SECONDS)
    if day.cell_span(held.from_quantum, min(held.to_quantum, end)) & ~opened[held.resource_id]:
        return Lack(Why.ABSENT, thing.name)
    needed = None if rule is None else rule.qualification
    if needed and not clinic.is_qualified(held.resource_id, needed, visit.local_on):
        return Lack(Why.UNQUALIFIED, thing.name)
    return None


def _lack_of_rules(
    visit: Ahead,
    rules: Sequence[Requirement],
    device_tags: frozenset[str],
    opened: Mapping[int, int],
    clinic: Clinic,
) -> Lack | None:
    for rule in rules:
        if rule.mode is Mode.ON_SITE:
            if not _has_cover(visit, rule, opened, clinic):
                return Lack(Why.UNCOVERED, rule.qualification or rule.id)
            continue
        members = {held.resource_id for held in visit.holds if held.requirement == rule.id}
        if not members and rule.switch is not None:
            return Lack(Why.UNMET, rule.qualification or rule.id)
        tags = rule.tags | device_tags if rule.tags_from_protocol else rule.tags
        if (
            members
            and rule.resource_kind
            and not _is_fit(members, rule.resource_kind, tags, clinic)
        ):
            heads = [clinic.things[key].name for key in members if not clinic.things[key].fits]
            return Lack(Why.MISFIT, ", ".join(sorted(heads)))
    return None


def _has_cover(visit: Ahead, rule: Requirement, opened: Mapping[int, int], clinic: Clinic) -> bool:
    """Say whether somebody qualified is on shift at the site during the requirement."""
    start = visit.local_min + rule.offset_min
    end = visit.local_min + visit.length_min - rule.trim_end_min
    if rule.length_min is not None:
        end = min(end, start + rule.length_min)
    needed = span_mask(start // CELL_MIN, -(-end // CELL_MIN))
    return any(
        not needed & ~opened[key]
        for key, thing in clinic.things.items()
        if thing.kind == PERSON
        and thing.is_active
        and clinic.is_qualified(key, rule.qualification or "", visit.local_on)
    )


def _is_fit(members: set[int], kind: str, tags: frozenset[str], clinic: Clinic) -> bool:
    """Say whether one is of the kind, and with its coils has all tags; each coil goes on it."""
    things = {key: clinic.things[key] for key in members}
    carried = frozenset[str]().union(*(thing.tags for thing in things.values()))
    coils_fit = all(thing.fits & members for thing in things.values() if thing.fits)
    is_kind = any(thing.kind == kind for thing in things.values())
    return is_kind and tags <= carried and coils_fit
