"""Which site and which day a page of the schedule is about."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import request

from clinic.errors import NotFound
from clinic.queries.days import SiteChoice


def chosen_site(sites: Sequence[SiteChoice], key: str | None = None) -> SiteChoice:
    """Return the site of the address (or of this key), or the first one, or raise NotFound."""
    wanted = key or request.args.get("site")
    found = next((site for site in sites if wanted in (None, "", site.key)), None)
    if found is None:
        raise NotFound("no_such_thing")
    return found


def local_day(now: datetime, zone: str) -> date:
    """Return the date of a moment in a zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def asked_day(otherwise: date) -> date:
    """Return the date of the address, or the other one when it has none or cannot be read."""
    try:
        return date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return otherwise
