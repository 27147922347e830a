"""The page of a course: what is next, and cancelling the rest of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

from clinic.models import Course
from clinic.rules.appointments import Status
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.conftest import TODAY, Desk

Browsers = Callable[[str], Browser]
DAYS = [TODAY + timedelta(days=day) for day in (1, 2, 3)]
END = {"cancelled_by": "patient", "reason": "travel", "words": "", "tell": "no"}


def state_of(desk: Desk, course: str) -> str:
    """The state of a course by its public id."""
    found: list[str] = []
    desk.change(
        lambda session: found.append(
            session.query(Course).filter(Course.public_id == course).one().status.value
        )
    )
    return found[0]


def test_rest_of_a_course_is_cancelled_and_brought_back(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    course, visits = desk.course(*DAYS)
    page = f"/schedule/courses/{course}"

    asked = dana.get(f"{page}/end").text
    answer = dana.send(f"{page}/end", END)
    ended = dana.get(answer.location).text

    assert "3 visits are cancelled, their times are free again, and the course is ended." in asked
    assert "Cancel 3 visits and end the course" in asked
    assert (answer.status_code, answer.location) == (303, page)
    assert "Ended: 3 visits cancelled." in ended
    assert ("Extra visit" in ended, "not yet booked" in ended) == (False, False)
    assert {desk.get(one).status for one in visits} == {Status.CANCELLED}
    assert state_of(desk, course) == "stopped_early"

    address = unescape(re.findall(r'action="(/schedule/undo/[^"]+)"', ended)[0])
    back = dana.get(dana.post(address, hidden_fields(ended)).location).text

    assert {desk.get(one).status for one in visits} == {Status.BOOKED}
    assert ("Cancel the rest" in back, state_of(desk, course)) == (True, "active")


def test_patient_who_gets_no_mail_is_to_be_called(browser: Browsers, desk: Desk) -> None:
    course, _ = desk.course(*DAYS)

    asked = browser("dana").get(f"/schedule/courses/{course}/end").text

    assert "No e-mail on file: tell the patient by phone." in asked
    assert re.search(r'<input checked id="tell-1"[^>]* value="no"', asked)


def test_button_says_which_visit_it_opens(browser: Browsers, desk: Desk) -> None:
    course, visits = desk.course(*DAYS)

    page = browser("dana").get(f"/schedule/courses/{course}").text

    assert "Open next visit, Tue 3 Mar 10:00</a>" in page
    assert page.count("button-main") == 1 + page.partition("</main>")[2].count("button-main")
    assert visits[0] in page
