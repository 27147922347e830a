"""People changed on a page: shifts, leave, qualifications and roles."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from clinic.models import Block, Grant, Staff
from clinic.models.base import JsonValue
from clinic.models.engine import reading
from clinic.queries.setup import Section, entry_of
from tests.browsers import Browser, hidden_fields, named_button
from tests.integration.web_desk.conftest import Desk

Open = Callable[[str], Browser]
CLEO = "/admin/people/cleo"
OMAR = "/admin/people/omar"
MORNINGS = {"row-0-site": "main", "row-0-days": "tue", "row-0-hours": "8:00 to 9:30"}
LEAVE = {"row-0-on": "2026-03-03", "row-0-reason": "course"}


def entry(desk: Desk, key: str, name: str) -> JsonValue:
    """A value of a person as a set-up document has it."""
    with reading(desk.engine) as session:
        return entry_of(session, Section.STAFF, key)[name]


def roles(desk: Desk, key: str) -> list[str]:
    """The roles of a person in order."""
    with reading(desk.engine) as session:
        query = select(Grant.role).join(Staff, Staff.id == Grant.staff_id).where(Staff.key == key)
        return sorted(session.scalars(query))


def test_a_person_is_added_with_a_key_of_the_name(desk: Desk, browser: Open) -> None:
    sent = {"name": "Zoë Zeller", "short_name": "Zoë", "seats": "2", "active": "y"}

    answer = browser("adan").send("/admin/people/new", sent)

    assert answer.status_code == 303
    assert entry(desk, "zoe_zeller", "seats") == 2


def test_shifts_are_written_a_line_each(desk: Desk, browser: Open) -> None:
    more = {"row-1-site": "main", "row-1-days": "fri", "row-1-hours": "14-24:00"}

    answer = browser("adan").send(
        f"{CLEO}/shifts", {**MORNINGS, **more, "row-1-until_on": "2026-06-30"}
    )

    assert answer.status_code == 303
    assert entry(desk, "cleo", "shifts") == [
        {
            "site": "main",
            "days": ["tue"],
            "from": "08:00",
            "to": "09:30",
            "from_on": "2000-01-01",
            "until_on": None,
        },
        {
            "site": "main",
            "days": ["fri"],
            "from": "14:00",
            "to": "24:00",
            "from_on": "2000-01-01",
            "until_on": "2026-06-30",
        },
    ]


def test_a_visit_without_its_operator_is_shown_before_shifts_are_saved(
    desk: Desk, browser: Open, visit: str
) -> None:
    adan = browser("adan")
    asked = {key: adan.send(f"/admin/people/{key}/shifts", MORNINGS) for key in ("cleo", "omar")}
    found = [key for key, page in asked.items() if "is not there then" in page.text]

    assert len(found) == 1

    page = f"/admin/people/{found[0]}/shifts"
    filled = hidden_fields(asked[found[0]].text) | MORNINGS
    again = adan.post(page, filled)
    saved = adan.post(page, filled | named_button(again.text, "seen"))

    assert (again.status_code, "is not there then" in again.text) == (200, True)
    assert saved.status_code == 303
    assert desk.get(visit).status == "booked"


@pytest.mark.parametrize(
    "sent, words",
    [
        ({**MORNINGS, "row-0-hours": "8-9, 10-11"}, "One span of hours on each line."),
        ({**MORNINGS, "row-0-hours": "9-8"}, "The end must come after the start."),
        ({"row-0-days": "tue"}, "Please fill this in."),
        (
            {**MORNINGS, "row-0-from_on": "2026-06-02", "row-0-until_on": "2026-06-01"},
            "The end must come after the start.",
        ),
    ],
)
def test_a_shift_that_makes_no_sense_is_sent_back(
    desk: Desk, browser: Open, sent: dict[str, str], words: str
) -> None:
    answer = browser("adan").send(f"{CLEO}/shifts", sent)

    assert answer.status_code == 422
    assert words in answer.text


def test_leave_is_added_changed_and_taken_back(desk: Desk, browser: Open) -> None:
    adan, page = browser("adan"), "/admin/people/zoe/leave"
    adan.send("/admin/people/new", {"name": "Zoe", "short_name": "Z", "seats": "1", "active": "y"})
    adan.send(page, {**LEAVE, "row-0-until_on": "2026-03-04", "row-0-at": "12:00"})
    key = "leave:zoe:2026-03-03T12:00"
    leave = {"key": key, "kind": "leave", "reason": "course", "from": "2026-03-03T12:00"}

    assert entry(desk, "zoe", "leave") == [{**leave, "to": "2026-03-05T00:00"}]

    adan.send(page, {**LEAVE, "row-0-key": key, "row-0-at": "12:00"})

    assert entry(desk, "zoe", "leave") == [{**leave, "to": "2026-03-04T00:00"}]

    adan.send(page, {**LEAVE, "row-0-key": key, "row-0-gone": "y"})

    assert entry(desk, "zoe", "leave") == []
    assert desk.count(Block) == 1


def test_somebody_who_is_not_booked_has_neither_shifts_nor_leave(desk: Desk, browser: Open) -> None:
    adan = browser("adan")

    codes = [
        adan.get(f"/admin/people/dana{part}").status_code for part in ("", "/shifts", "/leave")
    ]

    assert codes == [200, 404, 404]
    assert "/admin/people/dana/shifts" not in adan.get("/admin/people/dana").text


def test_a_qualification_that_ends_too_early_is_shown_first(
    desk: Desk, browser: Open, visit: str
) -> None:
    adan = browser("adan")
    ends = {"row-0-qualification": "tms_operator", "row-0-until_on": "2026-03-02"}
    asked = [adan.send(f"{one}/qualifications", ends) for one in (CLEO, OMAR)]

    assert sum("is not qualified on that day" in page.text for page in asked) == 1


def test_roles_are_given_at_a_site_and_taken(desk: Desk, browser: Open) -> None:
    adan = browser("adan")
    sent = {"row-0-role": "front_desk", "row-0-site": "main", "row-0-until_on": "2026-12-31"}

    answer = adan.send(f"{CLEO}/roles", sent)

    assert answer.status_code == 303
    assert entry(desk, "cleo", "roles") == [
        {"role": "front_desk", "site": "main", "from": "2000-01-01", "until": "2026-12-31"}
    ]


@pytest.mark.parametrize(
    "change, day",
    [
        ({"row-0-gone": "y"}, "Mon 2 Mar"),
        ({"row-0-until_on": "2026-03-02"}, "Tue 3 Mar"),
        ({"row-0-until_on": "2027-03-02"}, "Wed 3 Mar"),
        ({"row-0-from_on": "2026-03-04"}, "Mon 2 Mar"),
    ],
)
def test_the_last_administrator_cannot_give_the_role_away(
    desk: Desk, browser: Open, change: dict[str, str], day: str
) -> None:
    sent = {"row-0-role": "clinic_admin", "row-0-site": "", **change}

    answer = browser("adan").send("/admin/people/adan/roles", sent)

    assert answer.status_code == 422
    assert f"From {day} nobody would be left" in answer.text
    assert roles(desk, "adan") == ["clinic_admin"]


def test_who_leaves_takes_every_visit_off_the_plan_but_only_after_a_look(
    desk: Desk, browser: Open, visit: str
) -> None:
    adan = browser("adan")
    sent = {"name": "X", "short_name": "X", "seats": "1"}

    asked = [adan.send(one, sent) for one in (CLEO, OMAR)]

    assert sum("is out of use" in page.text for page in asked) == 1


def test_somebody_who_is_not_there_is_not_found(desk: Desk, browser: Open) -> None:
    assert browser("adan").get("/admin/people/nobody").status_code == 404


def test_an_administrator_may_leave_once_somebody_follows(desk: Desk, browser: Open) -> None:
    adan, role = browser("adan"), {"row-0-role": "clinic_admin", "row-0-site": ""}
    follows = adan.send("/admin/people/dana/roles", role | {"row-0-from_on": "2026-04-01"})

    early = adan.send("/admin/people/adan/roles", role | {"row-0-until_on": "2026-03-30"})
    later = adan.send("/admin/people/adan/roles", role | {"row-0-until_on": "2026-03-31"})

    assert [one.status_code for one in (follows, early, later)] == [303, 422, 303]
    assert "From Tue 31 Mar nobody would be left" in early.text


@pytest.mark.parametrize(
    "page, typed",
    [
        ("leave", {"row-0-until_on": "2026-12-04"}),
        ("leave", {"row-0-reason": "at the sea"}),
        ("qualifications", {"row-0-until_on": "2027-01-01"}),
        ("shifts", {"row-0-from_on": "2026-06-01"}),
        ("roles", {"row-0-site": "main"}),
    ],
)
def test_a_line_that_is_begun_is_not_passed_over(
    desk: Desk, browser: Open, page: str, typed: dict[str, str]
) -> None:
    answer = browser("adan").send(f"/admin/people/cleo/{page}", typed)

    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
