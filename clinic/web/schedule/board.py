"""The first page of the schedule."""

from flask import render_template

from clinic.rules.permissions import Permission
from clinic.web.guard import needs
from clinic.web.schedule.blueprint import blueprint
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("Board"), position=20, key="b")
@needs(Permission.SEE_SCHEDULE)
def board() -> str:
    """Show where the work of the schedule begins."""
    return render_template("schedule/board.html")
