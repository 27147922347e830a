"""The first page of the clinicians' door."""

from flask import render_template

from clinic.rules.permissions import Permission
from clinic.web.clinician.blueprint import blueprint
from clinic.web.guard import needs
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("Chairs"), position=15, key="c")
@needs(Permission.SEE_CLINICAL)
def home() -> str:
    """Show where the work of the clinicians' door begins."""
    return render_template("clinician/home.html")
