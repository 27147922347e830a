"""Clinics for the planner's tests: the starter protocols, an ordinary clinic, tiny ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from clinic.planning.bitsets import span
from clinic.planning.courses import Plan, plan_course
from clinic.planning.wishes import Wishes
from clinic.planning.world import Resource, ResourceDay, World
from clinic.rules.protocols import Aim, Protocol, parse_protocols
from clinic.rules.steps import Gap, Step
from clinic.rules.visit_kinds import (
    GroupRule,
    VisitKind,
    parse_visit_kinds,
)
from clinic.rules.wall_days import WHOLE_DAY

ROOT = Path(__file__).parents[3]
DATA = ROOT / "clinic" / "data"
PROTOCOLS = parse_protocols(json.loads((DATA / "protocols.json").read_text("utf-8")))
KINDS = parse_visit_kinds(json.loads((DATA / "visit_kinds.json").read_text("utf-8")))
EXAMPLES = {
    example["id"]: example
    for example in json.loads((ROOT / "tests" / "data" / "examples.json").read_text("utf-8"))[
        "examples"
    ]
}
HOURS = span(8 * 12, 18 * 12)


def dates(texts: Iterable[str]) -> list[date]:
    """Return ISO dates as dates."""
    return [date.fromisoformat(text) for text in texts]


def days_of(plan: Plan, step_key: str | None = None) -> list[date]:
    """Return the dates of a plan, of one step or of all."""
    return [v.on for v in plan.visits if step_key in (None, v.step_key)]


def ordinary_clinic(start: date, closures: Iterable[date] = (), *, days: int = 420) -> World:
    """Return a clinic that is open and empty every weekday but the closures."""
    people = (
        (10, "operator", {"tms_operator"}, 1),
        (11, "operator", {"tms_operator"}, 1),
        (20, "prescriber", {"prescriber", "intake"}, 1),
        (21, "prescriber", {"prescriber"}, 1),
        (30, "therapist", {"kap_therapist"}, 1),
        (31, "therapist", {"kap_therapist"}, 1),
        (40, "nurse", {"monitoring_clinician"}, 2),
        (41, "nurse", {"monitoring_clinician"}, 2),
    )
    things = (
        (1, "tms_device", {"figure-8", "H1", "H7"}, 1),
        (2, "tms_device", {"figure-8", "H1", "H7"}, 1),
        (50, "dosing_room", set[str](), 1),
        (51, "dosing_room", set[str](), 1),
        (52, "therapy_room", set[str](), 1),
        (53, "office", set[str](), 1),
        (54, "recovery_seat", {"rems_certified_site"}, 4),
        (55, "infusion_pump", set[str](), 1),
    )
    resources = {
        key: Resource(key, name, None, frozenset(can), seats=seats)
        for key, name, can, seats in people
    } | {
        key: Resource(key, kind, kind, tags=frozenset(tags), seats=seats)
        for key, kind, tags, seats in things
    }
    shut = set(closures)
    return World(
        resources,
        {
            on: {
                key: ResourceDay(HOURS, (WHOLE_DAY,) * one.seats) for key, one in resources.items()
            }
            for at in range(days)
            if (on := start + timedelta(days=at)).weekday() < 5 and on not in shut
        },
    )


def plan_example(
    protocol: str,
    start: date,
    closures: Iterable[date] = (),
    *,
    away: Sequence[date] = (),
    counts: dict[str, int] | None = None,
    preferred_min: int | None = 600,
) -> Plan:
    """Return the plan of a course in the ordinary clinic."""
    wishes = Wishes(
        start_on=start,
        preferred_min=preferred_min,
        counts=counts or {},
        away=tuple((day, day) for day in away),
    )
    return plan_course(PROTOCOLS[protocol], KINDS, ordinary_clinic(start, closures), wishes)


@dataclass(frozen=True, slots=True)
class Tiny:
    """A small random question that a full enumeration can answer too."""

    protocol: Protocol
    kinds: dict[str, VisitKind]
    world: World
    wishes: Wishes


def _tms_resources() -> dict[int, Resource]:
    return {
        1: Resource(1, "a", "tms_device", tags=frozenset({"figure-8"})),
        2: Resource(2, "b", "tms_device"),
        3: Resource(3, "coil", "coil", tags=frozenset({"figure-8"}), fits=frozenset({2})),
        10: Resource(10, "o", None, frozenset({"tms_operator"})),
        11: Resource(11, "p", None, frozenset({"tms_operator", "prescriber"})),
        12: Resource(12, "q", None, frozenset({"prescriber"})),
    }


def tiny_tms(seed: int) -> Tiny:
    """Return a TMS course of three to six visits in a clinic open a few hours on some days."""
    rng = Random(f"tms/{seed}")
    base = PROTOCOLS["tms_itbs_ldlpfc"]
    limit = rng.choice((2, 3, 3, 5))
    steps = []
    for step in base.steps:
        gap = Gap(rng.choice((1, 1, 2)), rng.randint(2, 4), rng.randint(5, 9))
        steps.append(replace(step, gap_days=gap, count=replace(step.count, least=0)))
    if limit != 5:
        acute = steps[0]
        options = replace(acute.weekly_limit, options=(2, 3, 4, 5)) if acute.weekly_limit else None
        pattern = {2: (1, 3), 3: (0, 2, 4)} if rng.random() < 0.7 else {}
        steps[0] = replace(acute, weekly_limit=options, pattern_days=pattern)
    protocol = replace(base, steps=tuple(steps), objective=_shuffled(base, rng))
    counts = {
        "acute": rng.randint(1, 4),
        "taper_1": rng.choice((0, 0, 2)),
        "taper_2": rng.choice((0, 1)),
        "taper_3": 0,
    }
    start = date(2026, 1, 5) + timedelta(days=rng.randrange(7))
    wishes = Wishes(
        start_on=start,
        preferred_min=rng.choice((None, 9 * 60, 10 * 60, 11 * 60)),
        tolerance_min=rng.choice((0, 5, 30)),
        window=rng.choice((None, None, (9 * 60, 11 * 60))),
        weekdays=rng.choice((None, None, frozenset({0, 2, 4}), frozenset({1, 3}))),
        per_week=None if limit == 5 else limit,
        counts=counts,
        lengths={"acute": 20},
    )
    resources = _tms_resources()
    world = _tiny_world(rng, resources, start, days=16, hours=(8 * 12 + 6, 11 * 12))
    return Tiny(protocol, KINDS, replace(world, continuity=_initial(rng, "tms_device", 2)), wishes)


KAP_LENGTHS = {
    "consult": 15,
    "suitability": 15,
    "preparation": 20,
    "dosing": 45,
    "integration": 20,
    "review": 15,
}


def _kap_resources(rng: Random) -> dict[int, Resource]:
    both = {"kap_therapist", "monitoring_clinician"}
    return {
        20: Resource(20, "p", None, frozenset({"prescriber"})),
        30: Resource(30, "t", None, frozenset({"kap_therapist"})),
        31: Resource(31, "u", None, frozenset(both), seats=rng.choice((1, 2))),
        40: Resource(40, "n", None, frozenset({"monitoring_clinician"}), seats=2),
        50: Resource(50, "d", "dosing_room"),
        51: Resource(51, "e", "dosing_room"),
        52: Resource(52, "r", "therapy_room"),
        53: Resource(53, "o", "office"),
    }


def tiny_kap(seed: int) -> Tiny:
    """Return a short KAP programme: consult, preparation, one or two dosings with integration."""
    rng = Random(f"kap/{seed}")
    base = PROTOCOLS["kap_programme"]
    protocol = replace(
        base,
        steps=tuple(_tiny_kap_step(step, rng) for step in base.steps),
        objective=_shuffled(base, rng),
    )
    start = date(2026, 1, 5) + timedelta(days=rng.randrange(5))
    wishes = Wishes(
        start_on=start,
        preferred_min=rng.choice((None, 9 * 60, 10 * 60)),
        tolerance_min=rng.choice((0, 30)),
        counts={
            "consult": 1,
            "suitability": rng.choice((0, 0, 1)),
            "preparation": rng.choice((0, 1)),
            "dosing": rng.choice((1, 2)),
            "integration": rng.choice((1, 1, 0)),
            "review": rng.choice((0, 1)),
            "booster": 0,
        },
        lengths=KAP_LENGTHS,
    )
    resources = _kap_resources(rng)
    world = _tiny_world(rng, resources, start, days=15, hours=(9 * 12, 11 * 12))
    rule = rng.choice((GroupRule.MAY_COINCIDE, GroupRule.DISTINCT))
    dosing = KINDS["dosing_im"]
    needs = tuple(
        replace(need, group=replace(need.group, rule=rule)) if need.group else need
        for need in dosing.requirements
    )
    kinds = {**KINDS, "dosing_im": replace(dosing, requirements=needs)}
    switches = {"prescriber_on_site": rng.random() < 0.5, "one_to_one_start": rng.random() < 0.5}
    return Tiny(protocol, kinds, replace(world, switches=switches), wishes)


def _tiny_kap_step(step: Step, rng: Random) -> Step:
    count = replace(step.count, least=0)
    if step.gap_days is None:
        return replace(step, count=count)
    least = 0 if step.gap_days.least == 0 else rng.choice((1, 3)) if step.key == "dosing" else 1
    gap = Gap(least, max(least, rng.randint(1, 4)), rng.randint(5, 6))
    first = None if step.first_gap_days is None else Gap(1, rng.randint(1, 3), 4)
    return replace(step, count=count, gap_days=gap, first_gap_days=first)


def _shuffled(base: Protocol, rng: Random) -> Aim:
    """Return the protocol's aim with the day terms and the time terms each in a random order."""
    unplaced, *rest = base.objective.term_order
    days = [term for term in rest if term in ("phase_ends", "gap")]
    times = [term for term in rest if term not in days]
    if rng.random() < 0.3:
        rng.shuffle(days)
        rng.shuffle(times)
    return replace(base.objective, term_order=(unplaced, *days, *times))


