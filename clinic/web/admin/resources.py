"""The devices, rooms and coils as a list."""

from flask import render_template, url_for
from flask_babel import gettext

from clinic.models.engine import reading
from clinic.queries.resources import ResourceRow, resource_rows
from clinic.rules.permissions import Permission
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.editing import Link
from clinic.web.admin.tables import Cell, Group, grouped
from clinic.web.admin.tabs import tabs
from clinic.web.guard import needs, sites_here
from clinic.web.present import key_words
from clinic.web.requests import current_clinic


@blueprint.get("/resources")
@needs(Permission.SEE_SETUP)
def list_resources() -> str:
    """Show what can be booked at each site, with seats and tags."""
    with reading(current_clinic().engine) as unit:
        rows = resource_rows(unit, site_ids=sites_here())
    heads = (
        gettext("Name"),
        gettext("Kind"),
        gettext("Seats"),
        gettext("Tags"),
        gettext("Goes on"),
        gettext("Key"),
    )
    groups: list[Group] = grouped((row.site, _cells(row)) for row in rows)
    may_add = current_clinic().actor.may(Permission.MANAGE_RESOURCES)
    new = Link(gettext("Add one"), url_for("admin.new_resource")) if may_add else None
    return render_template("admin/list.html", tabs=tabs(), heads=heads, groups=groups, new=new)


def _cells(row: ResourceRow) -> tuple[Cell, ...]:
    may_change = current_clinic().actor.may_at(Permission.MANAGE_RESOURCES, row.site_id)
    address = url_for("admin.edit_resource", resource=row.key) if may_change else None
    name = row.name if row.is_active else gettext("%(name)s (out of use)", name=row.name)
    return (
        Cell(name, address=address, is_strong=True),
        Cell(key_words(row.kind)),
        Cell(str(row.seats), is_number=True),
        Cell(", ".join(row.tags)),
        Cell(", ".join(row.fits)),
        Cell(row.key, is_quiet=True),
    )
