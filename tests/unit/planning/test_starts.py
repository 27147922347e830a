"""Starts of one visit: legal starts, named resources, coded refusals."""

from dataclasses import replace
from datetime import date

from clinic.planning.bitsets import cell_list, span
from clinic.planning.members import Piece, merged
from clinic.planning.refusals import Code, Reason, Refusal
from clinic.planning.starts import free_starts, legal_starts, place_visit
from clinic.planning.visits import Hold, PlannedVisit
from clinic.planning.wishes import Wishes
from clinic.planning.world import Resource, ResourceDay, World
from clinic.rules.visit_kinds import GroupRule
from clinic.rules.wall_days import WHOLE_DAY
from tests.unit.planning.clinics import HOURS, KINDS, ordinary_clinic

MONDAY = date(2026, 1, 5)
CLINIC = ordinary_clinic(MONDAY, days=5)
FIGURE_8 = frozenset({"figure-8"})


def with_day(world: World, key: int, day: ResourceDay | None) -> World:
    """Return the world with one resource's Monday replaced, or gone."""
    monday = dict(world.days[MONDAY])
    monday.pop(key)
    if day is not None:
        monday[key] = day
    return replace(world, days={**world.days, MONDAY: monday})


def booked(world: World, key: int, from_cell: int, to_cell: int) -> World:
    """Return the world with one seat of a resource taken on Monday."""
    day = world.days[MONDAY][key]
    taken = span(from_cell, to_cell)
    free = (*day.free[:-1], day.free[-1] & ~taken)
    return with_day(world, key, ResourceDay(day.open, free))


def reasons(found: PlannedVisit | Refusal) -> tuple[Reason, ...]:
    assert isinstance(found, Refusal)
    return found.reasons


def test_a_visit_lies_wholly_inside_the_hours() -> None:
    starts = cell_list(legal_starts(KINDS["tms"], 6, CLINIC, MONDAY, device_tags=FIGURE_8))

    assert starts == list(range(96, 216 - 6 + 1))


def test_turnover_only_needs_time_that_is_not_taken() -> None:
    starts = cell_list(legal_starts(KINDS["dosing_im"], 36, CLINIC, MONDAY))

    assert starts[-1] == 216 - 36


def test_half_open_neighbours_do_not_collide() -> None:
    world = booked(booked(CLINIC, 1, 108, 114), 2, 96, 216)

    starts = cell_list(legal_starts(KINDS["tms"], 6, world, MONDAY, device_tags=FIGURE_8))

    assert 102 in starts
    assert 103 not in starts
    assert 113 not in starts
    assert 114 in starts


def test_each_start_lists_the_devices_it_could_have() -> None:
    world = booked(CLINIC, 1, 96, 108)

    found = free_starts(KINDS["tms"], 6, world, MONDAY, device_tags=FIGURE_8)

    assert (found[96], found[108]) == ((2,), (1, 2))


def test_a_shared_coil_makes_the_device_fit() -> None:
    coil = Resource(3, "coil", "coil", tags=FIGURE_8, fits=frozenset({1}))
    bare = replace(CLINIC.resources[1], tags=frozenset())
    other = replace(CLINIC.resources[2], tags=frozenset())
    world = replace(CLINIC, resources={**CLINIC.resources, 1: bare, 2: other, 3: coil})
    monday = {**CLINIC.days[MONDAY], 3: ResourceDay(HOURS, (WHOLE_DAY,))}
    world = replace(world, days={MONDAY: monday})

    found = place_visit(KINDS["tms"], 6, world, MONDAY, 96, device_tags=FIGURE_8)

    assert isinstance(found, PlannedVisit)
    assert [h.resource_id for h in found.holds if h.requirement == "device"] == [1, 3]


def test_a_device_without_its_coil_is_no_such_resource() -> None:
    found = place_visit(
        KINDS["tms"], 6, CLINIC, MONDAY, 96, device_tags=frozenset({"neuronavigation"})
    )

    assert reasons(found) == (Reason(Code.NO_SUCH_RESOURCE, "device"),)


