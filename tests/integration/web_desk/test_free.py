"""What is free in a week: stretches of starts, closed days by name, a press away from booking."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Holiday
from clinic.web.schedule.free import stretches_of
from tests.browsers import Browser
from tests.conftest import NOW
from tests.integration.web_desk.conftest import TODAY, TOMORROW, Desk

Browsers = Callable[[str], Browser]


def test_starts_that_follow_one_another_are_one_stretch() -> None:
    assert list(stretches_of([])) == []
    assert list(stretches_of([480, 485, 490, 600, 700, 705])) == [
        (480, 490),
        (600, 600),
        (700, 705),
    ]


def test_a_booked_room_cuts_the_day_in_two(desk: Desk, browser: Browsers) -> None:
    address = "/schedule/free?kind=consult_medical"
    before = browser("dana").get(address).text
    desk.book(on=TOMORROW, at=720, kind="consult_medical")

    after = browser("dana").get(address).text

    link = f"on={TOMORROW}&amp;at=13:00"
    assert link not in before
    assert link in after
    assert "8:00 to 11:00" in after


def test_the_rest_of_today_is_free_and_what_is_over_is_not(desk: Desk, browser: Browsers) -> None:
    page = browser("dana").get("/schedule/free?kind=consult_medical").text

    starts = re.findall(rf"on={TODAY}&amp;at=(\d+):(\d+)", page)
    local = desk_minutes(NOW)
    assert starts
    assert all(int(hour) * 60 + int(minute) >= local for hour, minute in starts)


def desk_minutes(now: datetime) -> int:
    """The minute of the day in New York."""
    here = now.astimezone(ZoneInfo("America/New_York"))
    return here.hour * 60 + here.minute


def test_closed_day_is_named(desk: Desk, browser: Browsers) -> None:
    closed = TODAY + timedelta(days=3)
    site_id = desk.cast.site_id
    desk.change(
        lambda session: session.add(Holiday(site_id=site_id, on=closed, name="Founders' Day"))
    )

    page = browser("dana").get("/schedule/free?kind=consult_medical").text

    assert "Closed: Founders&#39; Day" in page


def test_a_free_time_opens_the_form_filled_in(desk: Desk, browser: Browsers) -> None:
    page = (
        browser("dana")
        .get(f"/schedule/new?site=main&kind=consult_medical&on={TOMORROW}&at=9:00")
        .text
    )

    assert 'value="consult_medical" selected' in page or 'selected value="consult_medical"' in page
    assert f'value="{TOMORROW}"' in page


def test_only_who_may_book_looks_for_free_times(desk: Desk, browser: Browsers) -> None:
    assert browser("cleo").get("/schedule/free").status_code == 403
    assert browser("dana").get("/schedule/free?kind=nothing&on=x").status_code == 200
