"""The first page of the front desk."""

from flask import render_template

from clinic.rules.permissions import Permission
from clinic.web.desk.blueprint import blueprint
from clinic.web.guard import needs
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("Today"), position=10, key="t")
@needs(Permission.SEE_PATIENTS)
def home() -> str:
    """Show where the work of the front desk begins."""
    return render_template("desk/home.html")
