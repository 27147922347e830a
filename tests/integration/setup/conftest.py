"""The web fixtures, for the set-up pages, and the document of the docs."""

import pytest

from tests.integration.setup.example import Document, example
from tests.integration.web.conftest import app, browser, cast, settings, web_engine

__all__ = ["app", "browser", "cast", "settings", "web_engine"]


@pytest.fixture
def document() -> Document:
    return example()
