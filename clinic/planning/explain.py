"""Why not: coded reasons why a visit cannot start at a time, or on a day, and who is in the way."""

from datetime import date

from clinic.planning.bitsets import runs, span
from clinic.planning.members import Need, member_starts, piece_starts
from clinic.planning.options import Day, Shape, day_options, part_starts
from clinic.planning.refusals import Code, Reason
from clinic.planning.wishes import Wishes, patient_starts
from clinic.planning.world import ResourceDay, World
from clinic.rules.wall_days import CELLS_A_DAY, WHOLE_DAY


def refusal_reasons(
    shape: Shape, world: World, day: Day, on: date, start: int, wishes: Wishes | None
) -> tuple[Reason, ...]:
    """Return every reason why the visit cannot start at this cell; none means it can."""
    if not 0 <= start <= CELLS_A_DAY - shape.length:
        return (Reason(Code.OUTSIDE_WINDOW),)
    found = list(_patient_reasons(shape, world, on, start, wishes))
    found += [
        reason
        for need in shape.needs
        if (reason := need_reason(need, world, day, 1 << start)) is not None
    ]
    if found:
        return tuple(found)
    for part in shape.parts:
        if not part_starts(shape, part, world, day) >> start & 1:
            names = "+".join(shape.needs[index].requirement.id for index in part)
            return (Reason(Code.NOT_TOGETHER, names),)
    return ()


def _patient_reasons(
    shape: Shape, world: World, on: date, start: int, wishes: Wishes | None
) -> list[Reason]:
    found = []
    if wishes is not None and not wishes.can_come(on):
        found.append(Reason(Code.PATIENT_AWAY))
    if not runs(world.patient_free.get(on, WHOLE_DAY), shape.length) >> start & 1:
        found.append(Reason(Code.PATIENT_BUSY))
    elif not patient_starts(world, wishes, on, shape.length) >> start & 1:
        found.append(Reason(Code.OUTSIDE_WINDOW))
    return found


def need_reason(need: Need, world: World, day: Day, wanted: int) -> Reason | None:
    """Return why no member meets the need at any of the wanted starts; None when one does."""
    rule = need.requirement
    if not need.members:
        return Reason(Code.NO_SUCH_RESOURCE, rule.id)
    if any(member_starts(need, member, day) & wanted for member in need.members):
        return None
    on_shift = [m for m in need.members if _open_starts(need, m, world, day) & wanted]
    single = on_shift[0][0] if len(on_shift) == 1 else None
    if rule.qualification is not None:
        code = Code.STAFF_BUSY if on_shift else Code.NOBODY_QUALIFIED_ON_SHIFT
        return Reason(code, rule.id, single)
    return Reason(Code.DEVICE_BUSY if on_shift else Code.DEVICE_CLOSED, rule.id, single)


def _open_starts(need: Need, member: tuple[int, ...], world: World, day: Day) -> int:
    """Return the starts the member would have if nothing were booked."""
    starts = WHOLE_DAY
    for key in member:
        one = day.get(key)
        if one is None or not one.may_serve(need.requirement.qualification):
            return 0
        empty = ResourceDay(one.open, (WHOLE_DAY,) * world.resources[key].seats)
        starts &= piece_starts(need.pieces(world.resources[key]), 0, empty)
    return starts


def day_reason(shape: Shape, world: World, on: date, wishes: Wishes) -> Reason | None:
    """Return the first thing that rules the day out for this visit; None when it can be held."""
    day = world.days.get(on)
    if day is None or not any(one.open for one in day.values()):
        return Reason(Code.CLINIC_CLOSED)
    if not wishes.can_come(on):
        return Reason(Code.PATIENT_AWAY)
    allowed = patient_starts(world, wishes, on, shape.length)
    if not allowed:
        anytime = patient_starts(world, None, on, shape.length)
        return Reason(Code.OUTSIDE_WINDOW if anytime else Code.PATIENT_BUSY)
    if day_options(shape, world, day, allowed).any:
        return None
    return _resource_reason(shape, world, day, allowed)


def _resource_reason(shape: Shape, world: World, day: Day, allowed: int) -> Reason:
    """Return which need rules out every start that the patient could take."""
    anyhow = _first_reason(shape, world, day, span(0, CELLS_A_DAY))
    if anyhow is not None:
        return anyhow
    then = _first_reason(shape, world, day, allowed)
    if then is not None:
        return Reason(Code.OUTSIDE_WINDOW, then.requirement, then.resource_id)
    return Reason(Code.NOT_TOGETHER)


def _first_reason(shape: Shape, world: World, day: Day, wanted: int) -> Reason | None:
    """Return why the first need that fails at all wanted starts fails; None when none does."""
    reasons = (need_reason(need, world, day, wanted) for need in shape.needs)
    return next((reason for reason in reasons if reason is not None), None)
