"""The planner equals a full enumeration, and more free time never makes a plan worse."""

from dataclasses import replace
from random import Random

import pytest

from benchmarks.instances import Instance, kap_instances, tms_instances
from clinic.planning.courses import Plan, plan_course
from clinic.planning.validator import check_plan
from clinic.planning.world import ResourceDay
from tests.some import some
from tests.unit.planning.clinics import KINDS, PROTOCOLS, Tiny, from_wish, tiny_kap, tiny_tms
from tests.unit.planning.reference import WISH, Reference

WORSE_COUNTS = ("unplaced", "phase_ends", "gap", "preferred_time", "drift", "changes")


def terms_by_name(plan: Plan) -> dict[str, tuple[int, ...]]:
    return {term.name: term.value for term in plan.terms}


def answer(tiny: Tiny) -> Plan:
    return plan_course(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)


def assert_exact(tiny: Tiny) -> None:
    plan = answer(tiny)

    assert {**terms_by_name(plan), WISH: (from_wish(plan, tiny),)} == Reference(tiny).best()
    assert check_plan(plan, tiny.protocol, tiny.kinds, tiny.world, tiny.wishes) == []


@pytest.mark.parametrize("seed", some(range(16), 6))
def test_a_small_tms_course_is_planned_as_well_as_by_full_enumeration(seed: int) -> None:
    assert_exact(tiny_tms(seed))


@pytest.mark.parametrize("seed", some(range(8), 4))
def test_a_small_kap_course_is_planned_as_well_as_by_full_enumeration(seed: int) -> None:
    assert_exact(tiny_kap(seed))


@pytest.mark.figures
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1340))
def test_many_small_tms_courses_equal_full_enumeration(seed: int) -> None:
    assert_exact(tiny_tms(seed))


@pytest.mark.figures
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_many_small_kap_courses_equal_full_enumeration(seed: int) -> None:
    assert_exact(tiny_kap(seed))


def freed(tiny: Tiny, rng: Random) -> Tiny:
    """Return the same question with some bookings gone and some days longer open."""
    days = {}
    for on, resources in tiny.world.days.items():
        wide = (1 << 60) - 1 << 96
        days[on] = {
            key: ResourceDay(
                one.open | (wide if rng.random() < 0.3 else 0),
                tuple(-1 & (1 << 288) - 1 for _ in one.free) if rng.random() < 0.3 else one.free,
            )
            for key, one in resources.items()
        }
    return replace(tiny, world=replace(tiny.world, days=days))


@pytest.mark.parametrize("seed", some(range(60), 16))
def test_more_free_time_never_makes_a_plan_worse(seed: int) -> None:
    tiny = tiny_tms(seed) if seed % 2 else tiny_kap(seed)
    before = answer(tiny)

    after = answer(freed(tiny, Random(seed)))

    names = [term.name for term in before.terms if term.name in WORSE_COUNTS]
    order = names[: names.index("changes") + 1]
    if before.unplaced == after.unplaced:
        assert [terms_by_name(after)[n] for n in order] <= [terms_by_name(before)[n] for n in order]
    assert after.unplaced <= before.unplaced


@pytest.mark.parametrize("instance", some(tms_instances(24), 6), ids=lambda one: one.name)
def test_a_validator_finds_nothing_wrong_with_big_tms_plans(instance: Instance) -> None:
    protocol = PROTOCOLS[instance.protocol]

    plan = plan_course(protocol, KINDS, instance.world, instance.wishes)

    assert check_plan(plan, protocol, KINDS, instance.world, instance.wishes) == []


@pytest.mark.parametrize("instance", some(kap_instances(12), 4), ids=lambda one: one.name)
def test_a_validator_finds_nothing_wrong_with_big_kap_plans(instance: Instance) -> None:
    protocol = PROTOCOLS[instance.protocol]

    plan = plan_course(protocol, KINDS, instance.world, instance.wishes)

    assert check_plan(plan, protocol, KINDS, instance.world, instance.wishes) == []


@pytest.mark.figures
@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_two_thousand_random_clinics_get_plans_that_break_no_rule(block: int) -> None:
    for instance in (*tms_instances(70, seed=1000 + block), *kap_instances(30, seed=1000 + block)):
        protocol = PROTOCOLS[instance.protocol]
        plan = plan_course(protocol, KINDS, instance.world, instance.wishes)
        assert check_plan(plan, protocol, KINDS, instance.world, instance.wishes) == []
