"""The world as the planner sees it: resources, their days as bitsets, and the patient's time.

A day has CELLS_A_DAY cells of CELL_MIN wall-clock minutes; bit 0 is 00:00. Hours that do not exist
or exist twice are closed. The caller maps instants to these cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from clinic.rules.wall_days import CELL_MIN


@dataclass(frozen=True, slots=True)
class Resource:
    """A device, room, coil or person. `kind` is None for people.

    A shared coil or navigator lists in `fits` the devices it belongs on; the pair is then the
    member, with the tags of both.
    """

    id: int
    name: str
    kind: str | None
    qualifications: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    seats: int = 1
    fits: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ResourceDay:
    """One resource on one day, as bitsets.

    `open` is hours or shift less blocks; `free[k - 1]` are the cells where at least k seats are
    not taken. Turnover only needs cells that are not taken. `lapsed` are qualifications of a person
    that have run out by then.
    """

    open: int
    free: tuple[int, ...]
    lapsed: frozenset[str] = frozenset()

    def may_serve(self, qualification: str | None) -> bool:
        """Say whether a person still has the qualification; a thing needs none."""
        return qualification is None or qualification not in self.lapsed


@dataclass(frozen=True)
class World:
    """Everything a plan depends on; a date that is not in `days` is closed.

    A date that is not in `patient_free` leaves the patient free all day. `switches` that are not
    named are on when a requirement asks for them and off for one-to-one starts; `continuity`
    names by resource kind or qualification who served the patient's visit before.
    """

    resources: Mapping[int, Resource]
    days: Mapping[date, Mapping[int, ResourceDay]]
    patient_free: Mapping[date, int] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)
    continuity: Mapping[str, int] = field(default_factory=dict)

    def is_on(self, switch: str | None, *, otherwise: bool) -> bool:
        """Say whether a site switch is on; None is always on."""
        return True if switch is None else self.switches.get(switch, otherwise)


def cells_of(minutes: int) -> int:
    """Return how many cells these minutes touch, counted from the start of a cell."""
    return -(-minutes // CELL_MIN)
