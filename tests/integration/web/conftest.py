"""Fixtures of the web: the real application on a real database, and browsers that are logged in."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from clinic.app import create_app
from clinic.clock import Clock
from clinic.models.engine import writing
from clinic.web.requests import Installation
from config import Settings
from tests.browsers import Browser
from tests.cast import Cast, make_cast


@pytest.fixture
def settings(tmp_path: Path, database_url: str, now: datetime) -> Settings:
    """Settings of a clinic on loopback whose clock stands still."""
    clock = tmp_path / "clock"
    clock.write_text(now.isoformat(), encoding="utf-8")
    return Settings(
        instance=tmp_path,
        database_url=database_url,
        secret="a secret of the tests, long enough to be taken",
        base_url="http://127.0.0.1:8000",
        clock=Clock(file=clock),
        is_production=False,
        port=8000,
        smtp_url=None,
        mail_from="clinic@localhost",
        is_demo=False,
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application."""
    made = create_app(settings)
    yield made
    _engine_of(made).dispose()


@pytest.fixture
def web_engine(app: Flask) -> Engine:
    """The application's own engine, to look at what it wrote."""
    return _engine_of(app)


@pytest.fixture
def cast(web_engine: Engine) -> Cast:
    """The cast in the application's database."""
    with writing(web_engine) as session:
        return make_cast(session)


@pytest.fixture
def browser(app: Flask, cast: Cast) -> Callable[[str], Browser]:
    """Make a browser in which one of the cast is logged in; "" is a stranger."""

    def make(name: str = "") -> Browser:
        made = Browser(app)
        if name:
            made.log_in(cast.person(name))
        return made

    return make


def _engine_of(app: Flask) -> Engine:
    here: Installation = app.extensions["clinic"]
    return here.engine
