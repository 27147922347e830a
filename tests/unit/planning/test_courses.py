"""Plans of courses: what is refused, cut short or warned of; and a validator that notices."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.planning.courses import Plan, plan_course
from clinic.planning.questions import Question, with_preference
from clinic.planning.refusals import Code, Impossible, Reason, Warning_
from clinic.planning.validator import check_plan
from clinic.planning.visits import PlannedVisit
from clinic.planning.wishes import Wishes
from tests.unit.planning.clinics import KINDS, PROTOCOLS, days_of, ordinary_clinic, plan_example

MONDAY = date(2026, 1, 5)
CLINIC = ordinary_clinic(MONDAY)
ITBS = PROTOCOLS["tms_itbs_ldlpfc"]
KAP = PROTOCOLS["kap_programme"]


def plan(wishes: Wishes, protocol: str = "tms_itbs_ldlpfc") -> Plan:
    return plan_course(PROTOCOLS[protocol], KINDS, CLINIC, wishes)


def test_a_course_keeps_the_wished_hour_and_the_device() -> None:
    found = plan(Wishes(MONDAY, preferred_min=600, tolerance_min=0))

    assert {visit.start_cell for visit in found.visits} == {120}
    assert {visit.holds[0].resource_id for visit in found.visits} == {1}


@pytest.mark.parametrize("protocol, pool", [("tms_itbs_ldlpfc", "device"), (KAP.key, "therapist")])
def test_a_course_is_with_whom_the_patient_wishes_while_that_costs_nothing_else(
    protocol: str, pool: str
) -> None:
    asked = Question(PROTOCOLS[protocol], KINDS, CLINIC, Wishes(MONDAY))
    usual = followed(asked.plan(), pool)
    other = next(
        key
        for key, one in CLINIC.resources.items()
        if key not in usual
        and (one.kind == "tms_device" if pool == "device" else pool in str(one.qualifications))
    )

    wished = with_preference(replace(asked, wishes=Wishes(MONDAY, prefers_id=other)))

    assert followed(wished.plan(), pool) == {other}
    assert check_plan(wished.plan(), asked.protocol, KINDS, wished.world, wished.wishes) == []


def followed(found: Plan, requirement: str) -> set[int]:
    """The devices or therapists of a plan."""
    holds = [hold for visit in found.visits for hold in visit.holds]
    return {hold.resource_id for hold in holds if hold.requirement == requirement}


def test_a_wish_for_somebody_who_is_not_here_changes_nothing() -> None:
    asked = Question(ITBS, KINDS, CLINIC, Wishes(MONDAY, prefers_id=999))

    assert with_preference(asked) is asked


def test_a_wish_for_somebody_whom_courses_do_not_follow_binds_nobody() -> None:
    prescriber = next(
        key for key, one in CLINIC.resources.items() if "prescriber" in one.qualifications
    )

    asked = with_preference(Question(ITBS, KINDS, CLINIC, Wishes(MONDAY, prefers_id=prescriber)))

    assert asked.world.continuity == {}


def test_a_start_on_a_closed_day_begins_on_the_next_open_one_and_says_so() -> None:
    found = plan_example("tms_itbs_ldlpfc", MONDAY, [MONDAY])

    assert days_of(found)[0] == date(2026, 1, 6)
    assert found.warnings[0] == Warning_(Code.STARTS_LATER, 1, 1)


def test_a_moved_pattern_day_is_warned_of() -> None:
    found = plan_example("tms_itbs_ldlpfc", MONDAY, [date(2026, 2, 18)])

    assert Warning_(Code.OFF_PATTERN, 32) in found.warnings


def test_a_week_that_cannot_hold_the_phase_spills_into_the_next_with_a_warning() -> None:
    shut = [date(2026, 2, 16) + timedelta(days=at) for at in range(3)]

    found = plan_example("tms_itbs_ldlpfc", MONDAY, shut)

    assert days_of(found, "taper_1") == [
        date(2026, 2, 19),
        date(2026, 2, 20),
        date(2026, 2, 25),
    ]
    assert Warning_(Code.WEEK_CANNOT_HOLD, 33, 1) in found.warnings


def test_three_visits_a_week_take_the_pattern_days_from_the_start_on() -> None:
    found = plan(Wishes(date(2026, 1, 7), per_week=3))

    assert days_of(found)[:4] == [
        date(2026, 1, 7),
        date(2026, 1, 9),
        date(2026, 1, 12),
        date(2026, 1, 14),
    ]


def test_the_days_the_patient_can_come_are_the_pattern_when_they_match_the_limit() -> None:
    found = plan(Wishes(MONDAY, per_week=3, weekdays=frozenset({1, 3, 4})))

    assert {day.weekday() for day in days_of(found, "acute")} == {1, 3, 4}


def test_a_course_that_does_not_fit_is_cut_at_the_first_impossible_visit() -> None:
    world = ordinary_clinic(MONDAY, days=12)

    found = plan_course(ITBS, KINDS, world, Wishes(MONDAY))

    assert (len(found.visits), found.unplaced) == (10, 26)
    assert found.first_impossible == Impossible(
        "acute",
        11,
        date(2026, 1, 17),
        date(2026, 1, 30),
        (Reason(Code.CLINIC_CLOSED, days=10),),
    )


def test_a_missing_device_is_named_as_what_blocks_the_course() -> None:
    resources = {key: r for key, r in CLINIC.resources.items() if r.kind != "tms_device"}

    found = plan_course(ITBS, KINDS, replace(CLINIC, resources=resources), Wishes(MONDAY))

    assert found.visits == ()
    assert found.first_impossible is not None
    assert found.first_impossible.reasons[0] == Reason(
        Code.NO_SUCH_RESOURCE, "device", days=found.first_impossible.reasons[0].days
    )


def test_a_window_that_no_visit_fits_is_the_reason() -> None:
    found = plan(Wishes(MONDAY, window=(7 * 60, 8 * 60)))

    assert found.first_impossible is not None
    assert found.first_impossible.reasons[0].code is Code.OUTSIDE_WINDOW


@pytest.mark.parametrize(
    ("protocol", "wishes", "code"),
    [
        ("tms_itbs_ldlpfc", Wishes(MONDAY, counts={"acute": 51}), Code.COUNT_OUT_OF_RANGE),
        ("tms_itbs_ldlpfc", Wishes(MONDAY, per_week=6), Code.PER_WEEK_NOT_OFFERED),
        ("tms_itbs_ldlpfc", Wishes(MONDAY, per_week=1), Code.PER_WEEK_NOT_OFFERED),
        ("dtms_h1_mdd", Wishes(MONDAY, weekly={"continuation": 3}), Code.PER_WEEK_NOT_OFFERED),
        ("esk_trd", Wishes(MONDAY, every={"maintenance": 3}), Code.EVERY_NOT_OFFERED),
        ("tms_itbs_ldlpfc", Wishes(MONDAY, place="video"), Code.PLACE_NOT_OFFERED),
        (
            "tms_maintenance",
            Wishes(MONDAY, counts={"weekly": 0, "two_weekly": 0, "monthly": 0}),
            Code.NOTHING_TO_PLAN,
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_code(
    protocol: str, wishes: Wishes, code: Code
) -> None:
    found = plan(wishes, protocol)

    assert found.visits == ()
    assert found.first_impossible is not None
    assert [reason.code for reason in found.first_impossible.reasons] == [code]


def test_an_order_that_mixes_day_and_time_terms_is_refused() -> None:
    unplaced, *rest = ITBS.objective.term_order
    mixed = replace(ITBS.objective, term_order=(unplaced, *reversed(rest)))

    found = plan_course(replace(ITBS, objective=mixed), KINDS, CLINIC, Wishes(MONDAY))

    assert found.first_impossible is not None
    assert found.first_impossible.reasons == (Reason(Code.TERM_ORDER),)


def test_each_integration_follows_its_dosing_with_the_same_therapist() -> None:
    found = plan(Wishes(MONDAY, preferred_min=600), "kap_programme")

    therapists = {
        h.resource_id for v in found.visits for h in v.holds if h.requirement == "therapist"
    }
    assert [visit.step_key for visit in found.visits] == [
        "consult",
        "preparation",
        *["dosing", "integration"] * 3,
        "review",
    ]
    assert therapists == {30}
    assert check_plan(found, KAP, KINDS, CLINIC, Wishes(MONDAY, preferred_min=600)) == []


def test_a_late_integration_is_placed_with_its_hours_said() -> None:
    shut = [date(2026, 1, 7) + timedelta(days=at) for at in range(5)]
    counts = {"preparation": 1, "dosing": 1, "review": 0}
    world = ordinary_clinic(MONDAY, shut, days=8)
    narrow = replace(
        KAP,
        steps=tuple(
            replace(step, first_gap_days=replace(step.first_gap_days, most=1))
            if step.first_gap_days
            else replace(step, count=replace(step.count, least=0))
            for step in KAP.steps
        ),
    )
    wishes = Wishes(MONDAY, counts={**counts, "consult": 0})

    found = plan_course(narrow, KINDS, world, wishes)

    assert [visit.on.day for visit in found.visits] == [5, 6, 12]
    assert [warning.code for warning in found.warnings] == [Code.LATE_AFTER_VISIT]
    assert check_plan(found, narrow, KINDS, world, wishes) == []


def change(found: Plan, at: int, visit: PlannedVisit) -> Plan:
    return replace(found, visits=(*found.visits[:at], visit, *found.visits[at + 1 :]))


@pytest.mark.parametrize(
    ("at", "field", "value", "code"),
    [
        (3, "start_cell", 60, "span"),
        (3, "length_cells", 5, "length"),
        (3, "on", date(2026, 1, 10), "day_not_allowed"),
        (3, "on", date(2026, 1, 7), "order"),
        (30, "on", date(2026, 2, 13), "week_start"),
        (3, "kind_key", "review", "kind"),
        (3, "place", "phone", "place"),
        (3, "step_key", "taper_1", "step"),
        (3, "holds", (), "requirements"),
    ],
)
def test_the_validator_notices_a_spoilt_visit(
    at: int, field: str, value: object, code: str
) -> None:
    wishes = Wishes(MONDAY, preferred_min=600)
    world = ordinary_clinic(MONDAY)
    days = dict(world.days)
    days.setdefault(date(2026, 1, 10), days[MONDAY])
    world = replace(world, days=days)
    sound = plan_course(ITBS, KINDS, world, wishes)

    spoilt = change(sound, at, replace(sound.visits[at], **{field: value}))

    assert check_plan(sound, ITBS, KINDS, world, wishes) == []
    assert code in {one.code for one in check_plan(spoilt, ITBS, KINDS, world, wishes)}


def test_the_validator_notices_a_wrong_term() -> None:
    wishes = Wishes(MONDAY)
    sound = plan(wishes)
    wrong = replace(sound, terms=(*sound.terms[:-1], replace(sound.terms[-1], value=(9,))))

    assert [one.code for one in check_plan(wrong, ITBS, KINDS, CLINIC, wishes)] == ["term"]
