"""Pages on which an administrator changes a site."""

from collections.abc import Mapping

from flask import Response, url_for
from flask_babel import gettext
from sqlalchemy import select

from clinic.errors import NotFound
from clinic.models.base import JsonValue
from clinic.models.engine import reading
from clinic.models.sites import Site
from clinic.queries.setup import Section, entry_of
from clinic.rules.permissions import Permission
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.editing import EditPage, SetupForm, edit, show_entry
from clinic.web.admin.rows import Entry, rows_of
from clinic.web.admin.site_forms import HolidayRow, HolidaysForm, HoursForm
from clinic.web.guard import needs, sites_here
from clinic.web.places import local_day
from clinic.web.requests import current_clinic


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
    return edit(_page(entry, gettext("Holidays"), lead), form)


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


def _page(entry: Entry, title: str, lead: str) -> EditPage:
    return EditPage(
        title=gettext("%(title)s: %(of)s", title=title, of=str(entry["name"])),
        lead=lead,
        back=url_for("admin.home"),
        section=Section.SITES,
        key=str(entry["key"]),
    )
