"""The schedule: its blueprint and the modules that register its views."""

from clinic.web.schedule import board, plans
from clinic.web.schedule.blueprint import blueprint

__all__ = ["blueprint", "board", "plans"]
