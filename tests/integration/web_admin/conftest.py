"""The clinic of the desk's tests, with a visit of Pat booked for tomorrow at 10."""

import pytest

from tests.integration.web_desk.conftest import (
    Desk,
    app,
    browser,
    cast,
    desk,
    settings,
    web_engine,
)

__all__ = ["app", "browser", "cast", "desk", "settings", "web_engine"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: what is written here is put by actions that are tried on both."""
    return sqlite_url


@pytest.fixture
def visit(desk: Desk) -> str:
    """Pat's visit: Tuesday 3 March 2026 from 10 to 11; its public id."""
    return desk.book()
