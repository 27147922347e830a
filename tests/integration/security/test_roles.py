"""Every role walks the links and buttons it is shown: none of them leads to a refusal."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from clinic.rules.permissions import Role
from tests.browsers import Browser, hidden_fields
from tests.integration.security.conftest import World

LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
ACTION = re.compile(r'\baction="([^"]*)"')
BUTTON = re.compile(r'<button\b[^>]*\bname="([^"]*)"[^>]*\bvalue="([^"]*)"')
NOT_WALKED = {"/log-out"}
ALIKE = 3
"""Of pages that differ only in an id or a day, so many are opened."""


@dataclass(slots=True)
class Walk:
    """What one person has opened, and the forms found on the way."""

    browser: Browser
    world: World
    opened: dict[str, int] = field(default_factory=dict)
    forms: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    refused: list[tuple[str, int]] = field(default_factory=list)

    def go(self, start: str) -> None:
        """Open a page and all that its links lead to."""
        waiting = [start]
        while waiting:
            address = waiting.pop(0)
            if not self.is_new(address):
                continue
            page = self.browser.get(address)
            self.note(address, page.status_code)
            if page.status_code == 303:
                waiting.append(page.location)
            for found in links(page.text):
                waiting.append(urljoin(address, found))
            for action, body in forms(page.text):
                self.forms.setdefault(
                    self.kind(urljoin(address, action)), (urljoin(address, action), body)
                )

    def kind(self, address: str) -> str:
        """The route of an address with the names of its arguments, and no ids."""
        parts = urlsplit(address)
        adapter = self.world.app.url_map.bind("127.0.0.1")
        for method in ("GET", "POST"):
            if adapter.test(parts.path, method):
                rule, values = adapter.match(parts.path, method=method, return_rule=True)
                verb = values.get("verb", "")
                return f"{rule.rule} {verb} {sorted(re.findall('([a-z_]+)=', parts.query))}"
        return address

    def is_new(self, address: str) -> bool:
        if urlsplit(address).path in NOT_WALKED or address.startswith(("http", "mailto", "tel")):
            return False
        kind = self.kind(address)
        self.opened[kind] = self.opened.get(kind, 0) + 1
        return self.opened[kind] <= ALIKE

    def note(self, address: str, status: int) -> None:
        if status in {403, 404, 405} or status >= 500:
            self.refused.append((address, status))

    def press(self) -> None:
        """Send every kind of form once, as it was shown."""
        for address, body in self.forms.values():
            if urlsplit(address).path not in NOT_WALKED:
                self.note(f"POST {address}", self.browser.post(address, body).status_code)


def links(html: str) -> Iterator[str]:
    for found in LINK.findall(html):
        address = unescape(found)
        if not address.startswith("#"):
            yield address


def forms(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The forms that write, with their hidden fields and their first button."""
    for head, inside in FORM.findall(html):
        if 'method="post"' in head:
            action = ACTION.search(head)
            button = dict(BUTTON.findall(inside)[:1])
            yield unescape(action.group(1)) if action else "", {**hidden_fields(inside), **button}


@pytest.mark.slow
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PATIENT])
def test_no_link_and_no_button_shown_to_a_role_is_refused(world: World, role: Role) -> None:
    walk = Walk(world.hire("walker", (role, world.cast.site_id)), world)

    walk.go("/")
    walk.press()

    assert walk.refused == []
    assert len(walk.opened) > 4


@pytest.mark.slow
def test_who_has_two_roles_at_two_sites_is_shown_only_what_each_allows(world: World) -> None:
    here, there = world.cast.site_id, world.far_site_id
    walk = Walk(
        world.hire("walker", (Role.MONITORING_CLINICIAN, here), (Role.FRONT_DESK, there)), world
    )

    for start in ("/", "/desk/?site=far", "/schedule/?site=far", "/schedule/?site=main"):
        walk.go(start)
    for ids in (world.pat, world.elsewhere):
        walk.go(f"/desk/patients/{ids.patients}")
        walk.go(f"/schedule/courses/{ids.courses}")
    walk.press()

    assert walk.refused == []


@pytest.mark.parametrize("role", [Role.AUTHORISED_REPRESENTATIVE, Role.BILLER])
def test_a_role_that_only_reads_finds_nothing_to_change(world: World, role: Role) -> None:
    walk = Walk(world.hire("reader", (role, world.cast.site_id)), world)
    for start in (
        "/",
        "/desk/",
        f"/desk/patients/{world.pat.patients}",
        f"/clinician/visits/{world.pat.visits}",
        f"/schedule/?open={world.pat.visits}",
    ):
        if walk.browser.get(start).status_code == 200:
            walk.go(start)

    changing = {
        kind.partition(" ")[0]
        for kind in walk.forms
        if not kind.startswith(("/account", "/log-out", "/desk/patients "))
    }
    assert (changing, walk.refused) == (set(), [])
