"""The planning page in a real browser: by keyboard, without scripts, on a phone, in the dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.models.engine import writing
from tests.browser.conftest import DESK, PHONE, TABLET, Clinic, Visitor
from tests.integration.cli.conftest import document
from tests.integration.web_desk.test_plans import BY, MADE_AT

pytestmark = pytest.mark.browser
Visitors = Callable[..., Visitor]


@pytest.fixture
def address(clinic: Clinic) -> str:
    """The planning page of Pat, in a clinic that can hold a course."""
    with writing(clinic.engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document=document([]), by=BY, now=MADE_AT)
    return f"/schedule/plan/{clinic.cast.pat.public_id}"


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(40):
        if target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not lead there")


def ask(page: Page) -> None:
    """Fill in the wishes and ask for the plans."""
    page.get_by_label("Treatment").select_option("tms_itbs_ldlpfc")
    page.get_by_label("First day").fill("1 June 2026")
    page.get_by_label("Wished hour").fill("10:00")
    page.get_by_role("button", name="Show the plans").click()


def test_a_course_is_planned_and_booked_by_keyboard_alone(visitor: Visitors, address: str) -> None:
    dana = visitor("dana")
    page = dana.open(address)

    page.get_by_label("Treatment").focus()
    page.keyboard.type("36 visits: iTBS")
    page.keyboard.press("Tab")
    tab_to(page, page.get_by_label("First day"))
    page.keyboard.type("1 June 2026")
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Book these 36")
    expect(button).to_be_visible()
    tab_to(page, button)
    page.keyboard.press("Enter")

    expect(page.get_by_text("36 visits booked.")).to_be_visible()
    assert dana.complaints == []


def test_a_course_is_booked_without_scripts_and_its_phases_are_asked_after_the_first_plan(
    visitor: Visitors, address: str
) -> None:
    page = visitor("dana", has_script=False).open(address)

    ask(page)
    page.locator("summary", has_text="What and when").click()
    page.locator("summary", has_text="Visits in each phase").click()
    page.get_by_label("Acute").fill("2 weeks")
    page.get_by_role("button", name="Plan again").click()
    page.get_by_role("button", name="Book these 16").click()

    expect(page.get_by_text("16 visits booked.")).to_be_visible()


def test_another_treatment_brings_its_phases_and_keeps_what_was_typed(
    visitor: Visitors, address: str
) -> None:
    dana = visitor("dana")
    page = dana.open(address)

    page.get_by_label("Wished hour").fill("10:00")
    page.get_by_label("Treatment").select_option("tms_maintenance")
    page.locator("summary", has_text="Visits in each phase").click()

    expect(page.locator("[name=visits_monthly]")).to_be_visible()
    expect(page.get_by_label("Wished hour")).to_have_value("10:00")
    assert dana.complaints == []


@pytest.mark.parametrize(
    "screen, is_dark", [(DESK, False), (DESK, True), (TABLET, False), (PHONE, True)]
)
def test_plans_side_by_side_please_axe_and_fit_the_screen(
    visitor: Visitors, address: str, screen: ViewportSize, is_dark: bool
) -> None:
    dana = visitor("dana", screen=screen, is_dark=is_dark)
    page = dana.open(address)

    ask(page)

    expect(page.get_by_role("button", name="Book these 36")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
    assert (dana.serious_faults(), dana.complaints) == ([], [])
