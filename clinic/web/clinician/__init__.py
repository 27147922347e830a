"""The clinicians' door: its blueprint and the modules that register its views."""

from clinic.web.clinician import effects, home, readings, visits
from clinic.web.clinician.blueprint import blueprint

__all__ = ["blueprint", "effects", "home", "readings", "visits"]
