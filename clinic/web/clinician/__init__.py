"""The clinicians' door: its blueprint and the modules that register its views."""

from clinic.web.clinician import effects, endings, home, mistakes, readings, visits
from clinic.web.clinician.blueprint import blueprint

__all__ = ["blueprint", "effects", "endings", "home", "mistakes", "readings", "visits"]
