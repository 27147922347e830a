"""Which site and which day a page of the schedule is about."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import g, request, url_for

from clinic.errors import NotFound
from clinic.queries.days import SiteChoice
from clinic.rules.people import BadDate, parse_date
from clinic.rules.permissions import Permission
from clinic.web.requests import current_clinic

PLACE = "PUBLIC-ID"


def chosen_site(sites: Sequence[SiteChoice], key: str | None = None) -> SiteChoice:
    """Return the site of the address (or of this key), or the oldest one, or raise NotFound."""
    wanted = key or request.args.get("site")
    fit = [site for site in sites if wanted in (None, "", site.key)]
    found = min(fit, key=lambda site: site.id, default=None)
    if found is None:
        raise NotFound("no_such_thing")
    return found


def visit_address(public_id: str, site_id: int) -> str | None:
    """Return where the board shows a visit; None for who may not see that site's schedule."""
    may_see = current_clinic().actor.may_at(Permission.SEE_SCHEDULE, site_id)
    return address_of("schedule.board", "open", public_id) if may_see else None


def address_of(endpoint: str, name: str, public_id: str) -> str:
    """Return the address of an endpoint for one id; each endpoint's is built once a request.

    A course has sixty of them, and building them anew takes a tenth of its page.
    """
    known: dict[str, str] = g.setdefault("addresses", {})
    if endpoint not in known:
        known[endpoint] = url_for(endpoint, _external=False, **{name: PLACE})
    return known[endpoint].replace(PLACE, public_id)


def course_address(public_id: str, site_id: int) -> str | None:
    """Return the page of a course; None for who may not see that site's schedule."""
    may_see = current_clinic().actor.may_at(Permission.SEE_SCHEDULE, site_id)
    return url_for("schedule.show_course", public_id=public_id) if may_see else None


def local_day(now: datetime, zone: str) -> date:
    """Return the date of a moment in a zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def asked_day(otherwise: date) -> date:
    """Return the date of the address, or the other one when it has none or cannot be read."""
    try:
        return parse_date(request.args.get("on", ""))
    except BadDate:
        return otherwise
