"""Fixtures of the web: the real application on a real database, and browsers that are logged in."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from clinic.models.engine import make_engine, writing
from clinic.web.requests import Installation, install
from config import Settings
from tests.browsers import Browser
from tests.cast import Cast, make_cast
from tests.pictures import Pictures
from tests.settings import settings_in


@pytest.fixture
def settings(tmp_path: Path, database_url: str, now: datetime) -> Settings:
    """Settings of a clinic on loopback whose clock stands still."""
    return settings_in(tmp_path, database_url, now)


@pytest.fixture
def app(joined: Flask, settings: Settings) -> Iterator[Flask]:
    """The application over a database and a clock of its own."""
    engine = make_engine(settings.database_url)
    install(joined, Installation(engine=engine, settings=settings))
    yield joined
    engine.dispose()


@pytest.fixture
def web_engine(app: Flask) -> Engine:
    """The application's own engine, to look at what it wrote."""
    return _engine_of(app)


@pytest.fixture
def cast(web_engine: Engine, pictures: Pictures) -> Cast:
    """The cast in the application's database."""

    def make() -> Cast:
        with writing(web_engine) as session:
            return make_cast(session)

    return pictures.of("cast", web_engine, make)


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
