"""The blueprint of the clinicians' door."""

from flask import Blueprint

from clinic.rules.permissions import Door
from clinic.web.guard import open_doors

blueprint = open_doors(Blueprint("clinician", __name__, url_prefix="/clinician"), Door.CLINICIAN)
