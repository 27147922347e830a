"""`clinic why`: the reasons against a time and what would let it, in codes and in words."""

import json
from collections.abc import Callable

import pytest

from clinic.planning.changes import Rule
from clinic.planning.refusals import Code
from tests.integration.cli.conftest import Commands

Make = Callable[..., Commands]
ASKED = ("why", "--patient", "100", "--protocol", "tms_itbs_ldlpfc")


def why(commands: Commands, at: str, *more: str) -> dict[str, object]:
    return commands.json(*ASKED, "--at", at, *more)


def rows(found: object, key: str) -> list[dict[str, object]]:
    assert isinstance(found, dict)
    return [dict(row) for row in found[key]]


def codes(found: object) -> list[object]:
    return [row["code"] for row in rows(found, "reasons")]


def test_a_time_that_is_free_can_be_had_with_its_resources(make_clinic: Make) -> None:
    found = why(make_clinic(), "2026-06-01T10:00")

    assert (found["visit"], found["step"], found["can_start"]) == (1, "acute", True)
    assert found["resources"] == ["Operator", "Prescriber", "TMS 1"]
    assert (found["reasons"], found["relaxations"]) == ([], [])


def test_a_time_outside_the_hours_names_them_and_offers_to_widen_them(make_clinic: Make) -> None:
    found = why(make_clinic(), "2026-06-01T10:00", "--window", "11:00-14:00")

    assert codes(found) == [Code.OUTSIDE_WINDOW]
    first = rows(found, "relaxations")[0]
    assert first["granted_by"] == "desk"
    assert first["sentence"] == ("Let the patient come from 10:00 to 14:00. You may decide this.")
    assert first["changes"] == [
        {
            "rule": Rule.HOURS,
            "amount": 60,
            "unit": "minutes",
            "granted_by": "desk",
            "step": None,
            "to": None,
            "weekdays": [],
            "dates": [],
            "name": "earlier",
        }
    ]


def test_applying_what_is_offered_lets_the_visit_start(make_clinic: Make) -> None:
    commands = make_clinic()
    refused = why(commands, "2026-06-02T10:00", "--window", "11:00-14:00")

    allowed = why(commands, "2026-06-02T10:00", "--window", "10:00-15:00")

    assert (refused["can_start"], allowed["can_start"]) == (False, True)


def test_a_course_that_does_not_fit_is_explained_beside_the_time(make_clinic: Make) -> None:
    found = why(make_clinic(), "2026-06-01T08:00", "--window", "08:00-09:00")

    course = found["course"]
    assert isinstance(course, dict)
    assert course["unplaced"] == 36
    assert codes(course) == [Code.OUTSIDE_WINDOW]
    assert rows(course, "relaxations")[0]["finish"] == "2026-07-29"


def test_a_closed_day_offers_nothing_that_would_not_help(make_clinic: Make) -> None:
    found = why(make_clinic("2026-06-03"), "2026-06-03T10:00", "--start", "2026-06-01")

    assert Code.CLINIC_CLOSED in codes(found)
    assert found["relaxations"] == []


def test_a_day_before_the_first_asks_for_an_earlier_start(make_clinic: Make) -> None:
    found = why(make_clinic(), "2026-06-01T10:00", "--start", "2026-06-03")

    assert codes(found) == [Code.BEFORE_START]
    assert rows(found, "relaxations")[0]["sentence"] == (
        "Let the course begin from Mon 1 Jun. You may decide this."
    )


def test_an_instant_with_an_offset_is_read_at_the_site(make_clinic: Make) -> None:
    assert why(make_clinic(), "2026-06-01T14:00+00:00")["at"] == "2026-06-01T10:00"


def test_a_person_reads_sentences(make_clinic: Make) -> None:
    commands = make_clinic()

    free = commands.run(*ASKED, "--at", "2026-06-01T10:00")
    shut = commands.run(*ASKED, "--at", "2026-06-01T08:00", "--window", "08:00-09:00")

    assert "It can start then." in free.stdout
    assert "  - It lies outside the hours the patient can come. Widen them." in shut.stdout
    assert "36 visits find no place" in shut.stdout
    assert "all 36 fit, finishes Wed 29 Jul 2026. You may decide this." in shut.stdout


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("tomorrow", "option_unreadable"),
        ("2026-06-01T10:02", "start_off_grid"),
        ("2026-03-08T02:30", "time_not_single"),
        ("2026-11-01T01:30", "time_not_single"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_a_code(
    make_clinic: Make, at: str, code: str
) -> None:
    result = make_clinic().run(*ASKED, "--at", at, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"] == code
