"""The closed times to come: closures, leave, outages."""

from flask import render_template, url_for
from flask_babel import gettext

from clinic.models.engine import reading
from clinic.queries.blocks import BlockRow, block_rows
from clinic.queries.resources import clinic_zone
from clinic.rules.permissions import Permission
from clinic.web import present
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.editing import Link
from clinic.web.admin.tables import Cell, grouped
from clinic.web.admin.tabs import tabs
from clinic.web.block_words import kind_word
from clinic.web.guard import needs, sites_here
from clinic.web.requests import current_clinic


@blueprint.get("/closed-times")
@needs(Permission.SEE_SETUP)
def list_blocks() -> str:
    """Show what is shut now and later."""
    here = current_clinic()
    with reading(here.engine) as unit:
        rows = block_rows(unit, after=here.now, site_ids=sites_here())
        zone = clinic_zone(unit)
    heads = (
        gettext("What"),
        gettext("From"),
        gettext("To"),
        gettext("Kind"),
        gettext("Reason"),
    )
    may_change = here.actor.may(Permission.SCHEDULE)
    groups = grouped(("", _cells(row, zone, may_change=may_change)) for row in rows)
    new = Link(gettext("Close a time"), url_for("schedule.new_block")) if may_change else None
    return render_template("admin/list.html", tabs=tabs(), heads=heads, groups=groups, new=new)


def _cells(row: BlockRow, zone: str, *, may_change: bool) -> tuple[Cell, ...]:
    here = row.zone or zone
    address = url_for("schedule.show_block", public_id=row.public_id) if may_change else None
    return (
        Cell(row.of, address=address, is_strong=True),
        Cell(present.moment_at(row.start_at, here)),
        Cell(present.moment_at(row.end_at, here)),
        Cell(kind_word(row.kind)),
        Cell(row.reason),
    )
