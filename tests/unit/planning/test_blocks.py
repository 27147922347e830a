"""Day blocks: several visits of a step on one day, planned as one and as well as can be."""

import itertools
from dataclasses import replace
from datetime import date, time, timedelta
from random import Random

import pytest

from clinic.planning.bitsets import span
from clinic.planning.blocks import Block, block_starts, starts_in_block
from clinic.planning.courses import Plan, plan_course
from clinic.planning.questions import Instant
from clinic.planning.reasons import why_not
from clinic.planning.refusals import Code
from clinic.planning.relaxations import is_whole
from clinic.planning.three import plan_three
from clinic.planning.validator import Broken, check_plan
from clinic.planning.wishes import Wishes
from clinic.planning.world import Resource, ResourceDay, World
from clinic.rules.steps import Gap
from clinic.rules.wall_days import CELL_MIN, WHOLE_DAY
from tests.some import some
from tests.unit.planning.clinics import (
    EXAMPLES,
    KINDS,
    PROTOCOLS,
    Tiny,
    days_of,
    ordinary_clinic,
    tiny_tms,
)
from tests.unit.planning.reference import WISH
from tests.unit.planning.reference_blocks import BlockReference

SAINT = PROTOCOLS["saint_snt"]
TAGS = frozenset({"figure-8", "neuronavigation"})
LONG = span(7 * 12, 19 * 12)


def saint_clinic(first_on: date) -> World:
    """A clinic open from 7:00 to 19:00 with one device that is guided by pictures."""
    clinic = ordinary_clinic(first_on, days=40)
    resources = {**clinic.resources, 1: replace(clinic.resources[1], tags=TAGS)}
    days = {
        on: {key: ResourceDay(LONG, one.free) for key, one in things.items()}
        for on, things in clinic.days.items()
    }
    return replace(clinic, resources=resources, days=days)


def taken(world: World, on: date, resource_id: int, low: int, high: int) -> World:
    """The same clinic with these cells of a resource taken on one day."""
    day = world.days[on]
    mask = WHOLE_DAY & ~span(low, high)
    one = replace(day[resource_id], free=tuple(seat & mask for seat in day[resource_id].free))
    return replace(world, days={**world.days, on: {**day, resource_id: one}})


def tiny_blocks(seed: int) -> Tiny:
    """A few days of two or three visits each, in a clinic open a few hours."""
    rng = Random(f"blocks/{seed}")
    base = tiny_tms(seed)
    most = rng.choice((2, 3))
    step = SAINT.steps[0]
    days = rng.choice((2, 3, 5))
    assert step.weekly_limit is not None
    small = replace(
        step,
        per_day=replace(step.per_day, most=most, session_min=5, end_to_start_min=10),
        count=replace(step.count, least=0),
        weekly_limit=replace(step.weekly_limit, default=days * most, options=(days * most,)),
        gap_days=Gap(1, rng.choice((1, 2)), rng.randint(3, 6)),
        length_min=10,
    )
    protocol = replace(
        SAINT,
        device_tags=frozenset({"figure-8"}),
        steps=(small,),
        objective=base.protocol.objective,
    )
    counts = {"accelerated": rng.randint(1, 3 * most)}
    wishes = replace(base.wishes, counts=counts, per_week=None, lengths={})
    return Tiny(protocol, base.kinds, base.world, wishes)


def answer(tiny: Tiny) -> Plan:
    return plan_course(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)


def assert_exact(tiny: Tiny) -> None:
    plan = answer(tiny)

    best = BlockReference(tiny).best()
    best.pop(WISH)  # of a day's first start only; the plan states every one
    assert {term.name: term.value for term in plan.terms} == best
    assert check_plan(plan, tiny.protocol, tiny.kinds, tiny.world, tiny.wishes) == []


@pytest.mark.parametrize("seed", some(range(20), 6))
def test_a_small_course_of_blocks_is_planned_as_well_as_by_full_enumeration(seed: int) -> None:
    assert_exact(tiny_blocks(seed))


@pytest.mark.figures
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 220))
def test_many_small_courses_of_blocks_equal_full_enumeration(seed: int) -> None:
    assert_exact(tiny_blocks(seed))


@pytest.mark.parametrize("seed", some(range(20), 6))
def test_all_plans_of_blocks_keep_the_rules(seed: int) -> None:
    tiny = tiny_blocks(seed)

    offers = plan_three(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)

    for offer in offers:
        faults = check_plan(offer.plan, tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)
        assert faults == []


