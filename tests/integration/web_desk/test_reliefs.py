"""What blocks a course, and what would help: said on the planning page, applied by a button."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qsl

from sqlalchemy import Engine

from clinic.models import Course
from tests.browsers import Browser, hidden_fields
from tests.integration.web.conftest import app, browser, cast, settings, web_engine
from tests.integration.web_desk.test_plans import WISHES, booking, count, page

__all__ = ["app", "browser", "cast", "page", "settings", "web_engine"]

Browsers = Callable[[str], Browser]
NARROW = WISHES | {
    "preferred": "",
    "window_from": "9:00",
    "window_to": "9:40",
    "away": "4 July 2026",
}


def lines(text: str) -> list[str]:
    """The lines of what would help, as text."""
    found = re.findall(r'<span class="relief-words">(.*?)</span></span>', text, re.DOTALL)
    plain = re.sub(r"<[^>]+>", "", "\n".join(found))
    return [unescape(" ".join(line.split())) for line in plain.splitlines() if line.strip()]


def buttons(text: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'name="allow" value="([^"]*)"', text)]


def press(dana: Browser, page: str, text: str, typed: dict[str, str]) -> str:
    """Press the first button of what would help, as the page's form sends it."""
    answer = dana.post(page, hidden_fields(text) | typed | {"allow": buttons(text)[0]})
    assert answer.status_code == 200
    return answer.text


def test_a_course_that_does_not_fit_says_what_blocks_it_and_what_would_help(
    browser: Browsers, page: str
) -> None:
    text = browser("dana").send(page, NARROW | {"do": "plan"}).text

    assert "Nothing can be booked yet." in text
    assert "It lies outside the hours the patient can come. Widen them." in text
    assert lines(text)[0] == (
        "Let the patient come from 8:30 to 10:10: all 36 fit, finishes Wed 29 Jul 2026."
        " You may decide this."
    )


def test_pressing_what_the_desk_may_decide_plans_with_it_and_keeps_what_was_typed(
    browser: Browsers, page: str, web_engine: Engine
) -> None:
    dana = browser("dana")
    text = dana.send(page, NARROW | {"do": "plan"}).text

    after = press(dana, page, text, NARROW)

    assert dict(parse_qsl(buttons(text)[0])) == {"window_from": "8:30", "window_to": "10:10"}
    assert 'value="8:30"' in after
    assert 'value="10:10"' in after
    assert "4 July 2026" in after
    assert 'value="1 June 2026"' in after
    assert "Book these 36" in after
    booked = NARROW | {"window_from": "8:30", "window_to": "10:10"}
    assert dana.post(page, booking(after) | booked).status_code == 303
    assert count(web_engine, Course) == 1


def test_one_day_a_week_is_enough_where_the_gaps_allow_it(browser: Browsers, page: str) -> None:
    text = browser("dana").send(page, WISHES | {"weekdays": "0", "do": "plan"}).text

    assert "Book these 36" in text


def test_one_day_a_week_with_long_absences_is_helped_by_another_day(
    browser: Browsers, page: str
) -> None:
    away = "15 June 2026 to 22 June 2026\n10 Aug 2026 to 17 Aug 2026\n5 Oct 2026 to 12 Oct 2026"
    typed = WISHES | {"weekdays": "0", "away": away, "do": "plan"}

    text = browser("dana").send(page, typed).text

    assert lines(text)[0].startswith("Let the patient come on Tuesdays too: all 36 fit")
    assert "weekdays=0&weekdays=1" in buttons(text)


def test_what_the_prescriber_decides_has_no_button(browser: Browsers, page: str) -> None:
    typed = WISHES | {"per_week": "1"}

    text = browser("dana").send(page, typed | {"do": "plan"}).text

    assert "Give 3 visits a week: all 36 fit" in lines(text)[0]
    assert lines(text)[0].endswith("Ask the prescriber.")
    assert buttons(text) == []


def test_a_course_that_fits_at_its_hour_says_nothing_more(browser: Browsers, page: str) -> None:
    text = browser("dana").send(page, WISHES | {"do": "plan"}).text

    assert "What would help" not in text


def test_a_course_away_from_its_hour_may_be_booked_and_says_what_would_bring_it_there(
    browser: Browsers, page: str
) -> None:
    typed = WISHES | {"preferred": "6:30", "tolerance": "15"}
    dana = browser("dana")

    text = dana.send(page, typed | {"do": "plan"}).text

    assert "36 of 36 visits are more than 15 minutes away from 6:30." in text
    assert "Book these 36" in text
    assert (
        "Allow 30 minutes either side of the wished hour: every visit near the hour"
        in lines(text)[0]
        or "Take 7:00 as the wished hour" in lines(text)[0]
    )
    after = press(dana, page, text, typed)
    assert "minutes away from" not in after


def test_a_button_cannot_set_anything_but_the_wishes(browser: Browsers, page: str) -> None:
    dana = browser("dana")
    text = dana.send(page, NARROW | {"do": "plan"}).text

    answer = dana.post(
        page, hidden_fields(text) | NARROW | {"allow": "protocol=esk_trd&window_from=8:00&do=book"}
    )

    assert answer.status_code == 200
    assert 'value="8:00"' in answer.text
    assert '<option selected value="tms_itbs_ldlpfc">' in answer.text


def test_a_button_with_nonsense_is_refused_at_the_field(browser: Browsers, page: str) -> None:
    dana = browser("dana")
    text = dana.send(page, NARROW | {"do": "plan"}).text

    answer = dana.post(page, hidden_fields(text) | NARROW | {"allow": "window_from=noon-ish"})

    assert answer.status_code == 422
    assert "Give an hour" in answer.text
