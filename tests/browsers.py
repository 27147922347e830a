"""A browser for the tests: keeps cookies, reads hidden fields, sends forms as a person would."""

import re
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from clinic.actions.sessions import open_session
from clinic.clock import machine_now
from clinic.models.engine import writing
from clinic.web.requests import Installation
from tests.cast import Person

HIDDEN = re.compile(r"<input[^>]*>")
NAME = re.compile(r'\bname="([^"]*)"')
VALUE = re.compile(r'\bvalue="([^"]*)"')
BASE = "http://127.0.0.1:8000"
FIND = "/desk/patients"


class Browser:
    """One person's browser."""

    def __init__(self, app: Flask, base: str = BASE) -> None:
        self.app = app
        self.base = base
        self.client = app.test_client()
        self.here: Installation = app.extensions["clinic"]

    def log_in(self, person: Person) -> None:
        """Give this browser a session of the person, without the form and its slow hash."""
        with writing(self.here.engine) as session:
            opened = open_session(session, account_id=person.account_id, machine_at=machine_now())
        self.set_cookie(opened.token)

    def set_cookie(self, token: str) -> None:
        """Put a session token into the cookie jar."""
        name = self.here.settings.cookie_name
        self.client.set_cookie(name, token, domain="127.0.0.1", path="/")

    def token(self) -> str | None:
        """The session token in the cookie jar."""
        cookie = self.client.get_cookie(self.here.settings.cookie_name, domain="127.0.0.1")
        return None if cookie is None else cookie.value

    def get(self, address: str, **headers: str) -> TestResponse:
        """Open an address; header names are written with underscores."""
        return self.client.get(
            address, base_url=self.base, headers=_headers(headers), buffered=True
        )

    def post(self, address: str, data: dict[str, str], **headers: str) -> TestResponse:
        """Post exactly these fields."""
        return self.client.post(
            address, base_url=self.base, data=data, headers=_headers(headers), buffered=True
        )

    def form(self, address: str) -> dict[str, str]:
        """The hidden fields of the page's own forms, the last of each name."""
        return hidden_fields(self.get(address).text)

    def send(self, address: str, data: dict[str, str], *, page: str | None = None) -> TestResponse:
        """Open the page (or `page`), then post its form with these fields filled in."""
        return self.post(address, self.form(page or address) | data)

    def find(self, words: str) -> TestResponse:
        """Look for patients and open the list that the search leads to."""
        return self.get(self.send(FIND, {"q": words}).location)


def button_value(html: str, verb: str) -> str:
    """The value of the first button on a page whose value begins with this verb and a colon."""
    found: list[str] = re.findall(rf'<button[^>]* value="({verb}:[^"]*)"', html)
    return found[0]


def named_button(html: str, name: str) -> dict[str, str]:
    """What pressing the first button of this name adds to a form."""
    found = re.search(rf'<button[^>]* name="{name}" value="([^"]*)"', html)
    return {} if found is None else {name: found[1]}


def hidden_fields(html: str) -> dict[str, str]:
    """The hidden fields in a piece of HTML."""
    found: dict[str, str] = {}
    for tag in HIDDEN.findall(html):
        name, value = NAME.search(tag), VALUE.search(tag)
        if 'type="hidden"' in tag and name is not None:
            found[unescape(name.group(1))] = "" if value is None else unescape(value.group(1))
    return found


def _headers(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}
