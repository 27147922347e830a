"""The blueprint of the front desk."""

from flask import Blueprint

from clinic.rules.permissions import Door
from clinic.web.guard import open_doors

blueprint = open_doors(Blueprint("desk", __name__, url_prefix="/desk"), Door.DESK)
