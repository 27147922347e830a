"""The schedule: its blueprint and the modules that register its views."""

from clinic.web.schedule import (
    affected,
    blocks,
    board,
    bookings,
    course_ends,
    courses,
    free,
    missed,
    moves,
    pencils,
    plans,
    undo,
    visits,
    week,
)
from clinic.web.schedule.blueprint import blueprint

__all__ = [
    "affected",
    "blocks",
    "blueprint",
    "board",
    "bookings",
    "course_ends",
    "courses",
    "free",
    "missed",
    "moves",
    "pencils",
    "plans",
    "undo",
    "visits",
    "week",
]
