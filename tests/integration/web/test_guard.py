"""The guard: every route has a policy, every door keeps out whom it must, GET changes nothing."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from werkzeug.routing import Rule

from clinic.app import create_app
from clinic.errors import RuleBroken
from clinic.models import Base
from clinic.models.engine import reading, writing
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission
from clinic.web.guard import DOORS, policy_of
from clinic.web.requests import Installation
from clinic.web.sentences import sentence
from config import Settings
from tests.browsers import Browser
from tests.cast import make_cast

Browsers = Callable[[str], Browser]
PUBLIC = {"static", "auth.start", "auth.log_in", "auth.show_link", "auth.use_link", "auth.healthz"}
SIGNED_IN = {"auth.log_out", "auth.account", "auth.change_password"}
MAY_CHANGE = {"audit_entry", "login_session"}


def rules(app: Flask) -> Iterator[Rule]:
    return app.url_map.iter_rules()


def test_every_route_is_guarded(app: Flask) -> None:
    unguarded = {rule.endpoint for rule in rules(app) if policy_of(app, rule.endpoint) is None}

    assert unguarded == set()


def test_every_blueprint_has_a_door(app: Flask) -> None:
    assert set(app.blueprints) - set(DOORS) == set()


def test_only_the_way_in_is_public(app: Flask) -> None:
    policies = {rule.endpoint: policy_of(app, rule.endpoint) for rule in rules(app)}

    assert {name for name, policy in policies.items() if policy and policy.is_public} == PUBLIC
    assert {
        name
        for name, policy in policies.items()
        if policy and not policy.is_public and policy.permission is None
    } == SIGNED_IN


def test_view_without_a_policy_is_refused_for_everybody(settings: Settings) -> None:
    app = create_app(settings)
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    here: Installation = app.extensions["clinic"]
    with writing(here.engine) as session:
        cast = make_cast(session)
    stranger, dana = Browser(app), Browser(app)
    dana.log_in(cast.dana)

    assert stranger.get("/forgotten").status_code == 303
    assert dana.get("/forgotten").status_code == 403
    here.engine.dispose()


def test_strangers_are_sent_to_the_log_in(app: Flask, browser: Browsers) -> None:
    stranger = browser("")
    for rule in rules(app):
        policy = policy_of(app, rule.endpoint)
        if policy is None or policy.is_public or rule.arguments or "GET" not in rule.methods:
            continue
        answer = stranger.get(rule.rule)
        assert (rule.rule, answer.status_code) == (rule.rule, 303)
        assert answer.location.startswith("/log-in")


@pytest.mark.parametrize(
    ("name", "shut"),
    [
        ("dana", ["/clinician/", "/admin/", "/my/"]),
        ("cleo", ["/admin/", "/my/"]),
        ("adan", ["/desk/", "/clinician/", "/my/", "/schedule/"]),
        ("pat", ["/desk/", "/clinician/", "/admin/", "/schedule/"]),
    ],
)
def test_doors_are_shut_for_others(browser: Browsers, name: str, shut: list[str]) -> None:
    there = browser(name)

    assert {address: there.get(address).status_code for address in shut} == dict.fromkeys(shut, 403)


def test_scripts_of_a_stranger_get_401(browser: Browsers) -> None:
    assert browser("").get("/desk/", X_Poll="1").status_code == 401
    assert browser("").get("/desk/", X_Fragment="1").status_code == 401


@pytest.mark.parametrize("name", ["dana", "cleo", "adan", "pat"])
def test_get_changes_nothing(app: Flask, browser: Browsers, web_engine: Engine, name: str) -> None:
    there = browser(name)
    before = _counts(web_engine)
    for rule in rules(app):
        if "GET" in rule.methods and not rule.arguments:
            assert there.get(rule.rule).status_code < 500 or rule.endpoint == "auth.healthz"

    assert _counts(web_engine) == before


def test_unknown_code_is_shown_behind_a_general_sentence(app: Flask) -> None:
    with app.test_request_context("/"):
        assert sentence(RuleBroken("never_heard_of")) == (
            "The clinic's rules do not allow this (never_heard_of)."
        )


def test_nobody_may_do_anything() -> None:
    nobody = Actor(account_id=None)

    assert not any(nobody.may(permission) for permission in Permission)


def _counts(engine: Engine) -> dict[str, int]:
    with reading(engine) as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
            if table.name not in MAY_CHANGE
        }
