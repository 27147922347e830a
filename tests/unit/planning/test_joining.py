"""One visit more in a course that is booked: the planner's rules, before it and after it."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

import clinic
from clinic.planning.joining import Clash, Joining, Standing, joining
from clinic.planning.refusals import Code
from clinic.planning.wishes import Wishes
from clinic.rules.protocols import parse_protocols
from clinic.rules.visit_kinds import parse_visit_kinds

DATA = Path(clinic.__file__).parent / "data"
PROTOCOLS = parse_protocols(json.loads((DATA / "protocols.json").read_text(encoding="utf-8")))
KINDS = parse_visit_kinds(json.loads((DATA / "visit_kinds.json").read_text(encoding="utf-8")))
MONDAY = date(2026, 6, 1)
TEN = 120


def visit(day: int, step: str = "acute", *, key: int = 0, at: int = TEN) -> Standing:
    """A session so many days after the first Monday, of an hour."""
    return Standing(key or day + 1, step, "tms", MONDAY + timedelta(days=day), at, 12)


def course(
    standing: Sequence[Standing],
    protocol: str = "tms_10hz_ldlpfc_37",
    per_week: int | None = None,
) -> Joining:
    wishes = Wishes(start_on=MONDAY, per_week=per_week)
    return joining(PROTOCOLS[protocol], KINDS, wishes, standing)


def test_a_visit_on_a_free_weekday_fits() -> None:
    assert course([visit(0), visit(1), visit(3)]).clashes(visit(2, key=-1)) == ()


@pytest.mark.parametrize("at", [TEN - 24, TEN + 24])
def test_a_second_session_on_one_day_is_refused_before_and_after_the_first(at: int) -> None:
    found = course([visit(0), visit(1)]).clashes(visit(1, key=-1, at=at))

    assert found == (Clash(Code.PER_DAY_LIMIT, 2),)


def test_a_weekend_is_no_day_of_the_protocol() -> None:
    assert course([visit(0)]).clashes(visit(5, key=-1)) == (Clash(Code.DAY_NOT_ALLOWED),)


def test_a_week_that_is_full_is_refused_even_from_its_first_day() -> None:
    three = course([visit(1), visit(2), visit(4), visit(8)], per_week=3)

    assert three.clashes(visit(3, key=-1)) == (Clash(Code.WEEKLY_LIMIT, 5),)
    assert three.clashes(visit(0, key=-1)) == (Clash(Code.WEEKLY_LIMIT, 5),)
    assert three.clashes(visit(9, key=-1)) == ()


@pytest.mark.parametrize(("day", "other"), [(1, 1), (7, 1), (11, 15), (15, 15)])
def test_the_least_gap_holds_to_the_visit_before_and_the_one_after(day: int, other: int) -> None:
    dosing = course([visit(0, "dosing"), visit(14, "dosing")], "ket_im_kap")

    expected = () if day == 7 else (Clash(Code.GAP_BELOW_MINIMUM, other),)
    assert dosing.clashes(visit(day, "dosing", key=-1)) == expected


def test_what_is_broken_already_is_not_held_against_a_visit_elsewhere() -> None:
    twice = course([visit(0), visit(1), visit(1, key=9, at=TEN + 24), visit(2)])

    assert twice.clashes(visit(3, key=-1)) == ()


def test_a_step_the_protocol_does_not_have_is_not_judged() -> None:
    assert course([visit(0)]).clashes(visit(0, "lost", key=-1)) == ()


def test_a_visit_linked_to_another_is_held_to_its_day_alone() -> None:
    kap = course([visit(0, "dosing"), visit(14, "dosing")], "kap_programme")

    assert kap.clashes(visit(2, "integration", key=-1)) == ()
    assert kap.clashes(visit(0, "integration", key=-1, at=TEN + 60)) == (
        Clash(Code.PER_DAY_LIMIT, 1),
    )
    alone = course([], "kap_programme").clashes(visit(2, "integration", key=-1))
    assert alone == ()


def test_several_sessions_a_day_need_their_distance_and_somebody_who_allows_them() -> None:
    block = [visit(0, "accelerated", key=1)]

    def asked(at: int) -> tuple[Clash, ...]:
        return course(block, "saint_snt").clashes(visit(0, "accelerated", key=-1, at=at))

    assert asked(TEN + 12) == (Clash(Code.PER_DAY_LIMIT, 1, is_grantable=True),)
    assert asked(TEN - 11) == (Clash(Code.GAP_BELOW_MINIMUM, 1),)
    full = [visit(0, "accelerated", key=n + 1, at=n * 20) for n in range(10)]
    assert course(full, "saint_snt").clashes(visit(0, "accelerated", key=-1, at=220)) == (
        Clash(Code.PER_DAY_LIMIT, 10),
    )
    assert course(block, "saint_snt").clashes(visit(1, "accelerated", key=-1)) == ()


def test_next_session_is_the_first_step_short_of_what_was_prescribed() -> None:
    first = Standing(1, "acute", "mapping_and_first_tms", MONDAY, TEN, 18)
    counts = {"acute": 2, "taper_1": 1}

    def asked(*standing: Standing) -> tuple[str, str, int] | None:
        found = course(standing).next_session(counts)
        return None if found is None else (found.step.key, found.kind_key, found.length_min)

    assert asked() == ("acute", "mapping_and_first_tms", 90)
    assert asked(visit(1)) == ("acute", "mapping_and_first_tms", 90)
    assert asked(first) == ("acute", "tms", 60)
    assert asked(first, visit(1)) == ("taper_1", "tms", 60)
    assert asked(first, visit(1), visit(2, "taper_1")) is None
