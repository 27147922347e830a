"""Of the three plans each is best in its own order within the bounds that the first one sets."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from benchmarks.instances import Instance, kap_instances, tms_instances
from clinic.planning.courses import Plan, plan_course, solved
from clinic.planning.three import (
    Choice,
    Fact,
    Offer,
    Trait,
    fewest_plan,
    plan_three,
    steadiest_plan,
)
from clinic.planning.validator import check_plan
from clinic.planning.wishes import Wishes
from clinic.planning.world import World
from clinic.rules.wall_days import CELL_MIN, WHOLE_DAY
from tests.some import some
from tests.unit.planning.clinics import (
    KINDS,
    PROTOCOLS,
    Tiny,
    from_wish,
    ordinary_clinic,
    tiny_kap,
    tiny_tms,
)
from tests.unit.planning.reference import WISH
from tests.unit.planning.reference_three import OtherReference


def with_slack(tiny: Tiny, seed: int) -> Tiny:
    """Return the question with another number of days that the other plans may end later."""
    aim = replace(tiny.protocol.objective, slack_days=Random(f"slack/{seed}").choice((0, 1, 3, 7)))
    return replace(tiny, protocol=replace(tiny.protocol, objective=aim))


def assert_exact(tiny: Tiny) -> None:
    protocol, kinds, world, wishes = tiny.protocol, tiny.kinds, tiny.world, tiny.wishes
    first = solved(protocol, kinds, world, wishes)
    if isinstance(first, Plan):
        return
    for own, other in (
        (("drift", "preferred_time"), steadiest_plan(protocol, first)),
        (("changes",), fewest_plan(protocol, first)),
    ):
        terms = {term.name: term.value for term in other.plan.terms}
        terms[WISH] = (from_wish(other.plan, tiny),)
        assert terms == OtherReference(tiny, own, first.plan).best_other()
        assert check_plan(other.plan, protocol, kinds, world, wishes) == []


@pytest.mark.parametrize("seed", range(5))
def test_the_other_plans_of_a_small_tms_course_equal_full_enumeration(seed: int) -> None:
    assert_exact(with_slack(tiny_tms(seed), seed))


@pytest.mark.parametrize("seed", range(5))
def test_the_other_plans_of_a_small_kap_course_equal_full_enumeration(seed: int) -> None:
    assert_exact(with_slack(tiny_kap(seed), seed))


@pytest.mark.figures
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2000, 2360))
def test_the_other_plans_of_many_small_tms_courses_equal_full_enumeration(seed: int) -> None:
    assert_exact(with_slack(tiny_tms(seed), seed))


@pytest.mark.figures
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2000, 2200))
def test_the_other_plans_of_many_small_kap_courses_equal_full_enumeration(seed: int) -> None:
    assert_exact(with_slack(tiny_kap(seed), seed))


START = date(2026, 1, 5)
TEN = 10 * 60


def offers_of(instance: Instance) -> tuple[Offer, ...]:
    protocol = PROTOCOLS[instance.protocol]
    return plan_three(protocol, KINDS, instance.world, instance.wishes)


def term(offer: Offer, name: str) -> tuple[int, ...]:
    return next(term.value for term in offer.plan.terms if term.name == name)


def assert_offers_are_sound(instance: Instance) -> None:
    protocol = PROTOCOLS[instance.protocol]
    aim = protocol.objective
    first, *others = offers_of(instance)
    assert first.choice is Choice.EARLIEST
    assert first.plan == plan_course(protocol, KINDS, instance.world, instance.wishes)
    for offer in others:
        assert check_plan(offer.plan, protocol, KINDS, instance.world, instance.wishes) == []
        later = (offer.plan.visits[-1].on - first.plan.visits[-1].on).days
        assert later <= aim.slack_days
        assert Fact(Trait.ENDS_LATER, later) in offer.facts
        assert all(a <= b for a, b in zip(term(offer, "gap"), term(first, "gap"), strict=True))
        if offer.choice is Choice.STEADIEST:
            less = term(first, "drift")[0] - term(offer, "drift")[0]
            assert less * CELL_MIN >= aim.visible_drift_min
        else:
            less = term(first, "changes")[0] - term(offer, "changes")[0]
            assert less >= aim.visible_changes
    assert len({offer.plan.visits for offer in (first, *others)}) == 1 + len(others)


@pytest.mark.parametrize("instance", some(tms_instances(24), 6), ids=lambda one: one.name)
def test_every_offered_tms_plan_is_sound_in_time_and_visibly_better(instance: Instance) -> None:
    assert_offers_are_sound(instance)


@pytest.mark.parametrize("instance", some(kap_instances(12), 4), ids=lambda one: one.name)
def test_every_offered_kap_plan_is_sound_in_time_and_visibly_better(instance: Instance) -> None:
    assert_offers_are_sound(instance)


def three_visits(
    world: World, *, slack_days: int = 7, visible_drift_min: int = 60
) -> tuple[Offer, ...]:
    """Return the plans of three visits wished at ten o'clock from Monday on."""
    base = PROTOCOLS["tms_10hz_ldlpfc_37"]
    aim = replace(base.objective, slack_days=slack_days, visible_drift_min=visible_drift_min)
    protocol = replace(base, objective=aim)
    counts = {"acute": 3, "taper_1": 0, "taper_2": 0, "taper_3": 0}
    wishes = Wishes(start_on=START, preferred_min=TEN, tolerance_min=0, counts=counts)
    return plan_three(protocol, KINDS, world, wishes)


