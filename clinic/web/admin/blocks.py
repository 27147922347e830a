"""The closed times to come: closures, leave, outages."""

from flask import render_template, url_for
from flask_babel import gettext, ngettext

from clinic.models.engine import reading
from clinic.queries.blocks import BlockRow, block_rows
from clinic.queries.resources import clinic_zone
from clinic.queries.unheld import unheld
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
        stranded = len(unheld(unit, now=here.now, site_ids=sites_here()))
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
    return render_template(
        "admin/list.html", tabs=tabs(), heads=heads, groups=groups, new=new, lead=_lead(stranded)
    )


def _lead(stranded: int) -> list[str]:
    """Return where each kind of closed time is entered, and what is left for the desk to move."""
    lines = [
        gettext(
            "The desk closes times as they come. Days on which a whole site is shut are its "
            "holidays; leave is entered with the person, out of use with the device or room."
        )
    ]
    if stranded:
        lines.append(
            ngettext(
                "%(num)s booked visit does not fit any more: the desk finds it under Closed times.",
                "%(num)s booked visits do not fit any more: the desk finds them under Closed "
                "times.",
                stranded,
            )
        )
    return lines


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