def test_ex06_ten_sessions_a_day_with_fifty_minutes_between() -> None:
    asked, expected = EXAMPLES["EX06"]["input"], EXAMPLES["EX06"]["expected"]
    first_on = date.fromisoformat(asked["first_day"])
    lead = SAINT.steps[0].per_day.lead_min
    begin = time.fromisoformat(asked["day_start"])
    wishes = Wishes(first_on, preferred_min=begin.hour * 60 + begin.minute - lead, tolerance_min=0)

    plan = plan_course(SAINT, KINDS, saint_clinic(first_on), wishes)

    assert len(plan.visits) == expected["sessions"]
    assert sorted({str(on) for on in days_of(plan)}) == expected["days"]
    for on in expected["days"]:
        mine = [visit for visit in plan.visits if str(visit.on) == on]
        assert [clock(visit.start_cell * CELL_MIN + lead) for visit in mine] == expected["starts"]
        assert [clock(mine[0].start_cell * CELL_MIN), clock(mine[-1].end_cell * CELL_MIN)] == (
            expected["chair"]
        )


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def test_a_shared_navigator_and_a_coil_make_a_device_fit_together() -> None:
    clinic = saint_clinic(MONDAY)
    plain = replace(clinic.resources[1], tags=frozenset())
    coil = Resource(60, "coil", "coil", tags=frozenset({"figure-8"}), fits=frozenset({1}))
    guide = Resource(
        61, "guide", "navigation", tags=frozenset({"neuronavigation"}), fits=frozenset({1})
    )
    days = {
        on: {**day, **dict.fromkeys((60, 61), ResourceDay(LONG, (WHOLE_DAY,)))}
        for on, day in clinic.days.items()
    }
    both = replace(clinic, resources={**clinic.resources, 1: plain, 60: coil, 61: guide}, days=days)

    plan = plan_course(SAINT, KINDS, both, Wishes(MONDAY))

    assert {hold.resource_id for hold in plan.visits[0].holds} >= {1, 60, 61}
    assert check_plan(plan, SAINT, KINDS, both, Wishes(MONDAY)) == []


MONDAY = date(2026, 9, 14)
TUESDAY = MONDAY + timedelta(days=1)


def test_a_taken_hour_moves_the_rest_of_its_day_alone() -> None:
    clinic = taken(saint_clinic(MONDAY), TUESDAY, 1, 10 * 12, 11 * 12)
    wishes = Wishes(MONDAY, preferred_min=475, tolerance_min=0)

    plan = plan_course(SAINT, KINDS, clinic, wishes)

    second = [clock(visit.start_cell * CELL_MIN) for visit in plan.visits if visit.on == TUESDAY]
    assert second[:4] == ["07:55", "08:55", "11:00", "12:00"]
    assert second[-1] == "18:00"
    assert check_plan(plan, SAINT, KINDS, clinic, wishes) == []


def test_a_day_that_cannot_hold_the_block_is_passed_over() -> None:
    clinic = taken(saint_clinic(MONDAY), TUESDAY, 1, 11 * 12, 14 * 12)

    plan = plan_course(SAINT, KINDS, clinic, Wishes(MONDAY))

    assert is_whole(plan)
    assert TUESDAY not in days_of(plan)
    assert len({*days_of(plan)}) == 5


def test_the_device_is_free_for_others_between_the_sessions() -> None:
    plan = plan_course(SAINT, KINDS, saint_clinic(MONDAY), Wishes(MONDAY))

    first, second = plan.visits[:2]
    assert first.end_cell < second.start_cell
    assert {hold.to_cell for hold in first.holds} == {first.end_cell}


def test_short_days_leave_the_course_out_and_say_why() -> None:
    clinic = ordinary_clinic(MONDAY, days=40)
    resources = {**clinic.resources, 1: replace(clinic.resources[1], tags=TAGS)}
    short = replace(clinic, resources=resources)
    wishes = Wishes(MONDAY, window=(9 * 60, 17 * 60))

    plan = plan_course(SAINT, KINDS, short, wishes)

    assert (plan.visits, plan.unplaced) == ((), 50)
    assert plan.first_impossible is not None
    assert Code.DAY_BLOCK in {reason.code for reason in plan.first_impossible.reasons}


def test_an_hour_too_late_for_the_block_is_refused_with_its_own_reason() -> None:
    clinic = saint_clinic(MONDAY)

    early = why_not(SAINT, KINDS, clinic, Wishes(MONDAY), at=Instant(TUESDAY, 8 * 12))
    late = why_not(SAINT, KINDS, clinic, Wishes(MONDAY), at=Instant(TUESDAY, 11 * 12))

    assert (early.number, early.reasons) == (11, ())
    assert [reason.code for reason in late.reasons] == [Code.DAY_BLOCK]


def test_the_validator_finds_sessions_too_close_together() -> None:
    clinic, wishes = saint_clinic(MONDAY), Wishes(MONDAY)
    plan = plan_course(SAINT, KINDS, clinic, wishes)
    third = plan.visits[2]
    close = replace(
        third,
        start_cell=third.start_cell - 2,
        holds=tuple(
            replace(one, from_cell=one.from_cell - 2, to_cell=one.to_cell - 2)
            for one in third.holds
        ),
    )
    moved = replace(plan, visits=(*plan.visits[:2], close, *plan.visits[3:]))

    faults = check_plan(moved, SAINT, KINDS, clinic, wishes)

    assert faults == [Broken("block", 3, f"{MONDAY} 50")]


@pytest.mark.parametrize("visits", [1, 2, 3])
def test_starts_of_a_block_are_those_from_which_all_of_it_fits(visits: int) -> None:
    rng = Random(f"starts/{visits}")
    for _ in range(200):
        mask, block = rng.getrandbits(24), Block(visits, rng.randint(1, 6))
        fits = [at for at in range(24) if goes_on(mask, at, block.visits, block.apart)]
        assert block_starts(mask, block) == sum(1 << at for at in fits)
        for at in fits:
            found = list(starts_in_block(mask, at, block))
            assert (found[0], len(found)) == (at, visits)
            assert all(mask >> one & 1 for one in found)
            gaps = itertools.pairwise(found)
            assert all(b - a >= block.apart for a, b in gaps)


def goes_on(mask: int, at: int, visits: int, apart: int) -> bool:
    """Whether so many visits fit from this start, every choice tried."""
    if not mask >> at & 1:
        return False
    return visits == 1 or any(
        goes_on(mask, after, visits - 1, apart) for after in range(at + apart, 24)
    )
