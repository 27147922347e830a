"""The patients' door: its blueprint and the modules that register its views."""

from clinic.web.patient import calendar, home
from clinic.web.patient.blueprint import blueprint

__all__ = ["blueprint", "calendar", "home"]
