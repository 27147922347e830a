"""Questions to the planner: protocol, visit kinds, world and wishes, kept together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from clinic.planning.courses import Plan, plan_course
from clinic.planning.three import Offer, plan_three
from clinic.planning.wishes import Wishes
from clinic.planning.world import Resource, ResourceDay, World
from clinic.rules.protocols import Protocol
from clinic.rules.visit_kinds import Requirement, VisitKind
from clinic.rules.wall_days import WHOLE_DAY


@dataclass(frozen=True, slots=True)
class Instant:
    """A wall-clock time at the site: its date and the cell at which a visit would start."""

    on: date
    start_cell: int


@dataclass(frozen=True, slots=True)
class Question:
    """All that a plan depends on.

    `open_world` is the world in which the days of the patient's other courses are not shut; None
    where there is no such day.
    """

    protocol: Protocol
    kinds: Mapping[str, VisitKind]
    world: World
    wishes: Wishes
    open_world: World | None = None

    def plan(self) -> Plan:
        """Return the best plan of the course."""
        return plan_course(self.protocol, self.kinds, self.world, self.wishes)

    def three(self) -> tuple[Offer, ...]:
        """Return the earliest plan, and the steadiest and the least changing that are better."""
        return plan_three(self.protocol, self.kinds, self.world, self.wishes)


def tolerance_of(question: Question) -> int:
    """Return the minutes round the wished hour: the wished ones, else the protocol's."""
    wished = question.wishes.tolerance_min
    return question.protocol.objective.tolerance_min if wished is None else wished


def requirements_of(question: Question, step_key: str | None = None) -> list[Requirement]:
    """Return what the visits of one step need, or those of all steps."""
    found: list[Requirement] = []
    for step in question.protocol.steps:
        if step_key not in (None, step.key):
            continue
        first = step.first_visit
        keys = [step.visit_kind] if first is None else [first.visit_kind, step.visit_kind]
        for key in keys:
            found += question.kinds[key].requirements
        found += step.add_requirements
    return found


def with_preference(question: Question) -> Question:
    """Return the question with the wished device or therapist as who served the patient before."""
    wished = question.world.resources.get(question.wishes.prefers_id or 0)
    if wished is None:
        return question
    pools = {
        rule.pool
        for rule in requirements_of(question)
        if rule.continuity and rule.pool in {wished.kind, *wished.qualifications}
    }
    before = {**question.world.continuity, **dict.fromkeys(pools, wished.id)}
    opened = question.open_world
    return replace(
        question,
        world=replace(question.world, continuity=before),
        open_world=None if opened is None else replace(opened, continuity=before),
    )


def with_one_more(question: Question, pool: str) -> Question:
    """Return the question with one more member of a pool, free whenever anything is open."""
    rules = [rule for rule in requirements_of(question) if rule.pool == pool]
    if not rules:
        return question
    tags = frozenset[str]().union(
        *(
            rule.tags | question.protocol.device_tags if rule.tags_from_protocol else rule.tags
            for rule in rules
        )
    )
    first = rules[0]
    peers = [
        one
        for one in question.world.resources.values()
        if (one.kind == pool if first.resource_kind else pool in one.qualifications)
    ]
    key = max(question.world.resources, default=0) + 1
    seats = max([*(one.seats for one in peers), *(rule.seats or 1 for rule in rules)])
    added = Resource(
        key,
        pool,
        first.resource_kind,
        frozenset({pool}) if first.qualification else frozenset(),
        tags,
        seats,
    )
    opened = question.open_world
    return replace(
        question,
        world=_joined_by(question.world, added),
        open_world=None if opened is None else _joined_by(opened, added),
    )


def _joined_by(world: World, added: Resource) -> World:
    free = (WHOLE_DAY,) * added.seats
    days = {}
    for on, resources in world.days.items():
        opened = 0
        for one in resources.values():
            opened |= one.open
        days[on] = {**resources, added.id: ResourceDay(opened, free)}
    return replace(world, resources={**world.resources, added.id: added}, days=days)
