"""Members: who or what can meet a requirement, and what a visit holds of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from clinic.planning.bitsets import runs
from clinic.planning.world import Resource, ResourceDay, World, cells_of
from clinic.rules.setups import ATTACHMENTS
from clinic.rules.visit_kinds import Mode, Place, Requirement, VisitKind
from clinic.rules.wall_days import WHOLE_DAY

MOST_ATTACHMENTS = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a visit in which a member is held: cells from its start, seats (0: only on shift)."""

    offset: int
    length: int
    seats: int


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement of one visit of known length, with the members that could meet it.

    A member is a tuple of resource ids: one person or room, or a device with its coil. `held` are
    the pieces of each resource by its id; `turnover` cells follow the last piece.
    """

    requirement: Requirement
    members: tuple[tuple[int, ...], ...]
    turnover: int
    held: Mapping[int, tuple[Piece, ...]]

    def pieces(self, resource: Resource) -> tuple[Piece, ...]:
        """Return the parts in which this resource is held."""
        return self.held[resource.id]


def pieces_of(
    rule: Requirement, length: int, resource: Resource, *, one_to_one: bool
) -> tuple[Piece, ...]:
    """Return the parts of a visit in which a requirement holds this resource."""
    offset = cells_of(rule.offset_min)
    whole = length - offset - cells_of(rule.trim_end_min)
    part = whole if rule.length_min is None else min(cells_of(rule.length_min), whole)
    if rule.mode is Mode.ON_SITE:
        return (Piece(offset, part, 0),)
    seats = resource.seats if rule.seats is None else rule.seats
    first = rule.seats_first
    if first is None or not one_to_one:
        return (Piece(offset, part, seats),)
    early = min(cells_of(first.minutes), part)
    strict = resource.seats if first.seats is None else first.seats
    rest = Piece(offset + early, part - early, seats)
    return (Piece(offset, early, strict), rest) if rest.length else (Piece(offset, early, strict),)


def needs_of(
    kind: VisitKind,
    length: int,
    world: World,
    *,
    device_tags: frozenset[str] = frozenset(),
    place: str = Place.ROOM,
    added: Iterable[Requirement] = (),
) -> tuple[Need, ...]:
    """Return what a visit of `length` cells needs at this place, with the possible members."""
    found = []
    for rule in (*kind.requirements, *added):
        if place not in rule.places or not world.is_on(rule.switch, otherwise=True):
            continue
        turnover = cells_of(kind.turnover_min) if rule.resource_kind else 0
        first = rule.seats_first
        strict = first is not None and world.is_on(first.switch, otherwise=False)
        tags = rule.tags | device_tags if rule.tags_from_protocol else rule.tags
        members = members_of(rule, tags, world.resources)
        held = {
            key: pieces_of(rule, length, world.resources[key], one_to_one=strict)
            for key in {key for member in members for key in member}
        }
        found.append(Need(rule, members, turnover, held))
    return tuple(found)


def members_of(
    rule: Requirement, tags: frozenset[str], resources: Mapping[int, Resource]
) -> tuple[tuple[int, ...], ...]:
    """Return the members that carry the tags, in order of id; a device may need a coil."""
    found: list[tuple[int, ...]] = []
    for key in sorted(resources):
        one = resources[key]
        if rule.qualification is not None:
            if one.kind is None and rule.qualification in one.qualifications and tags <= one.tags:
                found.append((key,))
        elif one.kind == rule.resource_kind:
            found += _with_attachments(one, tags, resources)
    return tuple(found)


def _with_attachments(
    one: Resource, tags: frozenset[str], resources: Mapping[int, Resource]
) -> list[tuple[int, ...]]:
    """Return the device alone if its tags suffice, else every smallest set with coil, navigator."""
    if tags <= one.tags:
        return [(one.id,)]
    fitting = [
        other
        for _, other in sorted(resources.items())
        if other.kind in ATTACHMENTS and one.id in other.fits
    ]
    for size in range(1, MOST_ATTACHMENTS + 1):
        sets = [
            (one.id, *(other.id for other in chosen))
            for chosen in combinations(fitting, size)
            if tags <= one.tags.union(*(other.tags for other in chosen))
        ]
        if sets:
            return sets
    return []


def member_starts(need: Need, member: tuple[int, ...], day: Mapping[int, ResourceDay]) -> int:
    """Return the starts at which every resource of the member is free for this need."""
    starts = WHOLE_DAY
    for key in member:
        one = day.get(key)
        if one is None or not one.may_serve(need.requirement.qualification):
            return 0
        starts &= piece_starts(need.held[key], need.turnover, one)
        if not starts:
            return 0
    return starts


def member_fits(
    need: Need, member: tuple[int, ...], day: Mapping[int, ResourceDay], start: int
) -> bool:
    """Say whether every resource of the member is free for this need at this start."""
    return all(_fits(need, key, day.get(key), start) for key in member)


def _fits(need: Need, key: int, day: ResourceDay | None, start: int) -> bool:
    """Say whether this resource is free for its pieces and the turnover after them."""
    if day is None or not day.may_serve(need.requirement.qualification):
        return False
    end = most = 0
    for piece in need.held[key]:
        end, most = max(end, piece.offset + piece.length), max(most, piece.seats)
        if piece.seats > len(day.free):
            return False
        cells = day.open & day.free[piece.seats - 1] if piece.seats else day.open
        if ~(cells >> (start + piece.offset)) & ((1 << piece.length) - 1):
            return False
    if not need.turnover:
        return True
    return not ~(day.free[most - 1] >> (start + end)) & ((1 << need.turnover) - 1)


def piece_starts(pieces: Iterable[Piece], turnover: int, day: ResourceDay | None) -> int:
    """Return the starts at which these pieces, and the turnover after them, are free."""
    if day is None:
        return 0
    starts = WHOLE_DAY
    end = 0
    for piece in pieces:
        end = max(end, piece.offset + piece.length)
        if piece.seats > len(day.free):
            return 0
        cells = day.open & day.free[piece.seats - 1] if piece.seats else day.open
        starts &= runs(cells, piece.length) >> piece.offset
    if turnover:
        seats = max(piece.seats for piece in pieces)
        starts &= runs(day.free[seats - 1], turnover) >> end
    return starts


def merged(parts: Iterable[tuple[Piece, ...]], *, shared: bool) -> tuple[Piece, ...]:
    """Return several holds of one resource as one: the most of them if shared, else their sum."""
    pieces = [piece for part in parts for piece in part]
    edges = sorted({p.offset for p in pieces} | {p.offset + p.length for p in pieces})
    found: list[Piece] = []
    for start, end in pairwise(edges):
        seats = [p.seats for p in pieces if p.offset <= start < p.offset + p.length]
        if seats:
            found.append(Piece(start, end - start, max(seats) if shared else sum(seats)))
    return tuple(found)
