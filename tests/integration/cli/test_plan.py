"""`clinic plan` and `clinic book`: every worked example about dates, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from clinic.models import Appointment, Cell, Course, Message
from clinic.models.engine import make_engine, reading
from tests.integration.cli.conftest import Commands

EXAMPLES = {
    example["id"]: example
    for example in json.loads(
        (Path(__file__).parents[2] / "data" / "examples.json").read_text(encoding="utf-8")
    )["examples"]
}
Make = Callable[..., Commands]
AFTER = ("--repeats", "tms_itbs_ldlpfc")
"""The patient of the tests had the course elsewhere that maintenance repeats."""


def dates(found: dict[str, object], phase: str | None = None) -> list[str]:
    visits = found["visits"]
    assert isinstance(visits, list)
    return [one["start"][:10] for one in visits if phase in (None, one["phase"])]


def plan(commands: Commands, protocol: str, start: str, *more: str) -> dict[str, object]:
    words = ["plan", "--patient", "100", "--protocol", protocol, "--start", start, *more]
    return commands.json(*words)


def test_talks_are_planned_by_video_where_the_protocol_allows_it(make_clinic: Make) -> None:
    commands = make_clinic()

    found = plan(commands, "kap_programme", "2026-03-02", "--place", "video")
    refused = commands.run(
        *("plan", "--patient", "100", "--protocol", "tms_itbs_ldlpfc"),
        *("--start", "2026-03-02", "--place", "video", "--json"),
    )

    visits = found["visits"]
    assert isinstance(visits, list)
    places = {(one["kind"].startswith("dosing"), one["place"]) for one in visits}
    assert places == {(True, "room"), (False, "video")}
    assert refused.exit_code == 1
    assert "place_not_offered" in refused.stdout


def test_example_1_skips_three_closures(make_clinic: Make) -> None:
    asked, expected = EXAMPLES["EX01"]["input"], EXAMPLES["EX01"]["expected"]

    found = plan(make_clinic(*asked["closures"]), asked["protocol"], asked["start"])

    assert dates(found) == expected["dates"]


def test_example_2_moves_a_closed_taper_day(make_clinic: Make) -> None:
    asked, expected = EXAMPLES["EX02"]["input"], EXAMPLES["EX02"]["expected"]

    found = plan(make_clinic(*asked["closures"]), asked["protocol"], asked["start"])

    assert dates(found, "acute")[-1] == expected["session_30"]
    assert {step: dates(found, step) for step in ("taper_1", "taper_2", "taper_3")} == {
        step: expected[step] for step in ("taper_1", "taper_2", "taper_3")
    }


@pytest.mark.parametrize(
    "example, session_30, taper",
    [
        ("EX03", "old_session_30", "old_taper"),
        ("EX28", "session_30_as_planned", "taper_booked"),
    ],
)
def test_examples_3_and_28_as_first_planned(
    make_clinic: Make, example: str, session_30: str, taper: str
) -> None:
    asked, expected = EXAMPLES[example]["input"], EXAMPLES[example]["expected"]

    found = plan(make_clinic(*asked["closures"]), asked["protocol"], asked["start"])

    assert dates(found)[29] == expected[session_30]
    assert dates(found)[30:] == expected[taper]


@pytest.mark.parametrize(
    "missed, session_30, taper",
    [
        ("case_1_no_show", "new_session_30", "new_taper"),
        ("case_2_no_shows", "case_2", "case_2"),
    ],
)
def test_example_3_with_missed_days_taken_as_away(
    make_clinic: Make, missed: str, session_30: str, taper: str
) -> None:
    asked, expected = EXAMPLES["EX03"]["input"], EXAMPLES["EX03"]["expected"]
    away = [word for on in asked[missed] for word in ("--away", on)]

    found = plan(make_clinic(*asked["closures"]), asked["protocol"], asked["start"], *away)

    wanted = expected[session_30] if isinstance(expected[session_30], dict) else expected
    assert dates(found)[29] == wanted["new_session_30"]
    assert dates(found)[30:] == wanted["new_taper"]


def test_example_7_esketamine_from_a_tuesday_and_from_a_friday(make_clinic: Make) -> None:
    asked, expected = EXAMPLES["EX07"]["input"], EXAMPLES["EX07"]["expected"]
    commands = make_clinic()

    tuesday = plan(commands, "esk_trd", asked["first_dose"], "--count", "maintenance=3")
    friday = plan(commands, "esk_trd", asked["case_2_first_dose"])

    assert dates(tuesday, "induction") == expected["induction"]
    assert dates(tuesday, "weekly") == expected["weekly"]
    assert dates(tuesday, "maintenance") == expected["every_two_weeks_first_three"]
    assert dates(friday, "induction") == expected["case_2"]["induction"]
    assert dates(friday, "weekly") == expected["case_2"]["weekly"]


def test_a_phase_goes_on_for_so_many_visits_or_weeks(make_clinic: Make) -> None:
    asked = ("--count", "weekly=3", "--count", "two_weekly=8w", "--count", "monthly=26w", *AFTER)

    found = plan(make_clinic(), "tms_maintenance", "2026-06-02", *asked, "--every", "monthly=5")

    assert [len(dates(found, phase)) for phase in ("weekly", "two_weekly", "monthly")] == [3, 4, 6]


def test_maintenance_keeps_its_weekday_and_its_weeks(make_clinic: Make) -> None:
    found = plan(make_clinic(), "tms_maintenance", "2026-06-02", "--count", "monthly=3", *AFTER)

    assert dates(found, "weekly") == ["2026-06-02", "2026-06-09", "2026-06-16", "2026-06-23"]
    assert dates(found, "two_weekly") == ["2026-06-30", "2026-07-14"]
    assert dates(found, "monthly") == ["2026-08-04", "2026-09-01", "2026-09-29"]


def test_a_plan_writes_nothing(make_clinic: Make) -> None:
    commands = make_clinic()

    plan(commands, "tms_itbs_ldlpfc", "2026-06-01")

    assert counts(commands) == (0, 0, 0, 0)


def test_three_plans_are_given_when_they_are_worth_it(make_clinic: Make) -> None:
    commands = make_clinic()
    more = commands.folder / "more.json"
    second = {"record_number": "101", "family": "Quist", "given": "Ann"}
    more.write_text(json.dumps({"schema": "coursekeeper/setup/1", "patients": [second]}))
    assert commands.run("setup", str(more)).exit_code == 0
    asked = ("--patient", "100", "--protocol", "tms_itbs_ldlpfc", "--prefer", "10:00")
    scattered = ("--days", "tue,thu", "--count", "acute=12")
    commands.json("book", *asked, "--start", "2026-06-02", *scattered)
    busy = ("--start", "2026-06-01", "--tolerance", "0", "--patient", "101", *asked[2:])

    found = commands.json("plan", "--three", *busy)

    others = found["others"]
    assert isinstance(others, dict)
    assert list(others) == ["steadiest"]
    hours = [
        {visit["start"][11:] for visit in plan["visits"]} for plan in (found, others["steadiest"])
    ]
    assert (len(hours[0]) > 1, hours[1]) == (True, {"09:40"})
    assert "others" not in commands.json("plan", *busy)
    booked = commands.json("book", "--choice", "steadiest", *busy)
    assert booked["visits"] == others["steadiest"]["visits"]


def test_a_course_is_booked_whole_with_one_message(make_clinic: Make) -> None:
    commands = make_clinic()

    found = commands.json(
        "book",
        "--patient",
        "100",
        "--protocol",
        "tms_itbs_ldlpfc",
        "--start",
        "2026-06-01",
        "--prefer",
        "10:00",
    )

    visits = found["visits"]
    assert isinstance(visits, list)
    assert (len(visits), visits[0]["number"], visits[-1]["number"]) == (36, 1, 36)
    courses, appointments, messages, cells = counts(commands)
    assert (courses, appointments, messages) == (1, 36, 1)
    # mapping: device 16 with turnover, operator 15, prescriber 9, patient 15; 35 sessions of 4 x 3
    assert cells == 55 + 35 * 12


def test_a_course_of_the_past_is_booked_and_said_to_be(make_clinic: Make) -> None:
    words = ("book", "--patient", "100", "--protocol", "ket_im_kap", "--start")

    past, coming = (make_clinic().run(*words, day) for day in ("2025-06-02", "2026-06-01"))

    assert (past.exit_code, coming.exit_code) == (0, 0)
    assert "The course began on 2025-06-02" in past.stderr
    assert "began" not in coming.stderr


def test_a_choice_that_is_no_better_is_not_booked_instead(make_clinic: Make) -> None:
    commands = make_clinic()
    words = ("book", "--patient", "100", "--protocol", "tms_itbs_ldlpfc", "--start", "2026-06-01")

    refused = commands.run(*words, "--choice", "steadiest", "--json")

    assert json.loads(refused.stdout)["error"] == "choice_not_offered"
    assert json.loads(refused.stdout)["reason"].endswith("only earliest")
    assert counts(commands) == (0, 0, 0, 0)


def test_a_kap_programme_is_booked_with_integration_after_each_dosing(make_clinic: Make) -> None:
    found = make_clinic().json(
        "book", "--patient", "100", "--protocol", "kap_programme", "--start", "2026-06-01"
    )

    visits = found["visits"]
    assert isinstance(visits, list)
    assert [one["kind"] for one in visits] == [
        "consult_medical",
        "preparation",
        *["dosing_im", "integration"] * 3,
        "review",
    ]


@pytest.mark.parametrize(
    "more, code",
    [
        (["--start", "2026-02-30"], "option_unreadable"),
        (["--start", "9999-12-31"], "option_unreadable"),
        (["--away", "2026-06-12..2026-06-10"], "option_unreadable"),
        (["--count", "acute=20", "--count", "acute=25"], "option_unreadable"),
        (["--prefer", "25"], "option_unreadable"),
        (["--days", "mon,foo"], "option_unreadable"),
        (["--window", "12:00-08:00"], "option_unreadable"),
        (["--window", "08:00"], "option_unreadable"),
        (["--patient", "999"], "patient_unknown"),
        (["--site", "nowhere"], "site_unknown"),
        (["--count", "acute=many"], "option_unreadable"),
        (["--count", "dosing=3"], "step_unknown"),
        (["--every", "dosing=3"], "step_unknown"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    make_clinic: Make, more: list[str], code: str
) -> None:
    words = ["--patient", "100", "--protocol", "tms_itbs_ldlpfc", "--start", "2026-06-01", *more]

    result = make_clinic().run("plan", *words, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"] == code


def test_an_impossible_course_ends_with_status_one(make_clinic: Make) -> None:
    result = make_clinic().run(
        "plan", "--patient", "100", "--protocol", "dtms_h1_mdd", "--start", "2026-06-01"
    )

    assert result.exit_code == 1
    assert "44 visits could not be placed" in result.stdout
    assert "  - The site has none of the kind needed. Choose another site. (device" in result.stdout


def test_a_course_of_no_visits_ends_with_status_one(make_clinic: Make) -> None:
    none = [f"--count={step}=0" for step in ("weekly", "two_weekly", "monthly")]
    words = ["--patient", "100", "--protocol", "tms_maintenance", "--start", "2026-06-01"]
    words += [*none, *AFTER]

    planned, booked = (make_clinic().run(verb, *words, "--json") for verb in ("plan", "book"))

    assert (planned.exit_code, booked.exit_code) == (1, 1)
    assert "There is no visit to plan." in planned.stdout
    assert json.loads(booked.stdout)["error"] == "plan_incomplete"


def counts(commands: Commands) -> tuple[int, int, int, int]:
    engine = make_engine(f"sqlite:///{commands.folder / 'clinic.db'}")
    with reading(engine) as session:
        found = [
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Course, Appointment, Message, Cell)
        ]
    engine.dispose()
    return found[0], found[1], found[2], found[3]
