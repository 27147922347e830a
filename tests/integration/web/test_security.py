"""The security baseline: headers, CSRF, `next`, sizes, caches, identical 404."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from clinic.app import create_app
from clinic.models import LoginSession
from clinic.models.engine import reading
from clinic.web.requests import safe_next
from config import Settings
from tests.browsers import Browser
from tests.cast import Cast
from tests.factories import PASSWORD

Browsers = Callable[[str], Browser]
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ATTACKS = (
    "//evil.test",
    "/\\evil.test",
    "/%09/evil.test",
    "/\t/evil.test",
    "https://evil.test/desk/",
    "https:evil.test",
    "javascript:alert(1)",
    "desk/",
    "/log-out",
    "/static/css/clinic.css",
    "/no/such/page",
    "",
)


@pytest.mark.parametrize(
    "address",
    ["/", "/log-in", "/desk/", "/no-such", "/healthz", "/link/x", "/static/css/clinic.css"],
)
def test_every_answer_carries_the_headers(browser: Browsers, address: str) -> None:
    answer = browser("").get(address)

    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_pages_are_not_stored_and_versioned_style_is(browser: Browsers) -> None:
    dana = browser("dana")
    page = dana.get("/desk/")
    address = next(part for part in page.text.split('"') if part.startswith("/static/css/clinic"))

    assert page.headers["Cache-Control"] == "no-store"
    assert dana.get("/no-such").headers["Cache-Control"] == "no-store"
    assert dana.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert dana.get("/static/css/clinic.css?v=old").headers["Cache-Control"] == "no-cache"


def test_form_without_a_token_is_refused_with_a_sentence(browser: Browsers) -> None:
    answer = browser("dana").post("/log-out", {})

    assert answer.status_code == 400
    assert "This form was opened too long ago" in answer.text


def test_log_in_form_is_protected_too(browser: Browsers) -> None:
    answer = browser("").post("/log-in", {"login": "dana", "password": PASSWORD})

    assert answer.status_code == 400


def test_token_of_another_session_is_refused(browser: Browsers) -> None:
    cleo = browser("cleo")
    token = cleo.form("/account")["csrf_token"]
    stranger_token = browser("").form("/log-in")["csrf_token"]

    assert browser("dana").post("/log-out", {"csrf_token": token}).status_code == 400
    assert browser("dana").post("/log-out", {"csrf_token": stranger_token}).status_code == 400
    assert cleo.post("/log-out", {"csrf_token": token}).status_code == 303


def test_form_cookie_of_another_browser_does_not_help(browser: Browsers) -> None:
    evil, dana = browser(""), browser("dana")
    token = evil.form("/log-in")["csrf_token"]
    planted = evil.client.get_cookie("clinic-form", domain="127.0.0.1")
    assert planted is not None
    dana.client.set_cookie("clinic-form", planted.value, domain="127.0.0.1", path="/")

    assert dana.post("/log-out", {"csrf_token": token}).status_code == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_form_sent_from_another_site_is_refused(browser: Browsers, site: str) -> None:
    dana = browser("dana")

    answer = dana.post("/log-out", dana.form("/account"), Sec_Fetch_Site=site)

    assert answer.status_code == 400


@pytest.mark.parametrize("target", ATTACKS)
def test_next_leads_to_our_own_pages_only(app: Flask, target: str) -> None:
    with app.test_request_context("/", base_url="http://127.0.0.1:8000"):
        assert safe_next(target) is None


def test_next_leads_back_to_the_page_asked_for(browser: Browsers) -> None:
    dana = browser("")
    asked = dana.get("/desk/?day=2026-03-09").location
    right = {"login": "dana", "password": PASSWORD}

    answer = dana.send("/log-in", right, page=asked)

    assert answer.location == "/desk/?day=2026-03-09"


def test_attack_by_next_in_the_form_leads_home(browser: Browsers) -> None:
    fields = {"login": "dana", "password": PASSWORD, "next": "//evil.test"}

    assert browser("").send("/log-in", fields).location == "/"


def test_large_bodies_and_many_fields_are_refused(browser: Browsers) -> None:
    dana = browser("dana")
    many = {f"f{n}": "" for n in range(1_001)}

    assert dana.post("/log-out", {"x": "y" * 1_100_000}).status_code == 413
    assert dana.post("/log-out", many).status_code == 413


def test_foreign_host_is_refused(app: Flask) -> None:
    answer = app.test_client().get("/log-in", base_url="http://evil.test")

    assert answer.status_code == 400


def test_https_has_a_host_cookie_secure_and_hsts(settings: Settings, cast: Cast) -> None:
    app = create_app(replace(settings, base_url="https://clinic.example"))
    there = Browser(app, "https://127.0.0.1")
    answer = there.send("/log-in", {"login": "dana", "password": PASSWORD})

    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-clinic="))
    assert sorted(cookie.split("; ")[1:]) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    there.here.engine.dispose()


def test_pages_hold_no_inline_style_or_script(browser: Browsers) -> None:
    ours = '<script type="module" src="/static/'
    pages = [browser("dana").get("/desk/"), browser("").get("/log-in"), browser("pat").get("/my/")]

    for page in pages:
        assert " style=" not in page.text
        assert "<style" not in page.text
        assert "onclick" not in page.text
        assert page.text.count("<script") == page.text.count(ours)


def test_answers_to_two_absent_things_are_the_same_bytes(browser: Browsers) -> None:
    dana = browser("dana")

    assert dana.get("/no-such-1").data == dana.get("/no-such-2").data


def test_csrf_secret_is_the_session_rows_own(browser: Browsers, web_engine: Engine) -> None:
    dana = browser("dana")
    dana.get("/desk/")

    with dana.client.session_transaction(base_url=dana.base) as kept:
        secret = kept["csrf_token"]
    with reading(web_engine) as session:
        assert session.execute(select(LoginSession.csrf_token)).scalar_one() == secret
