"""Vitals points are served by the nearest reading, and time alone lets nobody leave too early."""

from datetime import UTC, date, datetime, timedelta
from typing import Any  # the examples are JSON of many shapes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.data import Node
from clinic.rules.vitals_points import (
    DuePoint,
    Given,
    LeaveFault,
    LeaveRefusal,
    Overrun,
    PointAnchor,
    PointState,
    RemsForm,
    VitalsPoint,
    WatchTime,
    earliest_leave,
    final_within,
    lay_out,
    leave_refusals,
    overrun,
    parse_points,
    parse_watch_time,
    rems_form,
    serve_points,
)
from tests.unit.rules.examples import clinic_data, example, protocol

ZERO = datetime(2026, 3, 6, 13, 0, tzinfo=UTC)
EX08, EX11, EX26 = example("EX08"), example("EX11"), example("EX26")
CASES = [
    pytest.param(given, expected, id=f"{one['id']}-{n}")
    for one in (EX08, EX26)
    for n, (given, expected) in enumerate(
        zip(one["input"]["cases"], one["expected"]["cases"], strict=True), start=1
    )
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minute(n: int) -> datetime:
    return ZERO + timedelta(minutes=n)


def clock(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%H:%M}"


def points_of(key: str) -> tuple[VitalsPoint, ...]:
    return parse_points(protocol(key).field("vitals"))


def watch_of(key: str) -> WatchTime:
    return parse_watch_time(protocol(key).field("observation"))


def said(refusals: tuple[LeaveRefusal, ...]) -> str:
    """The first refusal in the words of the examples."""
    if not refusals:
        return "allowed"
    first = refusals[0]
    if first.fault is LeaveFault.WATCH_TIME:
        return f"refused: {first.minutes} of {first.needed_min} min"
    return f"refused: last reading {first.minutes} min old, {first.needed_min} allowed"


@pytest.mark.parametrize(("case", "expected"), CASES)
def test_examples_08_and_26_points_and_leaving(
    case: dict[str, Any], expected: dict[str, Any]
) -> None:
    points, watch = points_of(case["protocol"]), watch_of(case["protocol"])
    given_ = Given(tuple(at(one) for one in case["doses"]))
    readings = [at(one) for one in case["readings"]]

    laid = lay_out(points, given_)
    standing = serve_points(laid, readings_at=readings, now=at(case["missed_asked_at"]))
    leaves_at = earliest_leave(watch, given_)

    assert leaves_at is not None
    within = final_within(points)
    assert within is not None
    assert [clock(one.due_at) for one in laid if one.point.is_required] == (
        expected["required_points_due"]
    )
    assert [clock(one.due_at) for one in standing if one.state is PointState.MISSED] == (
        expected["missed"]
    )
    assert clock(leaves_at) == expected["earliest_leave"]
    assert clock(leaves_at - timedelta(minutes=within)) == expected["final_reading_counts_from"]
    assert expected["attempts"] == {
        text: said(
            leave_refusals(
                watch=watch,
                points=points,
                given=given_,
                readings_at=readings,
                now=at(f"{case['doses'][0][:10]}T{text}"),
            )
        )
        for text in expected["attempts"]
    }


@pytest.mark.parametrize(
    ("case", "expected"), [one for one in CASES if "monitoring_completed" in one.values[0]]
)
def test_examples_08_and_26_form_of_the_programme(
    case: dict[str, Any], expected: dict[str, Any]
) -> None:
    form = rems_form(
        protocol(case["protocol"]).field("rems"),
        given=Given(tuple(at(one) for one in case["doses"])),
        monitoring_ended_at=at(case["monitoring_completed"]),
        on=at(case["doses"][0]).date(),
    )

    assert form == RemsForm(
        total_min=expected["rems_total_minutes"],
        due_on=date.fromisoformat(expected["rems_form_due"]),
        overdue_from=date.fromisoformat(expected["overdue_from"]),
    )


def test_example_26_overrun_shows_the_collision() -> None:
    case, expected = EX26["input"]["cases"][0], EX26["expected"]["cases"][0]
    kinds = Node("$", clinic_data("visit_kinds")).field("visit_kinds").items()
    kind = next(one for one in kinds if one.field("key").value == case["visit_kind"])
    leaves_at = earliest_leave(
        watch_of(case["protocol"]), Given(tuple(at(one) for one in case["doses"]))
    )
    assert leaves_at is not None

    found = overrun(
        leaves_at,
        booked_end=at(case["booked"][1]),
        turnover_min=kind.field("turnover_min").whole(),
        next_start=at(case["next_visit"]),
    )

    assert found == Overrun(
        minutes=expected["overrun_min"],
        free_at=at(f"2026-03-10T{expected['room_free_from']}"),
        collides=expected["collides"],
    )


def test_example_11_missing_vitals() -> None:
    case, expected = EX11["input"], EX11["expected"]
    points, watch = points_of(case["protocol"]), watch_of(case["protocol"])
    given_ = Given((ZERO,), infusion_ends_at=minute(case["infusion_end_min"]))

    laid = lay_out(points, given_)
    standing = serve_points(
        laid,
        readings_at=[minute(n) for n in case["recorded_min"]],
        now=minute(case["now_min"]),
    )

    def of(state: PointState) -> list[DuePoint]:
        return [one for one in standing if one.state is state]

    def after(moment: datetime | None) -> int | None:
        return None if moment is None else (moment - ZERO) // timedelta(minutes=1)

    assert [after(one.due_at) for one in laid] == expected["points_due_min"]
    assert {str(after(one.due_at)): after(one.read_at) for one in of(PointState.SERVED)} == (
        expected["satisfied"]
    )
    assert [after(one.due_at) for one in of(PointState.MISSED)] == expected["missed"]
    assert {
        str(after(one.due_at)): after(one.alerts_at) for one in of(PointState.MISSED)
    } == expected["alert_raised_at_min"]
    assert [*(after(one.due_at) for one in of(PointState.OPEN)), "leave"] == expected["upcoming"]
    leaves_after = after(earliest_leave(watch, given_))
    assert leaves_after == expected["earliest_leave_min"]
    assert leaves_after is not None
    assert leaves_after - (final_within(points) or 0) == expected["final_reading_counts_from_min"]


def test_infusion_that_stops_early_drops_the_points_due_at_or_after_its_end() -> None:
    points = points_of("ket_iv_series")

    laid = lay_out(points, Given((ZERO,), infusion_ends_at=minute(20)))

    assert [(one.due_at - ZERO) // timedelta(minutes=1) for one in laid] == [0, 10, 20, 35, 50]
    assert [one.point.anchor for one in laid][2] is PointAnchor.INFUSION_END


def test_before_the_first_dose_nothing_is_due_and_nobody_leaves() -> None:
    points, watch = points_of("esk_trd"), watch_of("esk_trd")

    refusals = leave_refusals(watch=watch, points=points, given=Given(()), readings_at=[], now=ZERO)

    assert lay_out(points, Given(())) == ()
    assert earliest_leave(watch, Given(())) is None
    assert refusals == (
        LeaveRefusal(LeaveFault.WATCH_TIME, None, 120),
        LeaveRefusal(LeaveFault.FINAL_READING, None, 15),
    )
    assert (
        rems_form(
            protocol("esk_trd").field("rems"),
            given=Given(()),
            monitoring_ended_at=ZERO,
            on=ZERO.date(),
        )
        is None
    )  # fmt: skip -- the call is the subject


def point(at_min: int, *, is_required: bool = True) -> DuePoint:
    return DuePoint(
        VitalsPoint(PointAnchor.FIRST_DOSE, at_min, 5, is_required, frozenset({"sbp"})),
        minute(at_min),
    )


def test_reading_between_two_points_serves_the_earlier() -> None:
    standing = serve_points([point(0), point(6)], readings_at=[minute(3)], now=minute(3))

    assert [one.state for one in standing] == [PointState.SERVED, PointState.OPEN]


@pytest.mark.parametrize(
    ("now_min", "seconds", "state"),
    [(5, 0, PointState.OPEN), (5, 1, PointState.MISSED), (6, 0, PointState.MISSED)],
)
def test_point_is_missed_later_than_its_grace(
    now_min: int, seconds: int, state: PointState
) -> None:
    now = minute(now_min) + timedelta(seconds=seconds)

    assert serve_points([point(0)], readings_at=[], now=now)[0].state is state


def test_recommended_point_never_alarms() -> None:
    standing = serve_points([point(0, is_required=False)], readings_at=[], now=minute(99))

    assert (standing[0].state, standing[0].alerts_at) == (PointState.OPEN, None)


@given(
    due=st.lists(st.integers(0, 120), max_size=8, unique=True).map(sorted),
    read=st.lists(st.integers(-10, 130), max_size=12),
    now=st.integers(0, 140),
)
def test_one_reading_serves_one_point_within_its_grace(
    due: list[int], read: list[int], now: int
) -> None:
    laid = [point(n) for n in due]

    standing = serve_points(laid, readings_at=[minute(n) for n in read], now=minute(now))

    served = [one for one in standing if one.state is PointState.SERVED]
    used = [one.read_at for one in served]
    assert [one.due_at for one in standing] == [one.due_at for one in laid]
    assert all(
        used.count(moment) <= read.count((moment - ZERO) // timedelta(minutes=1))
        for moment in used
        if moment is not None
    )  # fmt: skip -- one sentence
    assert all(abs(one.read_at - one.due_at) <= one.grace for one in served if one.read_at)


def test_visit_that_ends_in_time_has_no_overrun() -> None:
    booked_end = minute(60)

    assert overrun(booked_end, booked_end=booked_end, turnover_min=15, next_start=None) is None
    assert overrun(minute(61), booked_end=booked_end, turnover_min=15, next_start=minute(76)) == (
        Overrun(minutes=1, free_at=minute(76), collides=False)
    )
    assert overrun(minute(61), booked_end=booked_end, turnover_min=15, next_start=None) == (
        Overrun(minutes=1, free_at=minute(76), collides=False)
    )


def test_protocol_without_a_leave_point_asks_for_no_final_reading() -> None:
    assert final_within([]) is None
    assert (
        leave_refusals(
            watch=WatchTime(PointAnchor.LAST_DOSE, 10),
            points=[],
            given=Given((ZERO,)),
            readings_at=[],
            now=minute(10),
        )
        == ()
    )  # fmt: skip -- the call is the subject


@pytest.mark.parametrize(
    ("age_min", "refusals"),
    [(15, ()), (16, (LeaveRefusal(LeaveFault.FINAL_READING, 16, 15),))],
)
def test_final_reading_counts_for_fifteen_minutes(
    age_min: int, refusals: tuple[LeaveRefusal, ...]
) -> None:
    now = minute(200)

    assert refusals == leave_refusals(
        watch=watch_of("esk_trd"),
        points=points_of("esk_trd"),
        given=Given((ZERO,)),
        readings_at=[now - timedelta(minutes=age_min), now + timedelta(minutes=1)],
        now=now,
    )