def busy_until_two(*days: date) -> World:
    """Return the ordinary clinic for a patient who is busy until two on these days."""
    afternoon = WHOLE_DAY & ~((1 << 14 * 12) - 1)
    return replace(ordinary_clinic(START), patient_free=dict.fromkeys(days, afternoon))


def only_devices(devices: Mapping[date, int]) -> World:
    """Return the ordinary clinic with one device only on these days."""
    clinic = ordinary_clinic(START)
    days = {
        on: {
            key: one
            for key, one in day.items()
            if clinic.resources[key].kind != "tms_device" or devices.get(on, key) == key
        }
        for on, day in clinic.days.items()
    }
    return replace(clinic, days=days)


def test_the_steadiest_plan_skips_the_day_on_which_the_patient_cannot_come_at_the_hour() -> None:
    tuesday = START + timedelta(days=1)

    first, steadiest = three_visits(busy_until_two(tuesday))

    assert first.facts == (
        Fact(Trait.SAME_HOUR, 2, 3, TEN),
        Fact(Trait.HOUR_MOVES, 2 * 4 * 60),
        Fact(Trait.ENDS_LATER, 0),
        Fact(Trait.CHANGES, 0, 3, pool="tms_device"),
    )
    assert steadiest.choice is Choice.STEADIEST
    assert [(v.on - START).days for v in steadiest.plan.visits] == [0, 2, 3]
    assert steadiest.facts == (
        Fact(Trait.SAME_HOUR, 3, 3, TEN),
        Fact(Trait.HOUR_MOVES, 0),
        Fact(Trait.ENDS_LATER, 1),
        Fact(Trait.CHANGES, 0, 3, pool="tms_device"),
    )


def test_the_plan_with_the_fewest_changes_waits_for_the_device() -> None:
    tuesday, wednesday = START + timedelta(days=1), START + timedelta(days=2)

    first, fewest = three_visits(only_devices({START: 1, tuesday: 2, wednesday: 1}))

    assert first.facts[-1] == Fact(Trait.CHANGES, 2, 3, pool="tms_device")
    assert fewest.choice is Choice.FEWEST_CHANGES
    assert [(v.on - START).days for v in fewest.plan.visits] == [0, 2, 3]
    assert fewest.facts[-2:] == (
        Fact(Trait.ENDS_LATER, 1),
        Fact(Trait.CHANGES, 0, 3, pool="tms_device"),
    )


def test_without_slack_the_steadiest_plan_takes_the_hour_that_every_day_has() -> None:
    world = busy_until_two(START + timedelta(days=1))

    _, steadiest = three_visits(world, slack_days=0)

    assert [(v.on - START).days for v in steadiest.plan.visits] == [0, 1, 2]
    assert steadiest.facts[0] == Fact(Trait.SAME_HOUR, 3, 3, 14 * 60)


def test_a_plan_that_would_end_after_the_slack_is_not_offered() -> None:
    tuesday, wednesday = START + timedelta(days=1), START + timedelta(days=2)
    world = only_devices({START: 1, tuesday: 2, wednesday: 1})

    assert [offer.choice for offer in three_visits(world, slack_days=0)] == [Choice.EARLIEST]


def test_a_plan_that_is_better_by_less_than_the_protocol_calls_visible_is_not_offered() -> None:
    world = busy_until_two(START + timedelta(days=1))

    assert len(three_visits(world, visible_drift_min=8 * 60)) == 2
    assert len(three_visits(world, visible_drift_min=8 * 60 + 5)) == 1


def test_an_empty_clinic_needs_only_one_plan() -> None:
    (only,) = three_visits(ordinary_clinic(START))

    assert only.choice is Choice.EARLIEST
    assert only.facts[0] == Fact(Trait.SAME_HOUR, 3, 3, TEN)


def test_a_course_that_cannot_be_planned_has_one_plan_without_facts() -> None:
    closed = World(ordinary_clinic(START).resources, {})

    (only,) = three_visits(closed)

    assert (only.plan.visits, only.plan.unplaced, only.facts) == ((), 3, ())
    assert only.plan.first_impossible is not None
