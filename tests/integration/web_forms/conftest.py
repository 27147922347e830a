"""The desk's clinic, with browsers."""

from collections.abc import Callable

import pytest

from tests.browsers import Browser
from tests.integration.web_desk.conftest import (
    Desk,
    app,
    browser,
    cast,
    desk,
    settings,
    web_engine,
)
from tests.integration.web_forms.ground import Ground

__all__ = ["app", "browser", "cast", "desk", "settings", "web_engine"]


@pytest.fixture
def ground(desk: Desk, browser: Callable[[str], Browser]) -> Ground:
    return Ground(desk, browser)
