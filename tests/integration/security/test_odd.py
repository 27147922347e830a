"""Ids and words that no honest form sends are refused on both databases, and are never a fault."""

from collections.abc import Callable, Iterator
from dataclasses import fields

import pytest

from tests.browsers import Browser
from tests.integration.security.conftest import Ids, World
from tests.integration.security.test_matrix import may

Browsers = Callable[[str], Browser]
ODD = ("\x00", "²", "9" * 40)
ENDS = ("9999-12-31", "0001-01-01", "9999")
RAW = ("version", "q", "tap", "pick", "choose", "owner", "patient", "beside", "corrects", "seen")
WALKS = (("", "auth"), ("dana", "desk"), ("dana", "schedule"), ("cleo", "clinician"))
ARGUMENTS = ("day", "site", "open", "next", "at", "kind", "with", "patient", "makes_up", "again")


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.mark.slow
def test_odd_ids_and_odd_words_are_never_a_fault(world: World, browser: Browsers) -> None:
    faults = []
    for name, part in WALKS:
        who = browser(name)
        token = who.form("/account" if name else "/log-in")
        for odd in ODD:
            for method, address in addresses(world, name, part, Ids(*[odd] * len(fields(Ids)))):
                query = "&".join(f"{one}=%00" for one in ARGUMENTS)
                answer = (
                    who.get(f"{address}?{query}")
                    if method == "GET"
                    else who.post(address, {**dict.fromkeys(RAW, odd), **token})
                )
                if answer.status_code >= 500:
                    faults.append((name, method, address, odd))

    assert faults == []


@pytest.mark.slow
@pytest.mark.parametrize("name, part", [*WALKS[1:], ("adan", "admin")])
def test_the_ends_of_the_calendar_are_never_a_fault(
    world: World, browser: Browsers, name: str, part: str
) -> None:
    who = browser(name)

    faults = [
        f"{rule.rule}?{argument}={end}"
        for rule in world.rules("GET")
        for argument in ("on", "year")
        for end in ENDS
        if rule.endpoint.startswith(f"{part}.") and not rule.arguments
        if who.get(f"{rule.rule}?{argument}={end}").status_code >= 500
    ]

    assert faults == []


def addresses(world: World, name: str, part: str, odd: Ids) -> Iterator[tuple[str, str]]:
    """The addresses of one door that somebody may open, with odd ids and with real ones."""
    for method in ("GET", "POST"):
        for rule in world.rules(method):
            real = world.pat.address(rule)
            is_walked = rule.endpoint.startswith(f"{part}.") and real != "/healthz"
            if is_walked and may(name, real, rule.endpoint):
                yield from ((method, odd.address(rule)), (method, real))
