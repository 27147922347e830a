"""The patients' door: its blueprint and the modules that register its views."""

from clinic.web.patient import home
from clinic.web.patient.blueprint import blueprint

__all__ = ["blueprint", "home"]
