"""The way in: log-in, log-out, limits of a session, throttle."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from argon2 import extract_parameters
from flask import Flask
from sqlalchemy import Connection, Engine, event, select, text, update
from sqlalchemy.orm import Session

from clinic.actions import accounts
from clinic.actions.sessions import hash_token
from clinic.clock import machine_now
from clinic.models import Account, AuditEntry, Grant, LoginSession, Staff
from clinic.models.engine import reading, writing
from clinic.web.auth.views import TRIES_FOR_A_NAME
from clinic.web.requests import Installation
from tests.browsers import Browser
from tests.cast import Cast
from tests.factories import PASSWORD, password_hash

Browsers = Callable[[str], Browser]
RIGHT = {"login": "Dana", "password": PASSWORD}
WRONG = {"login": "dana", "password": "not the one"}


def test_right_password_opens_a_session_and_the_first_page(browser: Browsers) -> None:
    dana = browser("")

    answer = dana.send("/log-in", RIGHT)

    assert (answer.status_code, answer.location) == (303, "/")
    assert dana.get("/").location == "/desk/"
    assert dana.get("/desk/").status_code == 200


@pytest.mark.parametrize(
    ("name", "home"),
    [("dana", "/desk/"), ("cleo", "/clinician/"), ("adan", "/admin/"), ("pat", "/my/")],
)
def test_everybody_lands_at_their_own_door(browser: Browsers, name: str, home: str) -> None:
    assert browser(name).get("/").location == home


def test_session_cookie_is_http_only_lax_and_for_every_path(browser: Browsers) -> None:
    answer = browser("").send("/log-in", RIGHT)

    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("clinic="))
    assert cookie.split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=Lax"]


def test_only_the_hash_of_the_token_is_stored(browser: Browsers, web_engine: Engine) -> None:
    dana = browser("")
    dana.send("/log-in", RIGHT)

    with reading(web_engine) as session:
        stored = session.execute(select(LoginSession.token_hash)).scalars().all()

    assert stored == [hash_token(dana.token() or "")]


def test_unknown_name_wrong_password_and_patient_get_equal_bytes(browser: Browsers) -> None:
    wrong = browser("").send("/log-in", WRONG)
    unknown = browser("").send("/log-in", WRONG | {"login": "nobody"})

    assert wrong.status_code == unknown.status_code == 422
    assert _without_tokens(wrong.text, "dana") == _without_tokens(unknown.text, "nobody")


def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    nobody = extract_parameters(accounts._nobody_hash())

    assert nobody == extract_parameters(password_hash())
    assert accounts.verify_password(None, PASSWORD) is False


def test_refused_log_in_keeps_the_name_and_drops_the_password(browser: Browsers) -> None:
    answer = browser("").send("/log-in", WRONG)

    assert 'value="dana"' in answer.text
    assert "not the one" not in answer.text


def test_log_out_revokes_the_session_on_the_server(browser: Browsers) -> None:
    dana = browser("dana")
    token = dana.token() or ""

    answer = dana.send("/log-out", {}, page="/account")
    dana.set_cookie(token)

    assert (answer.status_code, answer.location) == (303, "/log-in")
    assert dana.get("/desk/").location == "/log-in?next=/desk/"


def test_log_in_rotates_the_token(browser: Browsers) -> None:
    dana = browser("dana")
    before = dana.token() or ""
    dana.send("/log-in", RIGHT)
    after = dana.token()

    old = browser("")
    old.set_cookie(before)

    assert after not in {None, before}
    assert old.get("/desk/").status_code == 303


@pytest.mark.parametrize(
    ("column", "ago"),
    [("seen_at", timedelta(minutes=30)), ("expires_at", timedelta(0))],
)
def test_session_ends_when_idle_or_old(
    browser: Browsers, web_engine: Engine, column: str, ago: timedelta
) -> None:
    dana = browser("dana")
    with writing(web_engine) as session:
        session.execute(update(LoginSession).values({column: machine_now() - ago}))

    assert dana.get("/desk/").status_code == 303


def test_session_lives_twelve_hours_at_most(browser: Browsers, web_engine: Engine) -> None:
    browser("dana")

    with reading(web_engine) as session:
        row = session.execute(select(LoginSession)).scalar_one()

    assert row.expires_at - row.created_at == timedelta(hours=12)


@pytest.mark.parametrize(
    ("headers", "is_noted"),
    [({}, True), ({"X_Poll": "1"}, False), ({"X_Fragment": "1"}, False)],
)
def test_presence_is_noted_for_people_and_not_for_scripts(
    browser: Browsers, web_engine: Engine, headers: dict[str, str], is_noted: bool
) -> None:
    dana = browser("dana")
    before = machine_now() - timedelta(minutes=5)
    with writing(web_engine) as session:
        session.execute(update(LoginSession).values(seen_at=before))

    dana.get("/desk/", **headers)

    with reading(web_engine) as session:
        seen = session.execute(select(LoginSession.seen_at)).scalar_one()
    assert (seen > before) is is_noted


def test_presence_is_noted_at_most_once_a_minute(browser: Browsers, web_engine: Engine) -> None:
    dana = browser("dana")
    before = machine_now() - timedelta(seconds=30)
    with writing(web_engine) as session:
        session.execute(update(LoginSession).values(seen_at=before))

    dana.get("/desk/")

    with reading(web_engine) as session:
        assert session.execute(select(LoginSession.seen_at)).scalar_one() == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dana", "nobody"])
def test_too_many_tries_are_slowed_for_any_name(browser: Browsers, name: str) -> None:
    stranger = browser("")
    fields = stranger.form("/log-in") | WRONG | {"login": name}
    for _ in range(TRIES_FOR_A_NAME):
        assert stranger.post("/log-in", fields).status_code == 422

    answer = stranger.post("/log-in", fields | {"password": PASSWORD})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")


def test_right_password_forgets_the_tries_for_the_name(browser: Browsers) -> None:
    stranger = browser("")
    for _ in range(3):
        stranger.send("/log-in", WRONG)
        stranger.send("/log-in", RIGHT)

    assert stranger.get("/desk/").status_code == 200


def test_closed_account_and_ended_grant_open_nothing(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    dana, cleo = browser("dana"), browser("cleo")
    with writing(web_engine) as session:
        session.execute(
            update(Account).where(Account.id == cast.dana.account_id).values(is_active=False)
        )
        session.execute(
            update(Grant)
            .where(Grant.staff_id == cast.cleo.actor.staff_id)
            .values(until_on=date(2026, 3, 1))
        )

    assert dana.get("/desk/").status_code == 303
    assert cleo.get("/clinician/").status_code == 403
    assert cleo.get("/account").status_code == 200


def test_a_grant_holds_through_its_last_day(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    cleo = browser("cleo")
    with writing(web_engine) as session:
        session.execute(
            update(Grant)
            .where(Grant.staff_id == cast.cleo.actor.staff_id)
            .values(until_on=date(2026, 3, 2))
        )

    assert cleo.get("/clinician/").status_code == 200


def test_who_has_left_is_shut_out_and_cannot_come_back(
    browser: Browsers, web_engine: Engine
) -> None:
    dana = browser("dana")
    with writing(web_engine) as session:
        session.scalars(select(Staff).where(Staff.key == "dana")).one().is_active = False

    assert dana.get("/desk/").location == "/log-in?next=/desk/"
    assert browser("").send("/log-in", RIGHT).status_code == 422


def test_first_password_must_be_changed_before_anything_else(
    browser: Browsers, web_engine: Engine
) -> None:
    dana = browser("dana")
    with writing(web_engine) as session:
        session.execute(update(Account).values(must_change_password=True))
    fresh = "quite another sentence"

    first = dana.get("/desk/").location
    refused = dana.send("/account/password", {"present": "x", "fresh": fresh, "again": fresh})
    done = dana.send("/account/password", {"present": PASSWORD, "fresh": fresh, "again": fresh})

    assert first == "/account/password"
    assert (refused.status_code, done.status_code) == (422, 303)
    assert dana.get("/desk/").status_code == 200


def test_log_in_and_log_out_are_in_the_audit_trail(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    dana = browser("")
    dana.send("/log-in", RIGHT)
    dana.send("/log-out", {}, page="/account")

    with reading(web_engine) as session:
        rows = session.execute(
            select(AuditEntry.verb, AuditEntry.account_id).order_by(AuditEntry.id)
        )
        assert [tuple(row) for row in rows] == [
            ("log_in", cast.dana.account_id),
            ("log_out", cast.dana.account_id),
        ]


def _without_tokens(html: str, name: str) -> str:
    return re.sub(r'value="[^"]*"', "", html).replace(name, "")


def test_locked_database_answers_503_with_the_name_still_there(
    app: Flask, browser: Browsers
) -> None:
    here: Installation = app.extensions["clinic"]
    stranger = browser("")
    fields = stranger.form("/log-in") | RIGHT
    is_sqlite = here.engine.dialect.name == "sqlite"  # its BEGIN takes the lock
    event.listen(here.engine, "begin", _do_not_wait, insert=is_sqlite)
    with writing(here.engine) as session:
        _lock(session)
        answer = stranger.post("/log-in", fields)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert 'value="Dana"' in answer.text
    assert stranger.post("/log-in", fields).status_code == 303


def test_knowing_who_asks_takes_one_query(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    dana = browser("dana")
    asked: list[str] = []
    event.listen(
        web_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_rest: asked.append(statement),
    )

    dana.get("/account")

    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def _do_not_wait(connection: Connection) -> None:
    """Wait a twentieth of a second for a lock instead of ten."""
    is_sqlite = connection.dialect.name == "sqlite"
    short = "PRAGMA busy_timeout=50" if is_sqlite else "SET LOCAL lock_timeout = '50ms'"
    connection.exec_driver_sql(short)


def _lock(session: Session) -> None:
    """Take what a log-in must write; on SQLite the first word of a write unit takes the lock."""
    session.execute(select(1))
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE login_session IN ACCESS EXCLUSIVE MODE"))
        session.execute(text("LOCK TABLE throttle IN SHARE MODE"))
