"""The first page of the administrator's door."""

from flask import render_template

from clinic.rules.permissions import Permission
from clinic.web.admin.blueprint import blueprint
from clinic.web.guard import needs
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("Set-up"), position=80, key="a")
@needs(Permission.SEE_SETUP)
def home() -> str:
    """Show where the work of the administrator's door begins."""
    return render_template("admin/home.html")
