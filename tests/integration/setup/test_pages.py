"""The set-up pages of the administrator: everything is shown, nothing can be changed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models.engine import writing
from clinic.rules.actors import system_actor
from tests.browsers import Browser

BY = system_actor("test")
EXAMPLE = Path(__file__).parents[3] / "docs" / "setup-example.json"
PAGES = (
    "/admin/",
    "/admin/resources",
    "/admin/people",
    "/admin/closed-times",
    "/admin/protocols",
    "/admin/visit-kinds",
    "/admin/policies",
)
Open = Callable[[str], Browser]


@pytest.fixture
def filled(web_engine: Engine, now: datetime) -> Engine:
    """The clinic of the docs beside that of the cast."""
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    document["sites"][0]["key"] = "riverside"
    text = json.dumps(document).replace('"site": "main"', '"site": "riverside"')
    for part in ("dana", "cleo", "recovery"):
        text = text.replace(f'"key": "{part}"', f'"key": "{part}_2"')
    with writing(web_engine) as session:
        load_starter_data(session, by=BY, now=now)
        apply_setup(session, document=json.loads(text), by=BY, now=now)
    return web_engine


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that run meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("cast")
def test_a_page_of_an_empty_clinic_says_what_to_do(browser: Open, page: str) -> None:
    answer = browser("adan").get(page)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "page, words",
    [
        ("/admin/", ["Riverside Main Street", "Mon to Fri", "8:00 to 18:00", "Fri 3 Jul 2026"]),
        ("/admin/resources", ["TMS device", "figure-8", "rems_certified_site", "H7 coil"]),
        ("/admin/people", ["Omar Haddad", "TMS operator until Fri 30 Jun 2028"]),
        ("/admin/closed-times", ["team training", "Wed 18 Mar 12:00", "Wed 18 Mar 18:00"]),
        ("/admin/protocols", ["10 Hz left DLPFC", "Esketamine", "primary source"]),
        ("/admin/protocols/kap_programme/1", ["24 to 72 h after dosing", "1 per dosing"]),
        ("/admin/visit-kinds", ["Dosing, injection", "Treatment visit", "3 h", "general practice"]),
        ("/admin/policies", ["Vitals thresholds", "Texts for patients", "In force from"]),
        ("/admin/policies/policies/1", ["Lapse, days</span> 14", "call back in 2 h"]),
        (
            "/admin/policies/thresholds/1",
            ["Systolic &gt; 140 mmHg", "primary source: esketamine label wording"],
        ),
    ],
)
def test_a_page_shows_what_was_set_up(
    browser: Open, filled: Engine, page: str, words: list[str]
) -> None:
    text = browser("adan").get(page).get_data(as_text=True)

    assert [word for word in words if word not in text] == []


def test_more_rows_need_no_more_queries(browser: Open, filled: Engine, now: datetime) -> None:
    adan = browser("adan")
    before = []
    for page in PAGES:
        adan.get(page)
        with counted(filled) as seen:
            adan.get(page)
        before.append(len(seen))
    more = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    for part in ("sites", "resources", "staff", "blocks"):
        for entry in more[part]:
            entry["key"] = f"{entry['key']}_3"
    text = (
        json.dumps(more)
        .replace('"tms_2"', '"tms_2_3"')
        .replace('"site": "main"', '"site": "main_3"')
    )
    with writing(filled) as session:
        document = json.loads(text.replace("@example.org", "@3.example.org"))
        document["patients"] = []
        apply_setup(session, document=document, by=BY, now=now)

    after = []
    for page in PAGES:
        adan.get(page)  # what is kept of the set-up is read again, once
        with counted(filled) as seen:
            adan.get(page)
        after.append(len(seen))

    assert after == before


@pytest.mark.parametrize("name", ["dana", "cleo", "pat"])
def test_others_do_not_get_in(browser: Open, name: str) -> None:
    other = browser(name)

    codes = {other.get(page).status_code for page in PAGES}
    assert codes <= {403, 404}


def test_an_unknown_protocol_is_not_found(browser: Open, filled: Engine) -> None:
    adan = browser("adan")

    codes = [
        adan.get(f"/admin/protocols/{name}").status_code
        for name in ("nothing/1", "kap_programme/9")
    ]
    assert codes == [404, 404]


def test_an_unknown_policy_is_not_found(browser: Open, filled: Engine) -> None:
    adan = browser("adan")

    codes = [
        adan.get(f"/admin/policies/{name}").status_code
        for name in ("nothing/1", "protocol/1", "thresholds/9")
    ]
    assert codes == [404, 404, 404]