def test_the_least_loaded_operator_is_named_then_the_lowest_id() -> None:
    world = booked(CLINIC, 10, 180, 190)

    found = place_visit(KINDS["tms"], 6, world, MONDAY, 96, device_tags=FIGURE_8)
    fresh = place_visit(KINDS["tms"], 6, CLINIC, MONDAY, 96, device_tags=FIGURE_8)

    assert isinstance(found, PlannedVisit)
    assert isinstance(fresh, PlannedVisit)
    assert found.holds == (Hold("device", 1, 96, 102, 1), Hold("operator", 11, 96, 102, 1))
    assert fresh.holds[1].resource_id == 10


def test_a_preferred_resource_is_taken_when_it_is_free() -> None:
    found = place_visit(
        KINDS["tms"], 6, CLINIC, MONDAY, 96, device_tags=FIGURE_8, prefer={"device": 2}
    )

    assert isinstance(found, PlannedVisit)
    assert found.holds[0].resource_id == 2


def test_a_therapist_leaves_half_an_hour_before_the_room_is_free() -> None:
    found = place_visit(KINDS["dosing_im"], 36, CLINIC, MONDAY, 96)

    assert isinstance(found, PlannedVisit)
    assert found.holds == (
        Hold("room", 50, 96, 135, 1),
        Hold("monitor", 40, 96, 132, 1),
        Hold("therapist", 30, 96, 126, 1),
    )


def test_one_person_may_be_monitor_and_therapist_with_one_seat() -> None:
    both = replace(
        CLINIC.resources[30], qualifications=frozenset({"kap_therapist", "monitoring_clinician"})
    )
    people = {30: both, 20: CLINIC.resources[20], 50: CLINIC.resources[50]}
    world = replace(CLINIC, resources=people)

    found = place_visit(KINDS["dosing_im"], 36, world, MONDAY, 96)

    assert isinstance(found, PlannedVisit)
    assert found.holds[1:] == (Hold("monitor", 30, 96, 132, 1), Hold("therapist", 30, 96, 126, 0))


def test_distinct_requirements_need_different_people() -> None:
    both = replace(
        CLINIC.resources[30], qualifications=frozenset({"kap_therapist", "monitoring_clinician"})
    )
    world = replace(
        CLINIC, resources={30: both, 20: CLINIC.resources[20], 50: CLINIC.resources[50]}
    )
    kind = KINDS["dosing_im"]
    needs = tuple(
        replace(n, group=replace(n.group, rule=GroupRule.DISTINCT)) if n.group else n
        for n in kind.requirements
    )

    found = place_visit(replace(kind, requirements=needs), 36, world, MONDAY, 96)

    assert reasons(found) == (Reason(Code.NOT_TOGETHER, "monitor+therapist"),)


def test_a_nurse_is_held_one_to_one_at_the_start_when_the_site_says_so() -> None:
    world = replace(CLINIC, switches={"one_to_one_start": True})

    found = place_visit(KINDS["dosing_im"], 36, world, MONDAY, 96)

    assert isinstance(found, PlannedVisit)
    assert [h for h in found.holds if h.requirement == "monitor"] == [
        Hold("monitor", 40, 96, 104, 2),
        Hold("monitor", 40, 104, 132, 1),
    ]


def test_on_site_cover_needs_a_shift_and_takes_no_seat() -> None:
    busy = booked(booked(CLINIC, 20, 96, 216), 21, 96, 216)
    gone = with_day(with_day(CLINIC, 20, None), 21, None)

    covered = place_visit(KINDS["tms"], 6, busy, MONDAY, 96, device_tags=FIGURE_8)
    bare = place_visit(KINDS["tms"], 6, gone, MONDAY, 96, device_tags=FIGURE_8)
    switched = replace(gone, switches={"prescriber_on_site": False})
    allowed = place_visit(KINDS["tms"], 6, switched, MONDAY, 96, device_tags=FIGURE_8)

    assert isinstance(covered, PlannedVisit)
    assert reasons(bare) == (Reason(Code.NOBODY_QUALIFIED_ON_SHIFT, "prescriber_cover"),)
    assert isinstance(allowed, PlannedVisit)


def test_a_phone_call_needs_the_caller_only() -> None:
    found = place_visit(KINDS["consult_phone"], 3, CLINIC, MONDAY, 96, place="phone")

    assert isinstance(found, PlannedVisit)
    assert found.holds == (Hold("caller", 20, 96, 99, 1),)


