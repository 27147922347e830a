"""Patients at the desk: found, shown, and given a log-in link."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from clinic.models import AuditEntry, Course, Definition, LoginLink, Patient, Site
from clinic.models.engine import reading, writing
from clinic.rules.courses import CourseStatus
from tests.browsers import Browser
from tests.conftest import NOW
from tests.integration.web_desk.conftest import TODAY, Desk
from tests.integration.web_desk.patients import ANA, NEW, add

Browsers = Callable[[str], Browser]


def test_patient_is_added_and_found(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    added = dana.send(NEW, ANA)
    page = dana.get(added.location).text
    found = dana.find("lopez 2671")

    assert added.status_code == 303
    assert "<h1>Ana López</h1>" in page
    assert "14 May 1987" in page
    assert "López, Ana" in found.text


def start_course(desk: Desk, patient: Patient, status: CourseStatus) -> None:
    """Give a patient a course of 36 visits of which none is booked."""
    with writing(desk.engine) as session:
        version = session.scalars(select(Definition).where(Definition.kind == "protocol")).first()
        assert version is not None
        session.add(
            Course(
                patient_id=patient.id,
                site_id=session.scalars(select(Site.id)).one(),
                definition_id=version.id,
                status=status,
                start_on=TODAY,
                counts={"acute": 30, "taper": 6},
                wishes={},
                created_at=NOW,
            )
        )


def statements(desk: Desk, call: Callable[[], TestResponse]) -> int:
    """How many statements a call sends to the database."""
    seen: list[int] = []

    def note(*_: object) -> None:
        seen.append(1)

    event.listen(desk.engine, "before_cursor_execute", note)
    answer = call()
    event.remove(desk.engine, "before_cursor_execute", note)
    assert answer.status_code == 200
    return len(seen)


def test_list_shows_how_far_running_courses_are(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    ana = add(desk, dana)
    start_course(desk, ana, CourseStatus.ACTIVE)
    start_course(desk, ana, CourseStatus.STOPPED_EARLY)

    found = dana.find("lopez").text

    assert "<td>0/36</td>" in found
    assert "<td>14 May 1987</td>" in found
    assert "<td>(415) 555-2671</td>" in found


def test_list_takes_the_same_number_of_queries_for_one_and_three_rows(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    for family in ("Trio One", "Trio Two", "Trio Three"):
        start_course(desk, add(desk, dana, family=family), CourseStatus.ACTIVE)
    lists = [dana.send("/desk/patients", {"q": words}).location for words in ("trio one", "trio")]

    counts = [statements(desk, partial(dana.get, address)) for address in lists]

    assert counts[0] == counts[1]


def test_list_before_a_search_says_what_to_type(browser: Browsers, desk: Desk) -> None:
    page = browser("dana").get("/desk/patients").text

    assert "Nobody is looked for yet" in page
    assert 'href="/desk/patients/new"' in page


def test_words_looked_for_reach_neither_address_nor_audit(browser: Browsers, desk: Desk) -> None:
    browser("dana").find("quist")

    with reading(desk.engine) as session:
        row = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert row is not None
    assert (row.verb, row.values) == ("find_patients", {"found": 1})


def test_way_back_leads_to_what_was_found_and_to_nobody_else(browser: Browsers, desk: Desk) -> None:
    dana, cleo = browser("dana"), browser("cleo")

    answer = dana.send("/desk/patients", {"q": "price"})

    assert (answer.status_code, "price" in answer.location.lower()) == (303, False)
    assert "Price, Pat" in dana.get(answer.location).text
    assert "Price, Pat" in dana.get(answer.location).text
    assert "Price" not in cleo.get(answer.location).text


def test_page_shows_age_past_and_coming_visits(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    pat = desk.cast.pat
    desk.miss(desk.book(on=date(2026, 3, 2)))
    desk.book(on=date(2026, 3, 4))

    page = dana.get(f"/desk/patients/{pat.public_id}").text

    assert "record 1001 · 1 Jun 1984 (41 years)" in page
    assert "0 visits so far · did not come to 1" in page
    assert "Wed 4 Mar 10:00" in page


def test_look_at_a_patient_leaves_one_trace(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    before = desk.count(AuditEntry)

    dana.get(f"/desk/patients/{desk.cast.pat.public_id}")

    assert desk.count(AuditEntry) == before + 1


@pytest.mark.parametrize("name", ["pat", "quinn", ""])
@pytest.mark.parametrize("page", ["", "/new", "/{pat}", "/{pat}/edit", "/{pat}/link"])
def test_door_of_the_desk_is_shut_to_patients(
    browser: Browsers, desk: Desk, name: str, page: str
) -> None:
    address = "/desk/patients" + page.format(pat=desk.cast.pat.public_id)
    visitor = browser(name)

    answers = [visitor.get(address), visitor.post(address, {"csrf_token": "x"})]

    assert {answer.status_code for answer in answers} <= {303, 400, 403, 404, 405}
    assert all("Price" not in answer.text for answer in answers)


def test_search_says_when_nobody_is_found(browser: Browsers, desk: Desk) -> None:
    answer = browser("dana").find("zzz")

    assert answer.status_code == 200
    assert "Nobody is found" in answer.text


def test_log_in_link_is_shown_once_and_works(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    page = f"/desk/patients/{desk.cast.pat.public_id}"

    answer = dana.send(f"{page}/link", {}, page=page)
    link = link_in(answer.text)

    assert (answer.status_code, desk.count(LoginLink)) == (200, 1)
    assert browser("").get(link).status_code == 200
    assert "/link/" not in dana.get(page).text.replace(f"{page}/link", "")


def test_new_log_in_link_switches_the_earlier_one_off(browser: Browsers, desk: Desk) -> None:
    dana, stranger = browser("dana"), browser("")
    page = f"/desk/patients/{desk.cast.pat.public_id}"

    first = link_in(dana.send(f"{page}/link", {}, page=page).text)
    second = link_in(dana.send(f"{page}/link", {}, page=page).text)
    hidden = stranger.form(second)
    answers = [stranger.post(link, hidden).status_code for link in (first, second)]

    assert answers == [404, 303]


def link_in(html: str) -> str:
    """The address of the log-in link that a page shows."""
    return html.partition('value="http://127.0.0.1:8000')[2].partition('"')[0]


def test_log_in_link_says_how_long_it_is_good(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    page = f"/desk/patients/{desk.cast.pat.public_id}"

    answer = dana.send(f"{page}/link", {}, page=page)

    assert "good for 30 minutes and for one use" in answer.text
    assert "no-store" in answer.headers["Cache-Control"]


def test_unknown_patient_is_not_found(browser: Browsers, desk: Desk) -> None:
    assert browser("dana").get("/desk/patients/nobody").status_code == 404


def test_login_link_is_shown_as_a_code_and_copied_by_a_button(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    page = f"/desk/patients/{desk.cast.pat.public_id}"

    shown = dana.post(f"{page}/link", dana.form(page)).text

    assert '<svg width="' in shown
    assert "<title>Log-in link as a QR code</title>" in shown
    assert 'data-copy="login-link"' in shown
    assert "/static/js/copy.js" in shown
    assert "style=" not in shown.partition("<svg")[2].partition("</svg>")[0]


def test_visits_that_do_not_fit_are_folded_not_left_out(browser: Browsers, desk: Desk) -> None:
    days = [TODAY + timedelta(days=day) for day in (1, 2, 3, 4, 7, 8, 9, 10, 11, 14)]
    desk.course(*days, prescribed=10)

    page = browser("dana").get(f"/desk/patients/{desk.cast.pat.public_id}").text

    folded = page.partition('<details class="later">')[2].partition("</details>")[0]
    assert "and 2 more" in folded
    assert folded.count('href="/schedule/?') == 2
