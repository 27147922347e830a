"""What one visit could do on one day: its legal starts by member, and the holes each leaves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clinic.planning.bitsets import left_holes, right_holes
from clinic.planning.members import Need, member_starts, merged, piece_starts
from clinic.planning.world import ResourceDay, World
from clinic.rules.visit_kinds import GroupRule, Mode

Day = Mapping[int, ResourceDay]
Choice = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A visit of known kind and length: its needs, and which of them the planner follows.

    `followed` is the need whose member should stay the same (device, therapist), `holed` the one
    whose day is cut up by the booking. `parts` groups needs that compete for the same resources.
    """

    needs: tuple[Need, ...]
    length: int
    followed: int | None
    holed: int | None
    parts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class DayOptions:
    """Legal starts by followed member (None: no such need), in order of id.

    `clean` and `single` are the starts that can leave no hole and at most one, by member.
    """

    starts: Mapping[int | None, int]
    clean: Mapping[int | None, int]
    single: Mapping[int | None, int]
    any: int


def shape_of(needs: tuple[Need, ...], length: int, followed_pool: str | None) -> Shape:
    """Return the shape of a visit with these needs."""
    followed = holed = None
    for index, need in enumerate(needs):
        rule = need.requirement
        if followed is None and rule.continuity and rule.pool == followed_pool:
            followed = index
        if holed is None and rule.resource_kind and rule.mode is Mode.SEAT:
            holed = index
    return Shape(needs, length, followed, holed, _parts(needs))


def _parts(needs: tuple[Need, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the needs in groups that share possible members; on-site cover stands alone."""
    groups: list[tuple[list[int], set[int]]] = []
    for index, need in enumerate(needs):
        ids = {key for member in need.members for key in member}
        if need.requirement.mode is Mode.ON_SITE:
            ids = set()
        together = [index]
        apart = []
        for members, known in groups:
            if known & ids:
                together, ids = members + together, ids | known
            else:
                apart.append((members, known))
        groups = [*apart, (together, ids)]
    return tuple(tuple(sorted(members)) for members, _ in groups)


def day_options(shape: Shape, world: World, day: Day, allowed: int) -> DayOptions:
    """Return the legal starts of the visit on this day within the `allowed` ones."""
    common = allowed
    by_member: dict[int | None, int] = {}
    for part in shape.parts:
        if shape.followed in part:
            for choice, starts in part_choices(shape, part, world, day):
                key = choice[part.index(shape.followed)][0]
                by_member[key] = by_member.get(key, 0) | starts
        else:
            common &= part_starts(shape, part, world, day)
        if not common:
            return DayOptions({}, {}, {}, 0)
    if shape.followed is None:
        by_member[None] = common
    found = {key: by_member[key] & common for key in sorted(by_member, key=lambda k: k or 0)}
    found = {key: mask for key, mask in found.items() if mask}
    total = 0
    for mask in found.values():
        total |= mask
    return _with_holes(shape, world, day, found, total)


def part_starts(shape: Shape, part: tuple[int, ...], world: World, day: Day) -> int:
    """Return the starts at which the needs of this part can be met together."""
    found = 0
    for _, starts in part_choices(shape, part, world, day):
        found |= starts
    return found


def part_choices(
    shape: Shape, part: tuple[int, ...], world: World, day: Day
) -> Iterator[tuple[Choice, int]]:
    """Yield each choice of members for the needs of a part with its starts, where there are any."""
    own = [
        [(m, s) for m in shape.needs[i].members if (s := member_starts(shape.needs[i], m, day))]
        for i in part
    ]
    if len(part) == 1:
        yield from (((member,), starts) for member, starts in own[0])
        return
    yield from _combined(shape, part, world, day, own, (), -1)


def _combined(
    shape: Shape,
    part: tuple[int, ...],
    world: World,
    day: Day,
    own: list[list[tuple[tuple[int, ...], int]]],
    chosen: Choice,
    starts: int,
) -> Iterator[tuple[Choice, int]]:
    depth = len(chosen)
    if depth == len(part):
        left = starts & shared_starts(shape, part, chosen, world, day)
        if left:
            yield chosen, left
        return
    for member, mine in own[depth]:
        if starts & mine:
            yield from _combined(shape, part, world, day, own, (*chosen, member), starts & mine)


def shared_starts(
    shape: Shape, part: tuple[int, ...], chosen: Choice, world: World, day: Day
) -> int:
    """Return the starts at which resources that serve several needs at once can do so."""
    users: dict[int, list[int]] = {}
    for index, member in zip(part, chosen, strict=True):
        for key in member:
            users.setdefault(key, []).append(index)
    starts = -1
    for key, indexes in users.items():
        if len(indexes) > 1:
            shared = may_share(shape, indexes)
            if shared is None:
                return 0
            pieces = merged(
                (shape.needs[i].pieces(world.resources[key]) for i in indexes), shared=shared
            )
            turnover = max(shape.needs[i].turnover for i in indexes)
            starts &= piece_starts(pieces, turnover, day.get(key))
    return starts


def may_share(shape: Shape, indexes: list[int]) -> bool | None:
    """Say whether one person may serve these needs with one seat; None: must be different."""
    groups = [shape.needs[i].requirement.group for i in indexes]
    names = [group.name for group in groups if group and group.rule is GroupRule.DISTINCT]
    if len(names) != len(set(names)):
        return None
    first = groups[0]
    return first is not None and all(group == first for group in groups)


def _with_holes(
    shape: Shape, world: World, day: Day, starts: Mapping[int | None, int], total: int
) -> DayOptions:
    if shape.holed is None:
        return DayOptions(starts, starts, starts, total)
    need = shape.needs[shape.holed]
    clean: dict[int | None, int] = dict.fromkeys(starts, 0)
    single: dict[int | None, int] = dict.fromkeys(starts, 0)
    own = shape.holed == shape.followed
    heads = [member[0] for member in need.members]
    for member in need.members:
        if own and heads.count(member[0]) == 1:
            mine = starts.get(member[0], 0)
        else:
            mine = member_starts(need, member, day)
        if not mine:
            continue
        left, right = holes_of(need, member, world, day)
        for key in [member[0]] if own else list(starts):
            if key in starts:
                clean[key] |= starts[key] & mine & ~left & ~right
                single[key] |= starts[key] & mine & ~(left & right)
    return DayOptions(starts, clean, single, total)


def holes_of(need: Need, member: tuple[int, ...], world: World, day: Day) -> tuple[int, int]:
    """Return the starts that leave a short hole before, and after, the booking of this member."""
    pieces = need.pieces(world.resources[member[0]])
    one = day[member[0]]
    seats = max(piece.seats for piece in pieces)
    free = one.open & one.free[seats - 1]
    offset = pieces[0].offset
    end = pieces[-1].offset + pieces[-1].length + need.turnover
    return left_holes(free) >> offset, right_holes(free, end - offset) >> offset
