"""The web fixtures, for the set-up pages."""

from tests.integration.web.conftest import app, browser, cast, settings, web_engine

__all__ = ["app", "browser", "cast", "settings", "web_engine"]
