"""Visit kinds: how long a visit lasts, where it is held and what it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from clinic.rules.data import TOO_SMALL, DataError, JsonValue, Node


class Place(StrEnum):
    """Where a visit is held; only a room needs a room."""

    ROOM = "room"
    VIDEO = "video"
    PHONE = "phone"


class GroupRule(StrEnum):
    """How requirements of one group share people."""

    DISTINCT = "distinct"
    MAY_COINCIDE = "may_coincide"


class Mode(StrEnum):
    """Whether a requirement takes seats or only needs the person on shift at the site."""

    SEAT = "seat"
    ON_SITE = "on_site"


@dataclass(frozen=True, slots=True)
class Group:
    """Requirements with the same name are different people, or may be one person."""

    name: str
    rule: GroupRule


@dataclass(frozen=True, slots=True)
class SeatsFirst:
    """For the first minutes this many seats instead (None: all), when the site switch is on."""

    minutes: int
    seats: int | None
    switch: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing a visit holds: a member of a resource kind or a person with a qualification.

    Exactly one of `resource_kind` and `qualification` is set. `length_min` None is the whole
    visit without its turnover; `seats` None is all seats of the member.
    """

    id: str
    resource_kind: str | None
    qualification: str | None
    tags: frozenset[str] = frozenset()
    tags_from_protocol: bool = False
    offset_min: int = 0
    length_min: int | None = None
    trim_end_min: int = 0
    seats: int | None = 1
    group: Group | None = None
    continuity: bool = False
    mode: Mode = Mode.SEAT
    places: frozenset[Place] = frozenset(Place)
    switch: str | None = None
    seats_first: SeatsFirst | None = None

    @property
    def pool(self) -> str:
        """Return what its members are: a resource kind or a qualification."""
        return self.resource_kind or self.qualification or ""


@dataclass(frozen=True, slots=True)
class VisitKind:
    """One approved version of a visit kind."""

    key: str
    version: int
    staff_label: str
    patient_label: str
    default_length_min: int
    turnover_min: int
    places: tuple[Place, ...]
    requirements: tuple[Requirement, ...]
    missed_grace_min: int
    counts_as_delivered: bool
    reminder_policy: str
    billing: tuple[str, ...] = ()


def followed_pools(kinds: Iterable[VisitKind]) -> frozenset[str]:
    """Return the pools of which one member should serve a patient throughout a course."""
    return frozenset(rule.pool for kind in kinds for rule in kind.requirements if rule.continuity)


def parse_visit_kinds(document: JsonValue, *, path: str = "$") -> dict[str, VisitKind]:
    """Return every visit kind of a visit_kinds document by key, or raise DataError."""
    kinds = [parse_visit_kind(node) for node in Node(path, document).field("visit_kinds").items()]
    return {kind.key: kind for kind in kinds}


def parse_visit_kind(body: JsonValue | Node, *, path: str = "$") -> VisitKind:
    """Return one visit kind from its JSON body, or raise DataError with path and reason."""
    node = body if isinstance(body, Node) else Node(path, body)
    billing = node.optional("billing")
    return VisitKind(
        key=node.field("key").text(),
        version=node.field("version").whole(),
        staff_label=node.field("staff_label").text(),
        patient_label=node.field("patient_label").text(),
        default_length_min=node.field("default_length_min").whole(least=5),
        turnover_min=node.field("turnover_min").whole(),
        places=_places(node.field("places")),
        requirements=parse_requirements(node.field("requirements")),
        missed_grace_min=node.field("missed_grace_min").whole(),
        counts_as_delivered=node.field("counts_as_delivered").flag(),
        reminder_policy=node.field("reminder_policy").text(),
        billing=tuple(n.text() for n in billing.field("default").items()) if billing else (),
    )


def parse_requirements(node: Node) -> tuple[Requirement, ...]:
    """Return a list of requirements in order; two with one id are refused."""
    found = tuple(_requirement(item) for item in node.items())
    seen: set[str] = set()
    for item, requirement in zip(node.items(), found, strict=True):
        if requirement.id in seen:
            raise DataError(f"{item.path}.id", "given_twice", requirement.id)
        seen.add(requirement.id)
    return found


def _requirement(node: Node) -> Requirement:
    kind, qualification = node.optional("resource_kind"), node.optional("qualification")
    if (kind is None) == (qualification is None):
        raise DataError(node.path, "resource_kind_or_qualification")
    switch = node.optional("switch")
    length = node.field("length_min")
    return Requirement(
        id=node.field("id").text(),
        resource_kind=kind.text() if kind else None,
        qualification=qualification.text() if qualification else None,
        tags=node.field("tags").texts(),
        tags_from_protocol=node.field("tags_from_protocol").flag(),
        offset_min=node.field("offset_min").whole(),
        length_min=None if length.value == "whole" else length.whole(least=1),
        trim_end_min=node.field("trim_end_min").whole(),
        seats=_seats(node.field("seats")),
        group=_group(node.optional("group")),
        continuity=node.field("continuity").flag(),
        mode=node.field("mode").one_of(Mode),
        places=frozenset(_places(node.field("places"))),
        switch=switch.text() if switch else None,
        seats_first=_seats_first(node.optional("seats_first")),
    )


def _places(node: Node) -> tuple[Place, ...]:
    places = tuple(item.one_of(Place) for item in node.items())
    if not places:
        raise DataError(node.path, TOO_SMALL)
    return places


def _seats(node: Node) -> int | None:
    return None if node.value == "all" else node.whole(least=1)


def _group(node: Node | None) -> Group | None:
    if node is None:
        return None
    return Group(node.field("name").text(), node.field("rule").one_of(GroupRule))


def _seats_first(node: Node | None) -> SeatsFirst | None:
    if node is None:
        return None
    return SeatsFirst(
        node.field("minutes").whole(least=1),
        _seats(node.field("seats")),
        node.field("switch").text(),
    )
