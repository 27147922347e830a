"""Devices, rooms and chairs changed on a page."""

from collections.abc import Callable

from sqlalchemy import select

from clinic.models import Block
from clinic.models.engine import reading
from clinic.queries.setup import Section, entry_of
from clinic.web.admin.resource_pages import short_key
from tests.browsers import Browser, hidden_fields, named_button
from tests.integration.web_desk.conftest import Desk

Open = Callable[[str], Browser]
TMS_1 = {
    "name": "TMS 1",
    "kind": "tms_device",
    "site": "main",
    "seats": "1",
    "tags": "figure-8",
    "position": "0",
    "active": "y",
}


def entry(desk: Desk, key: str) -> dict[str, object]:
    """The resource as a set-up document has it."""
    with reading(desk.engine) as session:
        return dict(entry_of(session, Section.RESOURCES, key))


def test_a_room_is_added_and_gets_a_key_of_its_own(desk: Desk, browser: Open) -> None:
    room = {"name": "Recovery", "kind": "recovery_room", "site": "main", "seats": "3"}

    answer = browser("adan").send(
        "/admin/resources/new", {**room, "tags": "quiet, quiet", "position": "7", "active": "y"}
    )

    assert answer.status_code == 303
    assert entry(desk, "recovery_2") == {
        "key": "recovery_2",
        "name": "Recovery",
        "kind": "recovery_room",
        "site": "main",
        "tags": ["quiet"],
        "seats": 3,
        "fits": [],
        "position": 7,
        "active": True,
    }


def test_a_stimulator_without_a_coil_is_sent_back_at_its_tags(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send("/admin/resources/tms-1", {**TMS_1, "tags": ""})

    assert answer.status_code == 422
    assert '<a href="#tags">Tags</a>: A stimulator needs a coil' in answer.text
    assert entry(desk, "tms-1")["tags"] == ["figure-8"]


def test_a_shared_coil_goes_on_a_device_which_then_needs_no_tag(desk: Desk, browser: Open) -> None:
    adan = browser("adan")
    coil = {"name": "Coil B", "kind": "coil", "site": "main", "seats": "1", "tags": "figure-8"}
    adan.send("/admin/resources/new", {**coil, "fits": "tms-1", "position": "0", "active": "y"})

    answer = adan.send("/admin/resources/tms-1", {**TMS_1, "tags": ""})

    assert answer.status_code == 303
    assert entry(desk, "coil_b")["fits"] == ["tms-1"]
    assert entry(desk, "tms-1")["tags"] == []


def test_a_device_out_of_use_says_which_visits_it_leaves(
    desk: Desk, browser: Open, visit: str
) -> None:
    adan, page = browser("adan"), "/admin/resources/tms-1"
    sent = {**TMS_1, "row-0-on": "2026-03-03", "row-0-until_on": "2026-03-04"}

    asked = adan.send(page, sent)

    assert "TMS 1 is not there then" in asked.text
    assert desk.count(Block) == 0

    saved = adan.post(page, hidden_fields(asked.text) | named_button(asked.text, "seen") | sent)

    assert saved.status_code == 303
    with reading(desk.engine) as session:
        block = session.scalars(select(Block)).one()
        assert (block.kind, block.key) == ("outage", "out:2026-03-03t00:00:tms-1")
    assert desk.get(visit).status == "booked"


def test_a_device_of_another_kind_says_which_visits_it_leaves(
    desk: Desk, browser: Open, visit: str
) -> None:
    answer = browser("adan").send("/admin/resources/tms-1", {**TMS_1, "kind": "office"})

    assert "would no longer fit" in answer.text
    assert entry(desk, "tms-1")["kind"] == "tms_device"


def test_a_device_that_is_given_away_leaves_its_visits(
    desk: Desk, browser: Open, visit: str
) -> None:
    answer = browser("adan").send(
        "/admin/resources/tms-1", {name: text for name, text in TMS_1.items() if name != "active"}
    )

    assert "TMS 1 is out of use" in answer.text
    assert entry(desk, "tms-1")["active"] is True


def test_days_out_of_use_end_after_they_begin(desk: Desk, browser: Open) -> None:
    answer = browser("adan").send(
        "/admin/resources/tms-1",
        {**TMS_1, "row-0-on": "2026-03-04", "row-0-until_on": "2026-03-02"},
    )

    assert answer.status_code == 422
    assert "The end must come after the start." in answer.text


def test_people_and_patients_are_no_devices(desk: Desk, browser: Open) -> None:
    adan = browser("adan")

    codes = [adan.get(f"/admin/resources/{key}").status_code for key in ("person:cleo", "none")]

    assert codes == [404, 404]


def test_a_device_is_put_back_into_use(desk: Desk, browser: Open) -> None:
    adan, page = browser("adan"), "/admin/resources/tms-2"
    tms_2 = {**TMS_1, "name": "TMS 2"}
    adan.send(page, {**tms_2, "row-0-on": "2026-03-10", "row-0-at": "9:00"})
    shown = adan.form(page)

    assert (shown["row-0-key"], shown["row-0-kind"]) == ("out:2026-03-10t09:00:tms-2", "outage")

    adan.send(page, {**tms_2, "row-0-on": "2026-03-10", "row-0-gone": "y"})

    with reading(desk.engine) as session:
        assert session.scalars(select(Block).where(Block.removed_at.is_(None))).all() == []


def test_keys_of_closed_times_that_are_cut_still_differ() -> None:
    first, second = (short_key(f"out:2026-03-03t00:00:{'room-' * 9}{end}") for end in "ab")

    assert (len(first), len(second)) == (60, 60)
    assert first != second
    assert short_key("out:2026-03-03t00:00:tms-1") == "out:2026-03-03t00:00:tms-1"
