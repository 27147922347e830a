"""What the patient wishes, and what that leaves of a day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from clinic.planning.bitsets import runs, span
from clinic.planning.world import World, cells_of
from clinic.rules.visit_kinds import Place
from clinic.rules.wall_days import CELL_MIN, WHOLE_DAY


@dataclass(frozen=True, slots=True)
class Wishes:
    """When the patient can and would like to come.

    `preferred_min` and `window` are minutes of the local day; a visit lies wholly inside the
    window. `weekdays` (0 Monday) are the days the patient can come; when their number equals the
    weekly limit they are also the pattern. `away` spans include both ends. `tolerance_min` None
    takes the protocol's; `counts` and `lengths` are by step key, and so is `weeks`, for how long a
    step is to go on where its visits are not counted, `every`, how many weeks apart they
    are, and `weekly`, visits a week of a step other than the one `per_week` is meant for.
    `shares_days` lets visits lie on days of the
    patient's other courses, which the prescriber has to allow. `prefers_id` is the device or
    therapist the patient would like: every visit with another counts as a change.
    """

    start_on: date
    preferred_min: int | None = None
    tolerance_min: int | None = None
    window: tuple[int, int] | None = None
    weekdays: frozenset[int] | None = None
    away: tuple[tuple[date, date], ...] = ()
    per_week: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    weeks: Mapping[str, int] = field(default_factory=dict)
    every: Mapping[str, int] = field(default_factory=dict)
    weekly: Mapping[str, int] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    place: str = Place.ROOM
    shares_days: bool = False
    prefers_id: int | None = None

    def can_come(self, on: date) -> bool:
        """Say whether the patient can come on this day at all."""
        if self.weekdays is not None and on.weekday() not in self.weekdays:
            return False
        return not any(first <= on <= last for first, last in self.away)


def patient_starts(world: World, wishes: Wishes | None, on: date, length: int) -> int:
    """Return the starts at which the patient is free for `length` cells, inside the window."""
    free = world.patient_free.get(on, WHOLE_DAY)
    if wishes is not None and wishes.window is not None:
        from_min, to_min = wishes.window
        free &= span(cells_of(from_min), to_min // CELL_MIN)
    return runs(free & WHOLE_DAY, length)
