"""What would let a course fit: every relaxation offered works, and names who may grant it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

import pytest

from clinic.planning.changes import GRANTORS, UNITS, Change, Grantor, Rule, Unit, changed
from clinic.planning.courses import plan_course
from clinic.planning.questions import Instant, Question
from clinic.planning.reasons import why_not
from clinic.planning.relaxations import Relaxation, apply, is_whole, relaxations
from clinic.planning.validator import check_plan
from clinic.planning.wishes import Wishes
from clinic.rules.wall_days import WHOLE_DAY
from tests.some import some
from tests.unit.planning.clinics import KINDS, PROTOCOLS, ordinary_clinic
from tests.unit.planning.cramped import impossible

MONDAY = date(2026, 1, 5)
CLINIC = ordinary_clinic(MONDAY)
ITBS = PROTOCOLS["tms_itbs_ldlpfc"]
KAP = PROTOCOLS["kap_programme"]
BLOCK = 10
IN_WISHES = {
    Rule.TOLERANCE,
    Rule.HOUR,
    Rule.HOURS,
    Rule.WEEKDAYS,
    Rule.AWAY,
    Rule.START,
    Rule.PLACE,
    Rule.PER_WEEK,
    Rule.COUNT,
}


def answered(first_seed: int) -> Iterator[tuple[Question, tuple[Relaxation, ...]]]:
    """Yield courses that do not fit and for which something can be offered."""
    for tiny in impossible(1000, first_seed=first_seed):
        question = Question(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)
        found = relaxations(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)
        if found:
            yield question, found


def assert_offers_work(first_seed: int) -> None:
    for question, found in islice(answered(first_seed), BLOCK):
        for one in found:
            relaxed = apply(one, question)
            plan = relaxed.plan()
            faults = check_plan(
                plan, relaxed.protocol, relaxed.kinds, relaxed.world, relaxed.wishes
            )
            assert (is_whole(plan), plan, faults) == (True, one.plan, [])
        assert [one.rank for one in found] == sorted(one.rank for one in found)


@pytest.mark.parametrize("block", range(1))
def test_every_relaxation_offered_works_when_applied(block: int) -> None:
    assert_offers_work(block * 1000)


@pytest.mark.figures
@pytest.mark.slow
@pytest.mark.parametrize("block", range(1, 100))
def test_a_thousand_courses_get_only_relaxations_that_work(block: int) -> None:
    assert_offers_work(block * 1000)


@pytest.mark.slow
def test_a_change_touches_nothing_but_its_own_part_of_the_question() -> None:
    for question, found in islice(answered(77), 20):
        for one in found:
            relaxed = apply(one, question)
            rules = {change.rule for change in one.changes}
            if rules <= IN_WISHES:
                assert (relaxed.protocol, relaxed.world) == (question.protocol, question.world)
            if not rules & IN_WISHES:
                assert relaxed.wishes == question.wishes


def offered(wishes: Wishes, protocol: str = "tms_itbs_ldlpfc") -> tuple[Relaxation, ...]:
    return relaxations(PROTOCOLS[protocol], KINDS, CLINIC, wishes)


def changes_of(found: tuple[Relaxation, ...]) -> list[tuple[Change, ...]]:
    return [one.changes for one in found]


def test_a_course_that_fits_at_its_hour_needs_nothing() -> None:
    assert offered(Wishes(MONDAY, preferred_min=600)) == ()


def test_hours_too_narrow_for_a_visit_are_widened_by_the_least_that_helps() -> None:
    found = offered(Wishes(MONDAY, window=(7 * 60, 8 * 60)))

    assert changes_of(found)[0] == (Change(Rule.HOURS, 120, name="later"),)
    assert found[0].grantor is Grantor.DESK


def test_a_whole_day_is_the_last_step_of_the_hours() -> None:
    found = offered(Wishes(MONDAY, window=(2 * 60, 3 * 60)))

    assert changes_of(found)[0] == (Change(Rule.HOURS, 1440, name="later"),)


def test_two_rules_that_do_not_help_alone_are_relaxed_together() -> None:
    shut = [day for day in sorted(CLINIC.days) if day.weekday() == 0]
    world = ordinary_clinic(MONDAY, shut)
    wishes = Wishes(MONDAY, window=(7 * 60, 8 * 60), weekdays=frozenset({0}))

    found = relaxations(ITBS, KINDS, world, wishes)

    assert {frozenset(change.rule for change in one.changes) for one in found} == {
        frozenset({Rule.HOURS, Rule.WEEKDAYS})
    }


SHORT = {"acute": 15, "taper_1": 0, "taper_2": 0, "taper_3": 0}
TRIP = (date(2026, 1, 20), date(2026, 2, 6))
LATER = (date(2026, 2, 21), date(2026, 12, 31))


def test_a_long_absence_is_given_up_or_the_prescriber_allows_a_longer_gap() -> None:
    found = offered(Wishes(MONDAY, counts=SHORT, away=(TRIP, LATER)))

    assert (Change(Rule.AWAY, 18, span=TRIP),) in changes_of(found)
    longest = next(one for one in found if one.changes[0].rule is Rule.LONGEST_GAP)
    assert longest.changes == (Change(Rule.LONGEST_GAP, 7, step_key="acute"),)
    assert (longest.grantor, longest.changes[0].unit) == (Grantor.PRESCRIBER, Unit.DAYS)


def test_an_absence_longer_than_the_planner_looks_ahead_asks_for_a_later_start() -> None:
    found = offered(Wishes(MONDAY, away=((MONDAY, date(2026, 4, 15)),)))

    assert Rule.START in {change.rule for one in found for change in one.changes}


def test_a_count_out_of_range_is_brought_into_it_by_the_prescriber() -> None:
    found = offered(Wishes(MONDAY, counts={"acute": 60}))

    assert changes_of(found) == [(Change(Rule.COUNT, 10, step_key="acute", to=50),)]
    assert found[0].grantor is Grantor.PRESCRIBER


def test_visits_a_week_that_are_not_offered_become_the_nearest_that_are() -> None:
    found = offered(Wishes(MONDAY, per_week=6))

    assert changes_of(found)[0] == (Change(Rule.PER_WEEK, 1, to=5),)


def test_a_missing_device_can_be_granted_by_nobody() -> None:
    resources = {key: one for key, one in CLINIC.resources.items() if one.kind != "tms_device"}

    found = relaxations(ITBS, KINDS, replace(CLINIC, resources=resources), Wishes(MONDAY))

    assert changes_of(found) == [(Change(Rule.CAPACITY, 1, name="tms_device"),)]
    assert found[0].grantor is Grantor.NOBODY


def test_days_of_another_course_may_be_shared_when_the_prescriber_allows() -> None:
    masked = replace(CLINIC, patient_free=dict.fromkeys(CLINIC.days, 0))

    found = relaxations(ITBS, KINDS, masked, Wishes(MONDAY), open_world=CLINIC)

    assert changes_of(found) == [(Change(Rule.SHARED_DAYS, 1),)]
    assert found[0].grantor is Grantor.PRESCRIBER


def test_what_cannot_be_planned_at_all_is_offered_nothing() -> None:
    nothing = {"weekly": 0, "two_weekly": 0, "monthly": 0}

    assert [
        one
        for one in relaxations(
            PROTOCOLS["tms_maintenance"], KINDS, CLINIC, Wishes(MONDAY, counts=nothing)
        )
        if one.plan.unplaced
    ] == []


def busy_at_ten() -> Question:
    """Return a course wished for 10:00 exactly, when both devices are always taken."""
    taken = WHOLE_DAY & ~(((1 << 6) - 1) << 118)
    days = {
        on: {
            key: replace(one, free=(taken,)) if key in (1, 2) else one
            for key, one in resources.items()
        }
        for on, resources in CLINIC.days.items()
    }
    wishes = Wishes(MONDAY, preferred_min=600, tolerance_min=0)
    return Question(ITBS, KINDS, replace(CLINIC, days=days), wishes)


def test_a_course_that_fits_but_not_at_the_hour_is_offered_a_tolerance_or_another_hour() -> None:
    asked = busy_at_ten()

    found = relaxations(asked.protocol, asked.kinds, asked.world, asked.wishes)

    assert is_whole(asked.plan())
    assert {one.changes[0].rule for one in found} == {Rule.HOUR, Rule.TOLERANCE}
    for one in found:
        relaxed = apply(one, asked)
        assert all(
            abs(visit.start_cell * 5 - (relaxed.wishes.preferred_min or 0))
            <= (relaxed.wishes.tolerance_min or 0)
            for visit in relaxed.plan().visits
        )


def test_an_instant_beyond_the_longest_gap_is_granted_by_the_prescriber() -> None:
    at = Instant(date(2026, 2, 9), 120)
    wishes = Wishes(MONDAY, counts=SHORT, away=(TRIP, LATER))

    found = relaxations(ITBS, KINDS, CLINIC, wishes, at=at)

    assert Rule.LONGEST_GAP in {change.rule for one in found for change in one.changes}
    for one in found:
        relaxed = apply(one, Question(ITBS, KINDS, CLINIC, wishes))
        after = why_not(relaxed.protocol, KINDS, relaxed.world, relaxed.wishes, at=at)
        assert after.reasons == ()


@pytest.mark.parametrize("seed", some(range(6), 2))
def test_a_relaxation_for_an_instant_lets_the_visit_start_then(seed: int) -> None:
    tiny = next(impossible(1, first_seed=seed * 50))
    question = Question(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)
    for ahead in (0, 2, 5, 8):
        at = Instant(tiny.wishes.start_on + timedelta(days=ahead), 114)
        found = relaxations(
            tiny.protocol, tiny.kinds, tiny.world, tiny.wishes, at=at, most_plans=40
        )
        for one in found:
            relaxed = apply(one, question)
            after = why_not(relaxed.protocol, relaxed.kinds, relaxed.world, relaxed.wishes, at=at)
            assert after.reasons == ()


def test_the_search_makes_no_more_plans_than_it_may() -> None:
    wishes = Wishes(MONDAY, window=(7 * 60, 8 * 60))

    assert relaxations(ITBS, KINDS, CLINIC, wishes, most_plans=0) == ()


def test_every_rule_says_who_grants_it_and_what_its_amount_counts() -> None:
    assert (set(GRANTORS), set(UNITS)) == (set(Rule), set(Rule))


@pytest.mark.parametrize("rule", list(Rule))
def test_a_change_that_has_nothing_to_change_leaves_the_question_as_it_is(rule: Rule) -> None:
    blank = Question(ITBS, KINDS, CLINIC, Wishes(MONDAY))
    change = Change(rule, 0, step_key="nowhere", name="nothing")

    found = changed(blank, change)

    if rule in (Rule.COUNT, Rule.PLACE, Rule.SHARED_DAYS):
        assert found.world == blank.world
    else:
        assert found == blank


def test_a_plan_that_is_known_need_not_be_made_again() -> None:
    wishes = Wishes(MONDAY, window=(7 * 60, 8 * 60))
    plan = plan_course(ITBS, KINDS, CLINIC, wishes)

    assert relaxations(ITBS, KINDS, CLINIC, wishes, plan=plan) == offered(wishes)


def test_a_linked_visit_may_end_later_when_the_prescriber_allows() -> None:
    shut = [date(2026, 1, 13) + timedelta(days=at) for at in range(10)]
    counts = {"consult": 0, "preparation": 1, "dosing": 1, "review": 0}
    zero = tuple(replace(step, count=replace(step.count, least=0)) for step in KAP.steps)
    world = ordinary_clinic(MONDAY, shut, days=19)
    wishes = Wishes(MONDAY, counts=counts)
    loose = replace(KAP, steps=zero)
    only = {on: 0 for on in world.days if on not in (MONDAY, date(2026, 1, 12)) and on.day < 23}
    asked = replace(world, patient_free=only)

    found = relaxations(loose, KINDS, asked, wishes)

    assert Rule.LINK_WINDOW in {change.rule for one in found for change in one.changes}


def test_three_rules_that_only_help_together_are_offered_at_last() -> None:
    wishes = Wishes(
        MONDAY,
        window=(7 * 60, 8 * 60),
        weekdays=frozenset({6}),
        counts=SHORT,
        away=((MONDAY, date(2026, 12, 31)),),
    )
    question = Question(ITBS, KINDS, CLINIC, wishes)

    found = relaxations(ITBS, KINDS, CLINIC, wishes)

    assert len(found) == 1
    changes = found[0].changes
    assert {change.rule for change in changes} == {Rule.HOURS, Rule.WEEKDAYS, Rule.AWAY}
    assert is_whole(apply(found[0], question).plan())
    for left_out in changes:
        fewer = replace(found[0], changes=tuple(one for one in changes if one != left_out))
        assert not is_whole(apply(fewer, question).plan())


def test_rules_that_are_not_needed_are_not_asked_for() -> None:
    away = ((date(2026, 1, 20), date(2026, 2, 6)), LATER)
    wishes = Wishes(
        MONDAY, window=(7 * 60, 8 * 60), weekdays=frozenset({1}), counts=SHORT, away=away
    )

    found = relaxations(ITBS, KINDS, CLINIC, wishes)

    assert [{change.rule for change in one.changes} for one in found] == [{Rule.HOURS, Rule.AWAY}]
    assert is_whole(apply(found[0], Question(ITBS, KINDS, CLINIC, wishes)).plan())
