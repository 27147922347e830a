"""What is typed is shown as text, decides no owner, and leaks into no log and no address."""

import logging
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from clinic.messaging.base import Mail, PermanentFailure, as_email
from clinic.models import Observation, Patient, Site
from clinic.models.engine import reading, writing
from clinic.web.guard import public
from tests.browsers import Browser
from tests.factories import PASSWORD
from tests.integration.security.conftest import CALM, PEOPLE, Ids, World

Browsers = Callable[[str], Browser]
TAG = "<script>alert(1)</script>"
ATTRIBUTE = "\"'><img src=x onerror=alert(1)>"
TEMPLATE = "{{7*7}}${7*7}"
HEADER = "Pat\r\nBcc: evil@evil.test"
LINES = (
    ("email", "pat@home.test\r\nBcc: evil@evil.test"),
    ("email", "pat@home.test, evil@evil.test"),
    ("email", "pat@home.test> NOTIFY=NEVER"),
    ("email", "evil@evil.test <pat@home.test>"),
    ("family", HEADER),
    ("preferred", "Pat\x00"),
    ("phone", "555-0100\r\nX: y"),
)
ARGUMENTS = (
    *("day", "site", "open", "next", "lang", "q", "at", "kind", "with", "patient", "corrects"),
    *("makes_up", "view", "from", "to", "on", "of", "do", "again"),
)
FILES = frozenset({"text/calendar"})
"""Handed over to be kept by another program, never shown as a page."""


