"""The public holidays of countries and their states, as proposals: nothing is closed by them."""

from datetime import date

import holidays
from babel import Locale
from flask_babel import get_locale

from clinic.rules.setups import HolidaySpec

ENGLISH = Locale("en")
NAME_LENGTH = 200


def countries() -> list[tuple[str, str]]:
    """Return the countries that are known, as (code, name) by name."""
    names = (get_locale() or ENGLISH).territories
    known = {code for code in holidays.list_supported_countries() if len(code) == 2}
    return sorted(((code, names.get(code, code)) for code in known), key=lambda one: one[1])


def states(country: str) -> list[tuple[str, str]]:
    """Return the states of a country, as (code, name) by name; none for an unknown country."""
    codes = holidays.list_supported_countries().get(country, [])
    if not codes:
        return []
    names = holidays.country_holidays(country, years=[]).get_subdivision_aliases()
    pairs = [(code, next(iter(names.get(code) or [code]))) for code in codes]
    return sorted(pairs, key=lambda one: one[1])


def proposed(country: str, state: str, year: int, *, after: date) -> list[HolidaySpec]:
    """Return the holidays of a year that are not before `after`, in order; none when unknown."""
    if country not in dict(countries()):
        return []
    part = state if state in dict(states(country)) else None
    found = holidays.country_holidays(country, subdiv=part, years=year)
    return [
        HolidaySpec(on, name[:NAME_LENGTH])
        for on, name in sorted(found.items())
        if on.year == year and on >= after
    ]
