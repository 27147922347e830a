"""Starts of one visit: single appointments, free gaps on the board, the answer on the phone."""

from collections.abc import Iterable, Mapping
from datetime import date

from clinic.planning.bitsets import cells_in
from clinic.planning.explain import refusal_reasons
from clinic.planning.members import needs_of
from clinic.planning.options import Shape, day_options, shape_of
from clinic.planning.refusals import Code, Reason, Refusal
from clinic.planning.visits import PlannedVisit, choose, holds_of
from clinic.planning.wishes import Wishes, patient_starts
from clinic.planning.world import World
from clinic.rules.visit_kinds import Mode, Place, Requirement, VisitKind

__all__ = ["PlannedVisit", "Refusal", "free_starts", "legal_starts", "place_visit"]


def legal_starts(
    kind: VisitKind,
    length_cells: int,
    world: World,
    on: date,
    *,
    device_tags: frozenset[str] = frozenset(),
    place: str = Place.ROOM,
    wishes: Wishes | None = None,
    added: Iterable[Requirement] = (),
) -> int:
    """Return the bitset of starts at which the visit can be held on this day."""
    shape = _shape(kind, length_cells, world, device_tags, place, added)
    resources = world.days.get(on)
    if resources is None or (wishes is not None and not wishes.can_come(on)):
        return 0
    allowed = patient_starts(world, wishes, on, length_cells)
    return day_options(shape, world, resources, allowed).any


def free_starts(
    kind: VisitKind,
    length_cells: int,
    world: World,
    on: date,
    *,
    device_tags: frozenset[str] = frozenset(),
    place: str = Place.ROOM,
    wishes: Wishes | None = None,
    added: Iterable[Requirement] = (),
) -> dict[int, tuple[int, ...]]:
    """Return the legal starts, each with the members it could have.

    The members are those of the first requirement that keeps its member (device, therapist), or
    of the first that needs a room or device; empty where the visit needs neither.
    """
    shape = _shape(kind, length_cells, world, device_tags, place, added)
    resources = world.days.get(on)
    if resources is None or (wishes is not None and not wishes.can_come(on)):
        return {}
    allowed = patient_starts(world, wishes, on, length_cells)
    options = day_options(shape, world, resources, allowed)
    return {
        start: tuple(
            member
            for member, mask in options.starts.items()
            if member is not None and mask >> start & 1
        )
        for start in cells_in(options.any)
    }


def place_visit(
    kind: VisitKind,
    length_cells: int,
    world: World,
    on: date,
    start_cell: int,
    *,
    device_tags: frozenset[str] = frozenset(),
    place: str = Place.ROOM,
    prefer: Mapping[str, int] | None = None,
    wishes: Wishes | None = None,
    added: Iterable[Requirement] = (),
    step_key: str = "",
    phase: str = "",
) -> PlannedVisit | Refusal:
    """Return the visit with every resource named, or the coded reasons why it cannot be then.

    `prefer` names resources by requirement id; a preferred one that is not free is passed over.
    """
    shape = _shape(kind, length_cells, world, device_tags, place, added)
    day = world.days.get(on)
    if day is None:
        return Refusal(on, start_cell, (Reason(Code.CLINIC_CLOSED),))
    reasons = refusal_reasons(shape, world, day, on, start_cell, wishes)
    if reasons:
        return Refusal(on, start_cell, reasons)
    chosen = choose(shape, world, day, start_cell, prefer=prefer or {})
    return PlannedVisit(
        step_key=step_key,
        phase=phase,
        kind_key=kind.key,
        on=on,
        start_cell=start_cell,
        length_cells=length_cells,
        place=place,
        holds=holds_of(shape, world, chosen, start_cell),
    )


def _shape(
    kind: VisitKind,
    length: int,
    world: World,
    device_tags: frozenset[str],
    place: str,
    added: Iterable[Requirement],
) -> Shape:
    added = tuple(added)
    needs = needs_of(kind, length, world, device_tags=device_tags, place=place, added=added)
    seated = [n.requirement for n in needs if n.requirement.mode is Mode.SEAT]
    kept = [rule for rule in seated if rule.continuity]
    return shape_of(needs, length, kept[0].pool if kept else None)
