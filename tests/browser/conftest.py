"""Fixtures of the browser tests: the application on a port of its own, and a real Chromium."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from sqlalchemy import Engine
from werkzeug.serving import make_server

from clinic.actions.sessions import open_session
from clinic.app import create_app
from clinic.clock import Clock, machine_now
from clinic.models.engine import writing
from clinic.web.requests import Installation
from config import Settings
from tests.cast import Cast, make_cast
from tests.servers import free_port

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK: ViewportSize = {"width": 1440, "height": 900}
TABLET: ViewportSize = {"width": 1024, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Clinic:
    """A running clinic: its address, its engine and the cast in it."""

    address: str
    engine: Engine
    cast: Cast
    cookie: str
    paths: tuple[str, ...]


class Visitor:
    """One person at one screen; what the browser complains about is kept."""

    def __init__(self, page: Page, clinic: Clinic) -> None:
        self.page = page
        self.clinic = clinic
        self.complaints: list[str] = []
        page.on("console", lambda said: self._keep(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        """Open a page of the clinic."""
        self.page.goto(self.clinic.address + path)
        return self.page

    def serious_faults(self) -> list[str]:
        """What axe calls serious or critical on this page."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {one['help']}" for one in found if is_serious(one["impact"])]

    def _keep(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)


def is_serious(impact: str | None) -> bool:
    return impact in {"serious", "critical"}


def chromium_path() -> str:
    """The browser's program: CLINIC_TEST_CHROMIUM, else the first one on the PATH."""
    given = os.environ.get("CLINIC_TEST_CHROMIUM")
    found = given or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.fail("Chromium is missing: run apt install chromium, or set CLINIC_TEST_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for each worker; every test gets a fresh profile in it."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def clinic(tmp_path: Path, sqlite_url: str, now: datetime) -> Iterator[Clinic]:
    """The application with the cast, served on a free port; its clock stands still."""
    port = free_port()
    clock = tmp_path / "clock"
    clock.write_text(now.isoformat(), encoding="utf-8")
    settings = Settings(
        instance=tmp_path,
        database_url=sqlite_url,
        secret="a secret of the tests, long enough to be taken",
        base_url=f"http://127.0.0.1:{port}",
        clock=Clock(file=clock),
        is_production=False,
        port=port,
        smtp_url=None,
        mail_from="clinic@localhost",
        is_demo=False,
    )
    app = create_app(settings)
    here: Installation = app.extensions["clinic"]
    with writing(here.engine) as session:
        cast = make_cast(session)
    with served(app, port):
        yield Clinic(settings.base_url, here.engine, cast, settings.cookie_name, paths_of(app))
    here.engine.dispose()


def paths_of(app: Flask) -> tuple[str, ...]:
    """The addresses of all pages that need nothing but the address."""
    rules = (rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))
    return tuple(sorted(rule.rule for rule in rules if not rule.arguments))


class served:  # noqa: N801 -- reads as a statement: `with served(app, port)`
    """The application answering on a port while the block runs."""

    def __init__(self, app: Flask, port: int) -> None:
        self.server = make_server("127.0.0.1", port, app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def visitor(chromium: Browser, clinic: Clinic) -> Iterator[Callable[..., Visitor]]:
    """Make a screen for one of the cast ("" is a stranger), logged in without the form."""
    contexts: list[BrowserContext] = []

    def make(
        name: str = "",
        *,
        screen: ViewportSize = DESK,
        has_script: bool = True,
        is_dark: bool = False,
    ) -> Visitor:
        context = chromium.new_context(
            viewport=screen,
            java_script_enabled=has_script,
            color_scheme="dark" if is_dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        if name:
            token = new_token(clinic, name)
            context.add_cookies([{"name": clinic.cookie, "value": token, "url": clinic.address}])
        return Visitor(context.new_page(), clinic)

    yield make
    for context in contexts:
        context.close()


def new_token(clinic: Clinic, name: str) -> str:
    """A session of the person, as the cookie would carry it."""
    account_id = clinic.cast.person(name).account_id
    with writing(clinic.engine) as session:
        opened = open_session(session, account_id=account_id, machine_at=machine_now())
    return opened.token
