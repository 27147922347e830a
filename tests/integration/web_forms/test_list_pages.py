"""Every list page takes the same number of statements for one row and for three."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select

from clinic.models import Block
from clinic.models.engine import reading
from tests.browsers import Browser
from tests.integration.web_forms.ground import Ground
from tests.integration.web_forms.lists import LISTS, NO_LIST, ListPage, affected, at

MANY = re.compile(r"\(\?(?:, \?)+\)")
PAGES = [
    pytest.param(page, id=f"{endpoint}-{number}")
    for endpoint, pages in LISTS.items()
    for number, page in enumerate(pages)
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: how often a page asks is decided above the database."""
    return sqlite_url


def test_every_page_is_a_list_or_says_why_not(app: Flask) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}

    assert pages == set(LISTS) | set(NO_LIST)
    assert set(LISTS) & set(NO_LIST) == set()


def statements(engine: Engine, page: ListPage, who: Browser, address: str) -> list[str]:
    """What opening the page asks the database, once everything else is known."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(MANY.sub("(?)", statement))

    page.open(who, address)
    event.listen(engine, "before_cursor_execute", note)
    answer = page.open(who, address)
    event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_three_rows_take_no_more_statements_than_one(ground: Ground, page: ListPage) -> None:
    who, engine = ground.browser(page.who), ground.desk.engine
    page.grow(ground, 0)
    address = page.address(ground)

    one, length = statements(engine, page, who, address), len(page.open(who, address).text)
    for number in (1, 2):
        page.grow(ground, number)
    three = statements(engine, page, who, address)

    assert three == one
    assert len(page.open(who, address).text) > length  # the rows are really on the page


def test_closed_time_asks_the_same_for_one_visit_inside_and_for_three(
    ground: Ground, browser: Callable[[str], Browser]
) -> None:
    dana = browser("dana")
    page = ListPage("dana", at(""), affected)
    for number in range(3):
        affected(ground, number)
    with reading(ground.desk.engine) as session:
        address = f"/schedule/blocks/{session.scalars(select(Block.public_id)).one()}"
    three = statements(ground.desk.engine, page, dana, address)
    keep = next(
        part.partition('"')[0]
        for part in dana.get(address).text.split('action="')
        if "/keep/" in part.partition('"')[0]
    )
    for _ in range(2):
        dana.send(keep, {}, page=address)
        keep = dana.get(address).text.partition(f'action="{address}/keep/')[2].partition('"')[0]
        keep = f"{address}/keep/{keep}"
    one = statements(ground.desk.engine, page, dana, address)

    assert one == three
