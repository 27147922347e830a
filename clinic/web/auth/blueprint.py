"""The blueprint of the way in; its views are public or for everybody who is logged in."""

from flask import Blueprint

from clinic.web.guard import open_to_all

blueprint = open_to_all(Blueprint("auth", __name__))
