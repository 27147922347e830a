"""Single visits of a course: booked from it, on a day its protocol allows, never silently lost."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from clinic.models import Appointment, Site, WorkItem
from clinic.models.engine import reading, writing
from clinic.models.sites import Holiday
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status
from clinic.rules.permissions import Role
from tests.browsers import Browser
from tests.cast import Person
from tests.factories import make_account, make_staff
from tests.integration.web_desk.conftest import TODAY, TOMORROW, Desk

Browsers = Callable[[str], Browser]
PAGE = "/schedule/new"
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 3, day) for day in (3, 4, 5, 6))
CANCEL = {"cancelled_by": "patient", "reason": "travel", "words": "wedding", "tell": "no"}


def send(dana: Browser, address: str, **more: str) -> tuple[int, str]:
    """Open the form of a new date, fill in more, book; the status and the page or address."""
    answer = dana.post(PAGE, dana.form(address) | fields(**more))
    return answer.status_code, answer.location or answer.text


def fields(**more: str) -> dict[str, str]:
    return {"site": "main", "place": "room", "at": "10:00", "do": "book"} | more


def cancelled(desk: Desk, dana: Browser, public_id: str) -> None:
    answer = dana.send(f"/schedule/visits/{public_id}/cancel", CANCEL)
    assert answer.status_code == 303


def test_visit_to_come_cannot_be_marked_but_moved(browser: Browsers, desk: Desk) -> None:
    dana, public_id = browser("dana"), desk.book(on=TOMORROW)
    page = dana.get(f"/schedule/?open={public_id}").text
    old = f"/schedule/visits/{public_id}/move"

    answer = dana.send(f"/schedule/visits/{public_id}/arrive", {}, page=old)

    assert answer.status_code == 422
    assert "This visit is on Tue 3 Mar." in answer.text
    assert desk.get(public_id).status is Status.BOOKED
    assert f"/schedule/visits/{public_id}/arrive" not in page
    assert f'class="button button-main" href="/schedule/visits/{public_id}/move"' in page


def test_session_that_was_cancelled_is_asked_for_until_it_has_a_date(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    course, (_, second) = desk.course(TUESDAY, WEDNESDAY, prescribed=2)
    assert "Every session has a date" in dana.get("/desk/").text

    cancelled(desk, dana, second)
    panel = dana.get(f"/schedule/?open={second}").text
    today = dana.get("/desk/").text
    page = dana.get(f"/schedule/courses/{course}").text
    link = f"{PAGE}?makes_up={second}"
    status, target = send(dana, link, kind="tms", on="2026-03-05")

    assert status == 303, target
    assert "cancelled: Travel: wedding" in panel
    assert "Pat Price:</b> Cancelled." in panel
    assert [link in text for text in (panel, today)] == [True, True]
    assert "To be given a new date (1)" in today
    assert "Cancelled, Wed 4 Mar 10:00" in today
    assert "0 of 2 done" in today
    assert f"{PAGE}?course={course}" in page
    assert "Every session has a date" in dana.get("/desk/").text
    with reading(desk.engine) as session:
        made = session.scalars(select(Appointment).where(Appointment.local_on == THURSDAY)).one()
    assert (made.course_id is not None, made.step_key, made.length_min, made.make_up_for_id) == (
        True,
        "acute",
        60,
        desk.get(second).id,
    )


def test_new_date_opens_on_the_first_free_one_near_the_usual_hour(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    _, (_, second, _) = desk.course(TODAY, TUESDAY, WEDNESDAY, prescribed=3, at=660)
    cancelled(desk, dana, second)
    desk.change(
        lambda session: session.add(
            Holiday(site_id=desk.cast.site_id, on=THURSDAY, name="Founders' day")
        )
    )

    page = dana.get(f"{PAGE}?makes_up={second}").text
    closed = dana.post(
        PAGE,
        dana.form(f"{PAGE}?makes_up={second}") | fields(do="times", kind="tms", on="2026-03-05"),
    ).text

    assert "New date for Pat Price" in page
    assert "TMS session (1 h)" in page
    assert 'value="2026-03-03"' in page
    assert 'value="11:00"' in page
    assert "Thu 5 Mar: the clinic is closed. (Founders&#39; day)" in closed
    assert [f'value="2026-03-{day:02d}T11:00"' in page for day in range(2, 8)] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]


def test_second_session_on_a_day_is_refused_by_name(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    _, (_, second, _) = desk.course(TUESDAY, WEDNESDAY, THURSDAY)
    cancelled(desk, dana, second)

    booked, refused = send(
        dana, f"{PAGE}?makes_up={second}", kind="tms", on="2026-03-05", at="13:00"
    )

    assert booked == 422
    assert "The course has its session of that day already: Thu 5 Mar at 10:00 (No. 2)." in refused
    assert 'value="2026-03-05T' not in refused


def test_visit_is_not_moved_onto_a_day_of_its_course(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    _, (_, second) = desk.course(TUESDAY, WEDNESDAY)
    address = f"/schedule/visits/{second}/move"
    move = {"on": "2026-03-03", "at": "14:00", "tell": "no"}

    refused = dana.send(address, move)
    weekend = dana.send(address, move | {"on": "2026-03-07"})
    same_day = dana.send(address, move | {"on": "2026-03-04"})

    assert refused.status_code == 422
    assert "already: Tue 3 Mar at 10:00 (No. 1)" in refused.text
    assert weekend.status_code == 422
    assert "Sat 7 Mar: the protocol gives no session on that weekday." in weekend.text
    assert same_day.status_code == 303
    assert desk.get(second).local_min == 840


def test_extra_visit_of_a_course_is_its_next_session(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    course, _ = desk.course(TUESDAY, prescribed=2)
    page = dana.get(f"{PAGE}?course={course}").text

    status, target = send(dana, f"{PAGE}?course={course}", kind=f"course:{course}", on="2026-03-04")
    again, words = send(dana, f"{PAGE}?course={course}", kind=f"course:{course}", on="2026-03-05")

    assert status == 303, target
    assert f'<option selected value="course:{course}">TMS session (1 h): ' in page
    assert again == 409
    assert "Every prescribed session of this course has a date by now." in words
    with reading(desk.engine) as session:
        made = session.scalars(select(Appointment).where(Appointment.local_on == WEDNESDAY)).one()
    assert (made.kind_key, made.length_min, made.step_key) == ("tms", 60, "acute")


def test_treatment_without_a_course_is_refused(browser: Browsers, desk: Desk) -> None:
    pat = desk.cast.pat.public_id

    status, words = send(
        browser("dana"), f"{PAGE}?patient={pat}", kind="tms", on="2026-03-04", patient=pat
    )

    assert status == 422
    assert "TMS session is part of a course and is booked from it" in words
    assert desk.count(Appointment) == 0


@pytest.mark.slow
def test_two_windows_make_up_for_one_visit_once(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    _, (_, second) = desk.course(TUESDAY, WEDNESDAY, prescribed=2)
    cancelled(desk, dana, second)
    other = dana.form(f"{PAGE}?makes_up={second}") | fields(kind="tms", on="2026-03-06")
    send(dana, f"{PAGE}?makes_up={second}", kind="tms", on="2026-03-05")

    answer = dana.post(PAGE, other)

    assert answer.status_code == 422
    assert "Every prescribed session of this course has a date by now." in answer.text


def test_cancelled_session_that_gets_no_date_leaves_the_list(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    _, (_, second) = desk.course(TUESDAY, WEDNESDAY, prescribed=2)
    cancelled(desk, dana, second)

    answer = dana.send(
        f"/schedule/visits/{second}/no-new-date", {"reason": "patient_declined"}, page="/desk/"
    )

    assert answer.status_code == 303
    assert "Every session has a date" in dana.get("/desk/").text
    with reading(desk.engine) as session:
        item = session.scalars(select(WorkItem)).one()
    assert item.outcome == "patient_declined"


def test_sessions_never_booked_are_listed_too(browser: Browsers, desk: Desk) -> None:
    course, _ = desk.course(TUESDAY, prescribed=3)

    page = browser("dana").get("/desk/").text

    assert "To be given a new date (2)" in page
    assert "Never booked" in page
    assert "2 sessions without a date" in page
    assert f"{PAGE}?course={course}" in page


@pytest.mark.parametrize("kind", ["cancelled", "missed"])
def test_visit_that_counts_is_not_made_up_for(browser: Browsers, desk: Desk, kind: str) -> None:
    dana = browser("dana")
    _, (first, _) = desk.course(TUESDAY, WEDNESDAY, prescribed=3)

    status, words = send(dana, f"{PAGE}?makes_up={first}", kind=kind, on="2026-03-05")

    assert status == 409
    assert "Somebody has dealt with this missed visit already." in words


def test_each_course_that_is_short_of_a_session_has_one_line(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    desk.course(TUESDAY, prescribed=2)
    dana.get("/desk/")
    one = dana.get("/desk/").text.count("Find a new date")
    desk.course(prescribed=2)
    desk.course(prescribed=2)

    assert (one, dana.get("/desk/").text.count("Find a new date")) == (1, 3)


def test_visit_that_came_to_nothing_at_the_chair_is_asked_for(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    _, (first, _) = desk.course(TODAY, TUESDAY, prescribed=2)
    dana.send(f"/schedule/visits/{first}/arrive", {}, page=f"/schedule/?open={first}")

    answer = dana.send(
        f"/schedule/visits/{first}/done", {"outcome": "not_treated", "reason": "ride"}
    )

    assert answer.status_code == 303
    assert f"{PAGE}?makes_up={first}" in dana.get(answer.location).text
    assert "Came, not treated Mon 2 Mar 10:00" in dana.get("/desk/").text


def test_prescriber_allows_a_day_of_the_other_course_by_name(browser: Browsers, desk: Desk) -> None:
    desk.course(TUESDAY, prescribed=1)
    other, _ = desk.course(prescribed=1, protocol="tms_itbs_ldlpfc")
    address = f"{PAGE}?course={other}&on=2026-03-03&at=14:00"
    order = {"kind": f"course:{other}", "on": "2026-03-03", "at": "14:00"}
    dana, petra = browser("dana"), browser("")
    petra.log_in(prescriber(desk))

    refused = send(dana, address, **order, second="y")
    page = petra.get(address).text
    plain = send(petra, address, **order)
    ticked = send(petra, address, **order, second="y")

    assert refused[0] == 422
    assert "a session of another course that day: Tue 3 Mar at 10:00." in refused[1]
    assert ('name="second"' in page, 'name="second"' in dana.get(address).text) == (True, False)
    assert (plain[0], ticked[0]) == (422, 303)


def prescriber(desk: Desk) -> Person:
    with writing(desk.engine) as session:
        site = session.get_one(Site, desk.cast.site_id)
        staff = make_staff(session, key="petra", name="Petra", roles=(Role.PRESCRIBER,), site=site)
        account = make_account(session, staff=staff, login="petra")
        return Person(account.id, "petra", Actor(account_id=account.id))


def test_our_script_gets_the_free_times_alone(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    course, (first,) = desk.course(TUESDAY, prescribed=2)
    new = dana.form(f"{PAGE}?course={course}") | fields(
        kind=f"course:{course}", on="2026-03-04", do="times"
    )
    address = f"/schedule/visits/{first}/move"
    move = dana.form(address) | {"on": "2026-03-04", "at": "10:00", "pick": "day"}

    for answer in (
        dana.post(PAGE, new, X_Fragment="1"),
        dana.post(address, move, X_Fragment="1"),
    ):
        assert answer.text.strip().startswith("<fieldset")
        assert "Free on Wed 4 Mar" in answer.text
        assert (
            'value="2026-03-04T10:00" data-day="2026-03-04" data-time="10:00" aria-pressed="true"'
            in answer.text
        )
