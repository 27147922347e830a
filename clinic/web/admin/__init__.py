"""The administrator's door: its blueprint and the modules that register its views."""

from clinic.web.admin import home
from clinic.web.admin.blueprint import blueprint

__all__ = ["blueprint", "home"]
