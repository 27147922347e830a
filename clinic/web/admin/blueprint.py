"""The blueprint of the administrator's door."""

from flask import Blueprint

from clinic.rules.permissions import Door
from clinic.web.guard import open_doors

blueprint = open_doors(Blueprint("admin", __name__, url_prefix="/admin"), Door.ADMIN)
