"""Why not then: no refused start without a reason, and no reason against a start that is fine."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.planning.courses import Plan, first_day, plan_course
from clinic.planning.questions import Instant
from clinic.planning.reasons import hour_reasons, why_not
from clinic.planning.refusals import Code, Reason, Refusal
from clinic.planning.slots import kind_key, length_cells, sequence
from clinic.planning.starts import legal_starts, place_visit
from clinic.planning.validator import check_plan
from clinic.planning.visits import PlannedVisit
from clinic.planning.wishes import Wishes
from clinic.rules.wall_days import CELLS_A_DAY, WHOLE_DAY
from tests.some import some
from tests.unit.planning.clinics import (
    KINDS,
    PROTOCOLS,
    Tiny,
    ordinary_clinic,
    tiny_kap,
    tiny_tms,
)
from tests.unit.planning.cramped import cramped

MONDAY = date(2026, 1, 5)
CLINIC = ordinary_clinic(MONDAY)
ITBS = PROTOCOLS["tms_itbs_ldlpfc"]
KAP = PROTOCOLS["kap_programme"]


def codes(at: Instant, wishes: Wishes, protocol: str = "tms_itbs_ldlpfc") -> list[Code]:
    found = why_not(PROTOCOLS[protocol], KINDS, CLINIC, wishes, at=at)
    return [reason.code for reason in found.reasons]


def faults(tiny: Tiny, plan: Plan, number: int, visit: PlannedVisit) -> list[str]:
    """Return what the validator says of this visit after the visits planned before it."""
    visits = (*plan.visits[: number - 1], visit)
    total = len(sequence(tiny.protocol, tiny.wishes))
    short = Plan(visits, (), (), total - len(visits), None)
    try:
        found = check_plan(short, tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)
    except ValueError:  # a first week past its pattern days: more visits than there are days
        return ["week"]
    return [one.code for one in found if one.code != "term" and one.visit == number]


@pytest.mark.parametrize("seed", some(range(24), 8))
def test_a_start_has_no_reason_against_it_exactly_when_it_breaks_no_rule(seed: int) -> None:
    tiny = tiny_tms(seed) if seed % 2 else tiny_kap(seed)
    plan = plan_course(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes)
    order = sequence(tiny.protocol, tiny.wishes)
    first_on = first_day(tiny.protocol, tiny.wishes)
    for ahead in range(14):
        for cell in range(100, 132, 2):
            at = Instant(first_on + timedelta(days=ahead), cell)
            found = why_not(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes, at=at, plan=plan)
            step, index, _ = order[found.number - 1]
            kind = tiny.kinds[kind_key(step, index)]
            placed = place_visit(
                kind,
                length_cells(step, index, kind, tiny.wishes),
                tiny.world,
                at.on,
                cell,
                device_tags=tiny.protocol.device_tags,
                wishes=tiny.wishes,
                added=step.add_requirements,
                step_key=step.key,
                phase=step.phase,
            )
            if found.reasons == ():
                assert found.visit is not None
                assert faults(tiny, plan, found.number, found.visit) == []
            elif isinstance(placed, PlannedVisit):
                assert faults(tiny, plan, found.number, placed) != []


@pytest.mark.parametrize("seed", some(range(20), 8))
def test_every_start_that_is_not_legal_is_refused_with_a_code(seed: int) -> None:
    tiny = cramped(seed)
    for on in list(tiny.world.days)[:4]:
        for step in tiny.protocol.steps[:2]:
            kind = tiny.kinds[step.visit_kind]
            cells = length_cells(step, 1, kind, tiny.wishes)
            legal = legal_starts(
                kind,
                cells,
                tiny.world,
                on,
                device_tags=tiny.protocol.device_tags,
                wishes=tiny.wishes,
                added=step.add_requirements,
            )
            for cell in range(90, 140):
                found = place_visit(
                    kind,
                    cells,
                    tiny.world,
                    on,
                    cell,
                    device_tags=tiny.protocol.device_tags,
                    wishes=tiny.wishes,
                    added=step.add_requirements,
                )
                is_refused = isinstance(found, Refusal)
                assert is_refused == (not legal >> cell & 1)
                if isinstance(found, Refusal):
                    assert found.reasons
                    assert {type(one.code) for one in found.reasons} == {Code}


def test_a_planned_start_has_no_reason_against_it_and_names_what_it_takes() -> None:
    found = why_not(ITBS, KINDS, CLINIC, Wishes(MONDAY, preferred_min=600), at=Instant(MONDAY, 120))

    assert (found.number, found.step_key, found.reasons) == (1, "acute", ())
    assert found.visit is not None
    assert {hold.requirement for hold in found.visit.holds} >= {"device", "operator"}


@pytest.mark.parametrize(
    ("at", "wishes", "expected"),
    [
        (Instant(date(2026, 1, 10), 120), Wishes(MONDAY), [Code.DAY_NOT_ALLOWED]),
        (Instant(date(2026, 1, 2), 120), Wishes(MONDAY), [Code.BEFORE_START]),
        (Instant(date(2026, 1, 6), 120), Wishes(MONDAY, weekdays=frozenset({0})), None),
        (Instant(date(2026, 1, 6), 80), Wishes(MONDAY), [Code.DEVICE_CLOSED]),
        (
            Instant(date(2026, 1, 6), 120),
            Wishes(MONDAY, window=(11 * 60, 12 * 60)),
            [Code.OUTSIDE_WINDOW],
        ),
        (Instant(date(2026, 1, 6), CELLS_A_DAY), Wishes(MONDAY), [Code.OUTSIDE_WINDOW]),
    ],
)
def test_reasons_name_the_day_the_hours_and_the_clinic(
    at: Instant, wishes: Wishes, expected: list[Code] | None
) -> None:
    found = codes(at, wishes)

    if expected is None:
        assert Code.PATIENT_AWAY in found
    else:
        assert [code for code in expected if code in found] == expected


def test_a_fourth_visit_in_a_week_of_three_is_over_the_weekly_limit() -> None:
    wishes = Wishes(MONDAY, per_week=3)

    found = why_not(ITBS, KINDS, CLINIC, wishes, at=Instant(date(2026, 1, 10), 120), visit=4)

    assert Reason(Code.WEEKLY_LIMIT) in found.reasons


def test_a_second_visit_on_one_day_is_over_the_daily_limit() -> None:
    found = why_not(ITBS, KINDS, CLINIC, Wishes(MONDAY), at=Instant(MONDAY, 140), visit=2)

    assert Reason(Code.PER_DAY_LIMIT) in found.reasons


def test_the_taper_begins_in_its_own_week() -> None:
    wishes = Wishes(MONDAY, counts={"acute": 2})

    found = why_not(ITBS, KINDS, CLINIC, wishes, at=Instant(date(2026, 1, 8), 120), visit=3)

    assert found.step_key == "taper_1"
    assert Reason(Code.PHASE_STARTS_LATER) in found.reasons


def test_gaps_too_short_and_too_long_have_codes_of_their_own() -> None:
    plan = plan_course(KAP, KINDS, CLINIC, Wishes(MONDAY))
    dosing = next(i for i, one in enumerate(plan.visits) if one.step_key == "dosing") + 3

    def at(days: int) -> list[Code]:
        on = plan.visits[dosing - 3].on + timedelta(days=days)
        found = why_not(
            KAP, KINDS, CLINIC, Wishes(MONDAY), at=Instant(on, 120), visit=dosing, plan=plan
        )
        return [reason.code for reason in found.reasons]

    assert Code.GAP_BELOW_MINIMUM in at(6)
    assert Code.GAP_ABOVE_MAXIMUM in at(23)


def test_integration_keeps_its_hours_after_the_dosing() -> None:
    plan = plan_course(KAP, KINDS, CLINIC, Wishes(MONDAY))
    number = next(i for i, one in enumerate(plan.visits) if one.step_key == "integration") + 1
    dosing = plan.visits[number - 2]

    late = why_not(
        KAP,
        KINDS,
        CLINIC,
        Wishes(MONDAY),
        at=Instant(dosing.on + timedelta(days=8), 120),
        visit=number,
        plan=plan,
    )

    assert Reason(Code.WINDOW_AFTER_VISIT) in late.reasons


def test_two_weekly_visits_are_two_weeks_apart() -> None:
    protocol = PROTOCOLS["tms_maintenance"]
    plan = plan_course(protocol, KINDS, CLINIC, Wishes(MONDAY))
    number = [one.step_key for one in plan.visits].index("two_weekly") + 2
    on = plan.visits[number - 2].on + timedelta(days=7)

    found = why_not(
        protocol, KINDS, CLINIC, Wishes(MONDAY), at=Instant(on, 120), visit=number, plan=plan
    )

    assert Reason(Code.GAP_BELOW_MINIMUM) in found.reasons


def test_a_visit_cannot_lie_before_the_one_before_it() -> None:
    found = why_not(ITBS, KINDS, CLINIC, Wishes(MONDAY), at=Instant(MONDAY, 120), visit=4)

    assert Reason(Code.BEFORE_PREVIOUS) in found.reasons


def test_the_clinic_shut_and_the_patient_away_are_both_said() -> None:
    world = ordinary_clinic(MONDAY, [date(2026, 1, 6)])
    wishes = Wishes(MONDAY, away=((date(2026, 1, 6), date(2026, 1, 6)),))

    found = why_not(ITBS, KINDS, world, wishes, at=Instant(date(2026, 1, 6), 120))

    assert found.reasons == (Reason(Code.CLINIC_CLOSED), Reason(Code.PATIENT_AWAY))


def test_a_course_that_cannot_be_planned_says_so_for_every_instant() -> None:
    found = why_not(ITBS, KINDS, CLINIC, Wishes(MONDAY, per_week=6), at=Instant(MONDAY, 120))

    assert (found.number, found.reasons) == (0, (Reason(Code.PER_WEEK_NOT_OFFERED),))


def test_what_keeps_visits_from_the_wished_hour_is_counted_by_days() -> None:
    taken = WHOLE_DAY & ~(((1 << 6) - 1) << 118)
    days = {
        on: {
            key: replace(one, free=(taken,)) if key in (1, 2) else one
            for key, one in resources.items()
        }
        for on, resources in CLINIC.days.items()
    }
    world = replace(CLINIC, days=days)
    wishes = Wishes(MONDAY, preferred_min=600, tolerance_min=0)

    plan = plan_course(ITBS, KINDS, world, wishes)

    assert hour_reasons(ITBS, KINDS, world, wishes, plan) == (
        Reason(Code.DEVICE_BUSY, "device", days=36),
    )


def test_a_busy_or_bounded_patient_is_what_keeps_the_hour_away() -> None:
    busy = replace(CLINIC, patient_free={MONDAY: WHOLE_DAY & ~(((1 << 40) - 1) << 100)})
    once = {"acute": 1, "taper_1": 0, "taper_2": 0, "taper_3": 0}
    wishes = Wishes(MONDAY, preferred_min=600, tolerance_min=0, counts=once)
    late = replace(wishes, window=(12 * 60, 18 * 60))

    first = plan_course(ITBS, KINDS, busy, wishes)
    second = plan_course(ITBS, KINDS, CLINIC, late)

    assert hour_reasons(ITBS, KINDS, busy, wishes, first) == (Reason(Code.PATIENT_BUSY),)
    assert hour_reasons(ITBS, KINDS, CLINIC, late, second) == (Reason(Code.OUTSIDE_WINDOW),)
    assert hour_reasons(ITBS, KINDS, CLINIC, Wishes(MONDAY), first) == ()
