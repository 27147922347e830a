"""The desk notes what came of a visit, with the reasons of the policies in force."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from clinic.actions.visits import start_visit
from clinic.models import Appointment, Definition
from clinic.models.engine import reading
from clinic.rules.appointments import Outcome, Status
from tests.browsers import Browser
from tests.conftest import NOW
from tests.integration.web_desk.conftest import TODAY, Desk

Browsers = Callable[[str], Browser]


def here(desk: Desk, dana: Browser) -> str:
    """A visit of today whose patient is here."""
    visit = desk.book(on=TODAY)
    dana.send(f"/schedule/visits/{visit}/arrive", {}, page=f"/schedule/?open={visit}")
    return visit


def rule(desk: Desk, **reasons: list[str]) -> None:
    """Put policies in force that list these reasons."""
    with reading(desk.engine) as session:
        old = session.scalars(select(Definition).where(Definition.kind == "policies")).one()
    beside = {**old.body["status"]["beside"], "reason_codes": reasons}
    desk.change(
        lambda session: session.add(
            Definition(
                kind="policies",
                key="policies",
                version=2,
                status=old.status,
                body={**old.body, "status": {**old.body["status"], "beside": beside}},
                in_force_on=old.in_force_on,
                created_at=NOW,
                approved_at=NOW,
            )
        )
    )


def test_reasons_are_those_of_the_policies_in_force(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    visit = here(desk, dana)
    rule(desk, not_treated=["snow_storm"], partial=["other"])
    address = f"/schedule/visits/{visit}/done"

    page = dana.get(address).text
    old = dana.send(address, {"outcome": "not_treated", "reason": "ride"})
    other = dana.send(address, {"outcome": "not_treated", "reason": "other"})
    new = dana.send(address, {"outcome": "not_treated", "reason": "snow_storm"})

    assert ("snow storm" in page, "No ride home" in page) == (True, False)
    assert [answer.status_code for answer in (old, other, new)] == [422, 422, 303]
    row = desk.get(visit)
    assert (row.outcome, row.outcome_reason) == (Outcome.NOT_TREATED, "snow_storm")


def test_a_session_open_at_the_chair_is_ended_there(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    visit = here(desk, dana)
    query = select(Appointment).where(Appointment.public_id == visit)
    desk.change(
        lambda session: start_visit(
            session,
            appointment=session.scalars(query).one(),
            at=NOW,
            by=desk.cast.cleo.actor,
            now=NOW + timedelta(minutes=1),
        )
    )

    answer = dana.send(f"/schedule/visits/{visit}/done", {"outcome": "complete"})

    assert answer.status_code == 422
    assert "still open at the chair" in answer.text
    assert desk.get(visit).status is Status.ARRIVED
