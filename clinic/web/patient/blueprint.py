"""The blueprint of the patients' door."""

from flask import Blueprint

from clinic.rules.permissions import Door
from clinic.web.guard import open_doors

blueprint = open_doors(Blueprint("patient", __name__, url_prefix="/my"), Door.PATIENT)