def _initial(rng: Random, pool: str, resource_id: int) -> dict[str, int]:
    return {pool: resource_id} if rng.random() < 0.3 else {}


def _tiny_world(
    rng: Random, resources: dict[int, Resource], start: date, *, days: int, hours: tuple[int, int]
) -> World:
    calendar: dict[date, dict[int, ResourceDay]] = {}
    patient: dict[date, int] = {}
    opened = span(*hours)
    rough = rng.random() * 0.3
    for at in range(days):
        on = start + timedelta(days=at)
        if on.weekday() > 4 or rng.random() < rough:
            continue
        calendar[on] = {
            key: _tiny_day(rng, one.seats, opened, hours, rough) for key, one in resources.items()
        }
        if rng.random() < 0.2:
            patient[on] = WHOLE_DAY & ~span(hours[0], hours[0] + rng.randint(2, 20))
    return World(resources, calendar, patient)


def _tiny_day(
    rng: Random, seats: int, opened: int, hours: tuple[int, int], rough: float
) -> ResourceDay:
    free: list[int] = []
    for _ in range(seats):
        mask = WHOLE_DAY if not free else free[-1]
        while rng.random() < 0.25 + rough:
            at = rng.randrange(*hours)
            mask &= ~span(at, at + rng.randint(1, 8))
        free.append(mask)
    late = rng.randrange(0, 6) if rng.random() < 0.3 else 0
    return ResourceDay(opened & ~span(hours[0], hours[0] + late), tuple(free))


def from_wish(plan: Plan, tiny: Tiny) -> int:
    """How far, in cells, all visits are from the wished hour."""
    wished = tiny.wishes.preferred_min
    return sum(abs(one.start_cell - wished // 5) for one in plan.visits) if wished else 0
