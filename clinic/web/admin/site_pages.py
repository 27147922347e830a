"""Pages on which an administrator changes a site."""

from collections.abc import Mapping
from datetime import date
from zoneinfo import available_timezones

from flask import Response, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.errors import NotAllowed, NotFound
from clinic.models.base import JsonValue
from clinic.models.engine import reading
from clinic.models.sites import Site
from clinic.queries.resources import clinic_zone
from clinic.queries.setup import Section, entry_of, free_key
from clinic.rules.permissions import Permission
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.editing import Chooser, EditPage, Link, SetupForm, edit, show_entry
from clinic.web.admin.rows import Entry, rows_of
from clinic.web.admin.site_forms import HolidayRow, HolidaysForm, HoursForm, ProposalsForm, SiteForm
from clinic.web.guard import needs, sites_here
from clinic.web.places import local_day
from clinic.web.requests import current_clinic

YEARS = 3


@blueprint.route("/sites/<site>/hours", methods=["GET", "POST"])
@needs(Permission.MANAGE_RESOURCES)
def edit_hours(site: str) -> Response:
    """Change the opening hours of a site."""
    entry = _own_site(site)
    form = HoursForm()
    if not form.is_submitted():
        form.fill(entry)
        show_entry(form, entry)
    lead = gettext("Type hours as 8:00 to 18:00, or 8:00-12:00, 13:00-18:00. Empty is closed.")
    return edit(_page(entry, gettext("Opening hours"), lead), form)


@blueprint.route("/sites/<site>/holidays", methods=["GET", "POST"])
@needs(Permission.MANAGE_RESOURCES)
def edit_holidays(site: str) -> Response:
    """Change the days on which a site is closed."""
    entry = _own_site(site)
    today = local_day(current_clinic().now, str(entry["zone"])).isoformat()
    listed = entry["holidays"]
    days = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    to_come: list[JsonValue] = [dict(one) for one in days if str(one["on"]) >= today]
    form = HolidaysForm()
    form.past = tuple(dict(one) for one in days if str(one["on"]) < today)
    form.rows = rows_of(HolidayRow, to_come)
    _shown(form, entry)
    lead = gettext("The whole site is closed on these days.")
    return edit(_page(entry, gettext("Holidays"), lead, links=_holiday_links(site)), form)


@blueprint.route("/sites/<site>/holidays/proposals", methods=["GET", "POST"])
@needs(Permission.MANAGE_RESOURCES)
def propose_holidays(site: str) -> Response:
    """Show the public holidays of a country and state; those that are ticked are added."""
    from clinic.web.admin.holiday_lists import (  # noqa: PLC0415 -- 46 ms for one rare page
        countries,
        proposed,
        states,
    )

    entry = _own_site(site)
    today = local_day(current_clinic().now, str(entry["zone"]))
    country = request.args.get("country", str(entry["region"]))
    state, year = request.args.get("state", ""), _year(today)
    there = entry["holidays"]
    form = ProposalsForm()
    form.offer(
        proposed(country, state, year, after=today), there if isinstance(there, list) else []
    )
    _shown(form, entry)
    lead = gettext("Tick the days on which this site is closed. Nothing else is changed.")
    if not form.offered:
        lead = gettext("There is nothing to add: no such day, or all of them are there already.")
    chooser = (
        Chooser("country", gettext("Country"), tuple(countries()), country),
        Chooser("state", gettext("State"), (("", gettext("All")), *states(country)), state),
        Chooser("year", gettext("Year"), _years(today), str(year)),
    )
    links = _holiday_links(site)
    return edit(_page(entry, gettext("Holidays"), lead, links=links, chooser=chooser), form)


def _holiday_links(site: str) -> tuple[Link, ...]:
    pages = (
        (gettext("Holidays"), "admin.edit_holidays"),
        (gettext("Propose by country and state"), "admin.propose_holidays"),
    )
    return tuple(
        Link(label, url_for(name, site=site), name == request.endpoint) for label, name in pages
    )


def _years(today: date) -> tuple[tuple[str, str], ...]:
    return tuple((str(year), str(year)) for year in range(today.year, today.year + YEARS))


def _year(today: date) -> int:
    """Return the year that was asked for, or else this one."""
    asked = request.args.get("year", "")
    return int(asked) if asked in dict(_years(today)) else today.year


@blueprint.route("/sites/new", methods=["GET", "POST"])
@needs(Permission.MANAGE_RESOURCES)
def new_site() -> Response:
    """Add a site; hours, devices and shifts follow on their own pages."""
    if sites_here() is not None:
        raise NotAllowed("permission_missing")
    form = SiteForm()
    with reading(current_clinic().engine) as unit:
        key = free_key(unit, Section.SITES, form.name.data or "")
        zone = clinic_zone(unit)
    _offer_zones(form, zone)
    if not form.is_submitted():
        form.zone.data = zone
    page = EditPage(
        title=gettext("Add a site"),
        lead=gettext(
            "Nothing can be booked here until it has hours, a device or room, and people."
        ),
        back=url_for("admin.home"),
        section=Section.SITES,
        key=key,
        is_new=True,
    )
    return edit(page, form)


@blueprint.route("/sites/<site>", methods=["GET", "POST"])
@needs(Permission.MANAGE_RESOURCES)
def edit_site(site: str) -> Response:
    """Change what a site is called, where it is, and by which clock it goes."""
    entry = _own_site(site)
    form = SiteForm()
    _offer_zones(form, str(entry["zone"]))
    if not form.is_submitted():
        form.fill(entry)
        show_entry(form, entry)
    lead = gettext("The zone can change only while no visit lies ahead.")
    return edit(_page(entry, gettext("Site"), lead), form)


def _offer_zones(form: SiteForm, zone: str) -> None:
    """Offer the zones of the world by place, and the one that is there."""
    known = {name for name in available_timezones() if "/" in name and name[:4] != "Etc/"}
    form.zone.choices = [
        SelectChoice(name, name.replace("_", " ")) for name in sorted(known | {zone})
    ]


def _shown(form: SetupForm, entry: Entry) -> None:
    if not form.is_submitted():
        show_entry(form, entry)


def _own_site(key: str) -> Entry:
    """Return the entry of a site one may change here, or raise NotFound."""
    own = sites_here()
    with reading(current_clinic().engine) as unit:
        site_id = unit.scalar(select(Site.id).where(Site.key == key))
        if site_id is None or (own is not None and site_id not in own):
            raise NotFound("no_such_thing")
        return entry_of(unit, Section.SITES, key)


def _page(
    entry: Entry,
    title: str,
    lead: str,
    *,
    links: tuple[Link, ...] = (),
    chooser: tuple[Chooser, ...] = (),
) -> EditPage:
    return EditPage(
        title=gettext("%(title)s: %(of)s", title=title, of=str(entry["name"])),
        lead=lead,
        back=url_for("admin.home"),
        section=Section.SITES,
        key=str(entry["key"]),
        links=links,
        chooser=chooser,
    )
