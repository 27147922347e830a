"""Protocols: the medical director's versioned templates of courses, as far as planning needs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from clinic.rules.data import DataError, JsonValue, Node
from clinic.rules.steps import Step, parse_steps
from clinic.rules.visit_kinds import Requirement, parse_requirements


class Objective(StrEnum):
    """A term of the planner's objective."""

    UNPLACED = "unplaced"
    PHASE_ENDS = "phase_ends"
    GAP = "gap"
    PREFERRED_TIME = "preferred_time"
    DRIFT = "drift"
    CHANGES = "changes"
    FRAGMENTS = "fragments"


@dataclass(frozen=True, slots=True)
class Aim:
    """Order of the planner's terms, tolerance round the wished hour, days of slack.

    Another plan is worth showing when its hour moves less by `visible_drift_min` minutes in all,
    or when it has `visible_changes` changes fewer, than the first; 0: by anything.
    """

    term_order: tuple[Objective, ...]
    repair_term_order: tuple[str, ...]
    tolerance_min: int
    slack_days: int
    visible_drift_min: int = 0
    visible_changes: int = 0


@dataclass(frozen=True, slots=True)
class Variant:
    """Another set of steps of the same protocol."""

    key: str
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One way of giving the drug in a KAP course: kind of the dosing visit and what it adds."""

    key: str
    protocol: str
    visit_kind: str
    add_requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Says that device, slot and first slot are those of an earlier course.

    `precondition` is what has to be documented before, None for nothing.
    """

    precondition: str | None


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version of a protocol, inheritance already resolved."""

    key: str
    version: int
    name: str
    modality: str
    indication: str
    region: str
    inherits: str | None
    device_tags: frozenset[str]
    steps: tuple[Step, ...]
    variants: tuple[Variant, ...]
    objective: Aim
    routes: tuple[Route, ...] = ()
    default_route: str | None = None
    repeat: Repeat | None = None
    no_driving: str | None = None
    notes: tuple[str, ...] = ()


def parse_protocols(document: JsonValue, *, path: str = "$") -> dict[str, Protocol]:
    """Return every protocol of a protocols document by key, inheritance resolved."""
    nodes = list(Node(path, document).field("protocols").items())
    bodies = {node.field("key").text(): node.members() for node in nodes}
    parsed = [parse_protocol(node, parents=bodies) for node in nodes]
    return {protocol.key: protocol for protocol in parsed}


def parse_protocol(
    body: JsonValue | Node,
    *,
    parents: Mapping[str, Mapping[str, JsonValue]] | None = None,
    path: str = "$",
) -> Protocol:
    """Return one protocol from its JSON body, or raise DataError with path and reason.

    `parents` are the bodies a protocol may inherit from, by key; a field given in the child
    replaces the parent's whole field, one level only.
    """
    given = body if isinstance(body, Node) else Node(path, body)
    node = resolve_inherits(given, parents or {})
    inherits, route = node.optional("inherits"), node.optional("routes")
    driving, repeats = node.optional("no_driving"), node.optional("repeat_course")
    return Protocol(
        key=node.field("key").text(),
        version=node.field("version").whole(),
        name=node.field("name").text(),
        modality=node.field("modality").text(),
        indication=node.field("indication").text(),
        region=node.field("region").text(),
        inherits=inherits.text() if inherits else None,
        device_tags=node.field("device_tags").texts(),
        steps=parse_steps(node.field("steps")),
        variants=tuple(_variant(item) for item in node.field("variants").items()),
        objective=_aim(node.field("objective")),
        routes=_routes(route.field("options")) if route else (),
        default_route=route.field("default").text() if route else None,
        repeat=_repeat(repeats) if repeats else None,
        no_driving=driving.text() if driving else None,
        notes=tuple(item.text() for item in node.field("notes").items()),
    )


def resolve_inherits(node: Node, parents: Mapping[str, Mapping[str, JsonValue]]) -> Node:
    """Return the protocol body with its parent's fields where it has none of its own."""
    parent = node.optional("inherits")
    if parent is None:
        return node
    found = parents.get(parent.text())
    if found is None:
        raise DataError(parent.path, "unknown_parent", parent.text())
    if found.get("inherits") is not None:
        raise DataError(parent.path, "inherits_more_than_one_level", parent.text())
    return Node(node.path, {**found, **node.members()})


def with_choice(protocol: Protocol, key: str | None) -> Protocol:
    """Return the protocol as it is chosen for a course: a variant's steps, or a route's dosing.

    None is the protocol as it stands; a key it does not know is a DataError.
    """
    if key is None:
        return protocol
    is_route = any(route.key == key for route in protocol.routes)
    return with_route(protocol, key) if is_route else with_variant(protocol, key)


def with_route(protocol: Protocol, key: str) -> Protocol:
    """Return the protocol with its dosing visits held by the chosen route; see facts, KAP."""
    chosen = next((route for route in protocol.routes if route.key == key), None)
    if chosen is None:
        raise DataError("route", "not_an_option", key)
    dosing = {route.visit_kind for route in protocol.routes}
    steps = tuple(
        replace(
            step,
            visit_kind=chosen.visit_kind,
            add_requirements=step.add_requirements + chosen.add_requirements,
        )
        if step.visit_kind in dosing
        else step
        for step in protocol.steps
    )
    return replace(protocol, steps=steps)


def with_variant(protocol: Protocol, key: str) -> Protocol:
    """Return the protocol with the steps of one of its variants."""
    found = next((variant for variant in protocol.variants if variant.key == key), None)
    if found is None:
        raise DataError("variant", "not_an_option", key)
    return replace(protocol, steps=found.steps)


def repeating(protocol: Protocol, earlier: Protocol) -> Protocol:
    """Return a protocol with device and lengths of an earlier treatment where it has none itself.

    One that repeats nothing is returned as it stands (facts, courses: retreatment, maintenance).
    """
    if protocol.repeat is None:
        return protocol
    slot = earlier.steps[0]
    first = slot.first_visit.length_min if slot.first_visit else None
    return replace(
        protocol,
        device_tags=protocol.device_tags or earlier.device_tags,
        steps=tuple(_lasting(step, slot.length_min, first) for step in protocol.steps),
    )


def _lasting(step: Step, length_min: int | None, first_min: int | None) -> Step:
    """Return a step with these lengths where it has none of its own."""
    first = step.first_visit
    if first is not None and first.length_min is None:
        first = replace(first, length_min=first_min)
    return replace(step, length_min=step.length_min or length_min, first_visit=first)


def _repeat(node: Node) -> Repeat:
    precondition = node.optional("precondition")
    return Repeat(precondition.text() if precondition else None)


def _variant(node: Node) -> Variant:
    return Variant(
        node.field("key").text(), node.field("name").text(), parse_steps(node.field("steps"))
    )


def _routes(node: Node) -> tuple[Route, ...]:
    return tuple(
        Route(
            key,
            item.field("protocol").text(),
            item.field("visit_kind").text(),
            parse_requirements(item.field("add_requirements")),
        )
        for key, item in node.entries()
    )


def _aim(node: Node) -> Aim:
    drift, changes = node.optional("visible_drift_min"), node.optional("visible_changes")
    return Aim(
        tuple(item.one_of(Objective) for item in node.field("term_order").items()),
        tuple(item.text() for item in node.field("repair_term_order").items()),
        node.field("tolerance_min").whole(),
        node.field("slack_days").whole(),
        drift.whole() if drift else 0,
        changes.whole() if changes else 0,
    )