def test_every_reason_is_given_at_once() -> None:
    world = booked(booked(CLINIC, 1, 96, 102), 2, 96, 102)
    world = replace(world, patient_free={MONDAY: WHOLE_DAY & ~span(90, 100)})

    found = place_visit(KINDS["tms"], 6, world, MONDAY, 96, device_tags=FIGURE_8)

    assert reasons(found) == (Reason(Code.PATIENT_BUSY), Reason(Code.DEVICE_BUSY, "device"))


def test_the_only_device_in_the_way_is_named() -> None:
    one = {key: r for key, r in CLINIC.resources.items() if key != 2}
    world = booked(replace(CLINIC, resources=one), 1, 96, 102)

    found = place_visit(KINDS["tms"], 6, world, MONDAY, 96, device_tags=FIGURE_8)

    assert reasons(found) == (Reason(Code.DEVICE_BUSY, "device", 1),)


def test_a_closed_day_an_hour_before_opening_and_a_window_are_told_apart() -> None:
    wishes = Wishes(MONDAY, window=(600, 720), weekdays=frozenset({1}))

    closed = place_visit(KINDS["tms"], 6, CLINIC, date(2026, 1, 10), 96)
    early = place_visit(KINDS["tms"], 6, CLINIC, MONDAY, 84)
    outside = place_visit(KINDS["tms"], 6, CLINIC, MONDAY, 96, wishes=wishes)
    never = place_visit(KINDS["tms"], 6, CLINIC, MONDAY, 287)

    assert reasons(closed) == (Reason(Code.CLINIC_CLOSED),)
    assert [reason.code for reason in reasons(early)] == [
        Code.DEVICE_CLOSED,
        Code.NOBODY_QUALIFIED_ON_SHIFT,
        Code.NOBODY_QUALIFIED_ON_SHIFT,
    ]
    assert reasons(outside) == (Reason(Code.PATIENT_AWAY), Reason(Code.OUTSIDE_WINDOW))
    assert reasons(never) == (Reason(Code.OUTSIDE_WINDOW),)


def test_a_busy_nurse_is_busy_and_not_absent() -> None:
    full = replace(CLINIC, resources={k: r for k, r in CLINIC.resources.items() if k != 41})
    day = ResourceDay(HOURS, (WHOLE_DAY & ~span(96, 102),) * 2)

    found = place_visit(KINDS["dosing_im"], 36, with_day(full, 40, day), MONDAY, 96)

    assert reasons(found) == (Reason(Code.STAFF_BUSY, "monitor", 40),)


def test_no_starts_on_a_closed_day_or_when_the_patient_is_away() -> None:
    away = Wishes(MONDAY, away=((MONDAY, MONDAY),))

    assert legal_starts(KINDS["tms"], 6, CLINIC, date(2026, 1, 10)) == 0
    assert free_starts(KINDS["tms"], 6, CLINIC, MONDAY, wishes=away) == {}


def test_two_holds_of_one_person_add_up_or_share() -> None:
    parts = [(Piece(0, 12, 1),), (Piece(6, 12, 1),)]

    assert merged(parts, shared=True) == (Piece(0, 6, 1), Piece(6, 6, 1), Piece(12, 6, 1))
    assert merged(parts, shared=False) == (Piece(0, 6, 1), Piece(6, 6, 2), Piece(12, 6, 1))


def test_a_qualification_that_has_run_out_serves_no_more_that_day() -> None:
    operators = frozenset({"tms_operator"})
    monday = CLINIC.days[MONDAY]
    gone = {key: replace(monday[key], lapsed=operators) for key in (10, 11)}
    world = replace(CLINIC, days={**CLINIC.days, MONDAY: {**monday, **gone}})

    found = place_visit(KINDS["tms"], 6, world, MONDAY, 120, device_tags=FIGURE_8)

    assert legal_starts(KINDS["tms"], 6, world, MONDAY, device_tags=FIGURE_8) == 0
    assert reasons(found) == (Reason(Code.NOBODY_QUALIFIED_ON_SHIFT, "operator"),)
