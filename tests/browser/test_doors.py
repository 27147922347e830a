"""Each door as its people see it: it opens, and neither the browser nor axe complains."""

from collections.abc import Callable

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import DESK, PHONE, TABLET, Visitor
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser
Visitors = Callable[..., Visitor]
HOMES = [
    pytest.param("", "/log-in", DESK, id="stranger"),
    pytest.param("dana", "/desk/", DESK, id="desk"),
    pytest.param("cleo", "/clinician/", TABLET, id="clinician"),
    pytest.param("adan", "/admin/", DESK, id="administrator"),
    pytest.param("pat", "/my/", PHONE, id="patient"),
]


def test_dana_logs_in_by_the_form_and_stands_at_the_desk(visitor: Visitors) -> None:
    dana = visitor()
    page = dana.open("/log-in")

    page.get_by_label("Password").fill(PASSWORD)
    page.locator("[name=login]").fill("dana")
    page.get_by_role("button", name="Log in").click()

    assert (page.url.removeprefix(dana.clinic.address), dana.complaints) == ("/desk/", [])


def test_dana_logs_in_without_scripts(visitor: Visitors) -> None:
    dana = visitor(has_script=False)
    page = dana.open("/log-in")

    page.locator("[name=login]").fill("dana")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form button").click()

    assert page.url.removeprefix(dana.clinic.address) == "/desk/"


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name, path, screen", HOMES)
def test_home_pages_please_browser_and_axe(
    visitor: Visitors, name: str, path: str, screen: ViewportSize, is_dark: bool
) -> None:
    person = visitor(name, screen=screen, is_dark=is_dark)

    page = person.open(path)

    assert page.url == person.clinic.address + path
    assert (person.serious_faults(), person.complaints) == ([], [])


def test_patient_page_fits_the_phone(visitor: Visitors) -> None:
    pat = visitor("pat", screen=PHONE)

    page = pat.open("/my/")

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
