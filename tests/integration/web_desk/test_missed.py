"""A missed visit that gets no new date leaves the list with a reason, once."""

from collections.abc import Callable

from sqlalchemy import select
from werkzeug.test import TestResponse

from clinic.models.audit import AuditEntry
from clinic.models.engine import reading
from clinic.models.worklists import WorkItem
from tests.browsers import Browser
from tests.integration.web_desk.conftest import TODAY, Desk
from tests.integration.web_desk.locks import held

Browsers = Callable[[str], Browser]
HOME = "/desk/"


def missed(desk: Desk) -> str:
    public_id = desk.book(on=TODAY)
    desk.miss(public_id)
    return public_id


def drop(browser: Browser, public_id: str, reason: str = "patient_declined") -> TestResponse:
    return browser.post(
        f"/schedule/visits/{public_id}/no-new-date", browser.form(HOME) | {"reason": reason}
    )


def test_missed_visit_without_a_new_date_leaves_the_list(browser: Browsers, desk: Desk) -> None:
    public_id = missed(desk)

    answer = drop(browser("dana"), public_id)

    assert answer.status_code == 303
    assert "Every session has a date" in browser("dana").get(HOME).text
    with reading(desk.engine) as session:
        item = session.scalars(select(WorkItem)).one()
        row = session.scalars(select(AuditEntry).where(AuditEntry.verb == "drop_missed")).one()
    assert (item.outcome, item.done_by) == ("patient_declined", desk.cast.dana.account_id)
    assert row.values == {"reason": "patient_declined"}


def test_second_window_is_told_that_it_is_dealt_with(browser: Browsers, desk: Desk) -> None:
    public_id = missed(desk)
    other = browser("dana")
    fields = other.form(HOME) | {"reason": "date_exists"}
    drop(browser("dana"), public_id)

    answer = other.post(f"/schedule/visits/{public_id}/no-new-date", fields)

    assert answer.status_code == 409
    assert "dealt with this missed visit already" in answer.text


def test_reason_that_is_not_on_the_list_is_refused(browser: Browsers, desk: Desk) -> None:
    public_id = missed(desk)

    answer = drop(browser("dana"), public_id, "because")

    assert answer.status_code == 422
    assert "Choose a reason from the list." in answer.text


def test_locked_database_keeps_the_visit_on_the_list(browser: Browsers, desk: Desk) -> None:
    public_id = missed(desk)
    dana = browser("dana")
    fields = dana.form(HOME) | {"reason": "date_exists"}

    with held(desk.engine, "work_item"):
        answer = dana.post(f"/schedule/visits/{public_id}/no-new-date", fields)

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "Find a new date" in dana.get(HOME).text


def test_clinician_takes_nothing_off_the_list(browser: Browsers, desk: Desk) -> None:
    public_id = missed(desk)

    answer = drop(browser("cleo"), public_id)

    assert answer.status_code == 403
