"""The first page of the administrator's door: the sites."""

from flask import render_template

from clinic.models.engine import reading
from clinic.queries.sites import site_rows
from clinic.rules.permissions import Permission
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.sites import present_site
from clinic.web.admin.tabs import tabs
from clinic.web.guard import needs, sites_here
from clinic.web.requests import current_clinic
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("Set-up"), position=80, key="a")
@needs(Permission.SEE_SETUP)
def home() -> str:
    """Show the sites with their hours and the holidays to come."""
    here = current_clinic()
    with reading(here.engine) as unit:
        rows = site_rows(unit, holidays_from=here.now.date(), site_ids=sites_here())
    may_at = here.actor.may_at
    sites = [
        present_site(row, may_change=may_at(Permission.MANAGE_RESOURCES, row.id)) for row in rows
    ]
    may_add = may_at(Permission.MANAGE_RESOURCES, None)
    return render_template("admin/home.html", tabs=tabs(), sites=sites, may_add=may_add)
