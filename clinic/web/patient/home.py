"""The first page of the patients' door."""

from flask import render_template

from clinic.rules.permissions import Permission
from clinic.web.guard import needs
from clinic.web.patient.blueprint import blueprint
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("My visits"), position=10, key="")
@needs(Permission.OWN_COURSE)
def home() -> str:
    """Show where the work of the patients' door begins."""
    return render_template("patient/home.html")