class Scripts(HTMLParser):
    """Collects what would run or lead away in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "script" and not (named.get("src") or "").startswith("/static/"):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        links = [named[name] or "" for name in ("href", "src", "action") if name in named]
        self.links += links
        self.found += [one for one in links if urlsplit(one).scheme not in {"", "tel", "mailto"}]


def look(answer: TestResponse) -> Scripts:
    page = Scripts()
    page.feed(answer.text)
    return page


def pages(world: World, who: Browser, ids: Ids) -> Iterator[tuple[str, TestResponse]]:
    for rule in world.rules("GET"):
        if rule.endpoint != "static":
            yield rule.rule, who.get(ids.address(rule))
            yield rule.rule, who.get(ids.address(rule), X_Fragment="1")


@pytest.mark.slow
def test_markup_in_names_notes_reasons_and_places_is_shown_as_text(
    world: World, browser: Browsers
) -> None:
    cleo = browser("cleo")
    visit = f"/clinician/visits/{world.pat.visits}"
    told = {**cleo.form(visit), "term": "other", "grade": "1", "free_text": TAG + ATTRIBUTE}
    cleo.post(f"{visit}/side-effects", told)
    with writing(world.engine) as session:
        patient = session.get_one(Patient, world.cast.pat.patient_id)
        patient.family, patient.given, patient.preferred = TAG, ATTRIBUTE, TEMPLATE
        patient.desk_note = TAG + ATTRIBUTE
        for site in session.scalars(select(Site)):
            site.name, site.address, site.patient_name = TAG, ATTRIBUTE, TAG + TEMPLATE
    bad, shown = [], 0
    for name in PEOPLE:
        for address, answer in pages(world, browser(name), world.pat):
            shown += "&lt;script&gt;" in answer.text
            if answer.mimetype in FILES and "attachment" in answer.headers["Content-Disposition"]:
                continue
            if look(answer).found or TAG in answer.text:
                bad.append((name, address, look(answer).found))

    assert bad == []
    assert shown > 20


@pytest.mark.slow
def test_markup_in_addresses_and_searches_comes_back_as_text(
    world: World, browser: Browsers
) -> None:
    bad = []
    for name in ("", "dana", "cleo", "adan"):
        who = browser(name)
        for rule in world.rules("GET"):
            for value in (TAG + ATTRIBUTE, "javascript:alert(1)", "//evil.test"):
                answer = who.client.get(
                    world.pat.address(rule),
                    base_url=who.base,
                    query_string=dict.fromkeys(ARGUMENTS, value),
                    buffered=True,
                )
                if answer.status_code >= 500 and rule.endpoint != "auth.healthz":
                    bad.append((name, rule.rule, value, str(answer.status_code)))
                if look(answer).found or "//evil.test" in answer.headers.get("Location", "")[:12]:
                    bad.append((name, rule.rule, value, ""))
    dana = browser("dana")
    found = dana.find(TAG + ATTRIBUTE)

    assert bad == []
    assert (found.status_code, look(found).found) == (200, [])


@pytest.mark.slow
def test_no_address_on_a_page_holds_a_name(world: World, browser: Browsers) -> None:
    leaks = [
        (name, address, link)
        for name in PEOPLE
        for address, answer in pages(world, browser(name), world.pat)
        for link in [*look(answer).links, answer.headers.get("Location", "")]
        if any(word in link.lower() for word in ("price", "quist", "quinn", "1001"))
    ]

    assert leaks == []


@pytest.mark.slow
def test_neither_names_nor_tokens_reach_the_log(
    world: World, browser: Browsers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "clinic")
    stranger, dana = browser(""), browser("dana")
    stranger.send("/log-in", {"login": "Price", "password": "wrong " + PASSWORD})
    stranger.send(f"/link/{world.pat.token}", {})
    stranger.get(f"/link/{world.pat.token}")
    dana.find("Price")
    dana.get("/schedule/visits/Price")
    for name in PEOPLE:
        for _ in pages(world, browser(name), world.pat):
            pass
    said = caplog.text.lower()

    held = [dana.token() or "", stranger.token() or "", world.pat.token, PASSWORD]
    assert all(held)
    assert [word for word in ("price", *(one.lower() for one in held)) if word in said] == []


def test_a_fault_tells_neither_the_page_nor_the_log_what_it_was_about(
    world: World, browser: Browsers, caplog: pytest.LogCaptureFixture
) -> None:
    @public
    def broken() -> str:
        raise LookupError("Price")

    world.app.view_functions["auth.healthz"] = broken

    answer = browser("cleo").get("/healthz?name=Price")

    assert answer.status_code == 500
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Price" not in answer.text + caplog.text


def test_ids_in_the_body_never_decide_the_owner(world: World, browser: Browsers) -> None:
    cleo, dana = browser("cleo"), browser("dana")
    visit, quinn = f"/clinician/visits/{world.pat.visits}", world.quinn
    lies = {
        "patient_id": str(world.cast.quinn.patient_id),
        "patient": quinn.patients,
        "appointment_id": "2",
        "appointment": quinn.visits,
        "public_id": quinn.visits,
        "recorded_by": str(world.cast.dana.account_id),
        "by": str(world.cast.dana.account_id),
    }

    sent = cleo.post(f"{visit}/vitals", {**cleo.form(visit), **CALM, **lies})
    foreign = cleo.post(
        f"{visit}/vitals", {**cleo.form(visit), **CALM, **lies, "corrects": quinn.reading}
    )
    page = f"/desk/patients/{world.pat.patients}/edit"
    name = {"family": "Pryce", "given": "Pat", "birth_on": "1 June 1984"}
    kept = name | {"language": "en", "id": lies["patient_id"]}
    dana.post(page, {**dana.form(page), **lies, **kept, "public_id": quinn.patients})

    assert (sent.status_code, foreign.status_code) == (303, 404)
    with reading(world.engine) as session:
        rows = session.scalars(select(Observation).order_by(Observation.id)).all()
        assert [row.patient_id for row in rows].count(world.cast.quinn.patient_id or 0) == 1
        newest = max(rows, key=lambda row: row.id)
        assert (newest.patient_id, newest.recorded_by) == (
            world.cast.pat.patient_id,
            world.cast.cleo.account_id,
        )
        assert session.get_one(Patient, world.cast.quinn.patient_id).family == "Quist"
        assert session.get_one(Patient, world.cast.pat.patient_id).family == "Pryce"


def test_a_line_that_could_become_a_mail_header_is_refused(world: World, browser: Browsers) -> None:
    dana, before = browser("dana"), world.rows()
    page = f"/desk/patients/{world.pat.patients}/edit"
    form = {**dana.form(page), "family": "Price", "given": "Pat", "language": "en"}

    statuses = [dana.post(page, {**form, field: value}).status_code for field, value in LINES]

    assert statuses == [422] * len(LINES)
    assert world.rows() == before


@pytest.mark.parametrize("field", ["to", "subject"])
def test_a_mail_with_a_second_header_in_it_is_never_made(field: str) -> None:
    words = {"to": "pat@home.test", "subject": "Reminder", field: f"pat@home.test {HEADER}"}
    mail = Mail(message_id="1@clinic", text="", language="en", **words)

    with pytest.raises(PermanentFailure):
        as_email(mail, sender="clinic@localhost")


def test_a_body_that_is_too_large_changes_nothing_anywhere(world: World, browser: Browsers) -> None:
    dana, before = browser("dana"), world.rows()
    token = dana.form("/account")

    statuses = {
        rule.endpoint: dana.post(
            world.pat.address(rule), {**token, "reason": "x" * 1_100_000}
        ).status_code
        for rule in world.rules("POST")
    }

    assert statuses.pop("imports.upload") == 422  # a file may be larger, but this is none
    assert set(statuses.values()) <= {400, 413}
    assert world.rows() == before
