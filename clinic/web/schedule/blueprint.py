"""The blueprint of the schedule."""

from flask import Blueprint

from clinic.rules.permissions import Door
from clinic.web.guard import open_doors

blueprint = open_doors(Blueprint("schedule", __name__, url_prefix="/schedule"), Door.SCHEDULE)
