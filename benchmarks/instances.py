"""Seeded planning instances: clinics with bookings, shifts and leave, and one patient's wishes.

Pure: the same seed gives the same instances on every machine. Used by benchmark P1 and by the
planner's tests.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from clinic.planning.bitsets import span
from clinic.planning.wishes import Wishes
from clinic.planning.world import Resource, ResourceDay, World
from clinic.rules.wall_days import CELLS_A_DAY, WHOLE_DAY

FIRST_ON = date(2026, 1, 5)
TMS_PROTOCOLS = (
    "tms_10hz_ldlpfc_37",
    "tms_10hz_ldlpfc_19",
    "tms_itbs_ldlpfc",
    "tms_1hz_rdlpfc",
    "dtms_h7_ocd",
)
INSTANCES = 360


@dataclass(frozen=True, slots=True)
class Instance:
    """One question for the planner; the protocol is named by its key."""

    name: str
    protocol: str
    world: World
    wishes: Wishes


@dataclass(frozen=True, slots=True)
class Staffing:
    """How many of each resource a seeded clinic has."""

    devices: int
    operators: int
    prescribers: int
    therapists: int
    monitors: int
    rooms: int


def tms_instances(count: int = INSTANCES, *, seed: int = 36) -> Iterator[Instance]:
    """Yield TMS courses in clinics of two to four devices, 30 to 85 percent full."""
    for number in range(count):
        rng = Random(f"{seed}/{number}")
        staffing = Staffing(rng.randint(2, 4), rng.randint(3, 5), 2, 0, 0, 0)
        start = FIRST_ON + timedelta(days=rng.randrange(0, 60))
        world = clinic(rng, staffing, start, days=140, load=rng.uniform(0.3, 0.85))
        wishes = Wishes(
            start_on=start,
            preferred_min=rng.choice((None, 480, 540, 600, 660, 780, 840, 900, 960)),
            tolerance_min=30,
            per_week=rng.choice((None, None, None, 3, 4)),
            window=rng.choice((None, None, (8 * 60, 13 * 60), (12 * 60, 18 * 60))),
        )
        yield Instance(f"tms-{number}", rng.choice(TMS_PROTOCOLS), world, wishes)


def kap_instances(count: int = 60, *, seed: int = 7) -> Iterator[Instance]:
    """Yield KAP programmes in clinics of four to ten therapists."""
    for number in range(count):
        rng = Random(f"{seed}/{number}")
        staffing = Staffing(0, 0, 2, rng.randint(4, 10), rng.randint(2, 4), rng.randint(2, 3))
        start = FIRST_ON + timedelta(days=rng.randrange(0, 60))
        world = clinic(rng, staffing, start, days=140, load=rng.uniform(0.2, 0.6))
        wishes = Wishes(start_on=start, preferred_min=rng.choice((None, 540, 600, 780)))
        yield Instance(f"kap-{number}", "kap_programme", world, wishes)


def resources_of(staffing: Staffing) -> dict[int, Resource]:
    """Return the resources of a clinic, numbered by kind."""
    found: list[Resource] = []

    def add(first: int, count: int, kind: str | None, can: set[str], tags: set[str]) -> None:
        seats = 2 if "monitoring_clinician" in can else 1
        for at in range(count):
            name = f"{kind or min(can)} {at + 1}"
            found.append(Resource(first + at, name, kind, frozenset(can), frozenset(tags), seats))

    add(100, staffing.devices, "tms_device", set(), {"figure-8", "H1", "H7"})
    add(200, staffing.operators, None, {"tms_operator"}, set())
    add(300, staffing.prescribers, None, {"prescriber"}, set())
    add(400, staffing.therapists, None, {"kap_therapist"}, set())
    add(500, staffing.monitors, None, {"monitoring_clinician"}, set())
    for first, kind in ((600, "dosing_room"), (700, "therapy_room"), (800, "office")):
        add(first, staffing.rooms, kind, set(), set())
    return {resource.id: resource for resource in found}


def clinic(rng: Random, staffing: Staffing, start: date, *, days: int, load: float) -> World:
    """Return a clinic open on weekdays, with closures, leave, shifts and earlier bookings."""
    resources = resources_of(staffing)
    leave = {
        key: range(at := rng.randrange(days), at + rng.randint(2, 8))
        for key, one in resources.items()
        if one.kind is None and rng.random() < 0.4
    }
    closed = set(rng.sample(range(days), days // 40))
    calendar: dict[date, Mapping[int, ResourceDay]] = {}
    for at in range(days):
        on = start + timedelta(days=at)
        if on.weekday() < 5 and at not in closed:
            calendar[on] = {
                key: _day(rng, one, load)
                for key, one in resources.items()
                if at not in leave.get(key, range(0))
            }
    return World(resources, calendar, switches={"prescriber_on_site": True})


def _day(rng: Random, one: Resource, load: float) -> ResourceDay:
    """Return one day of a resource: hours, or a shift with a break, and what is booked."""
    opens, closes = 8 * 12, rng.choice((17, 18)) * 12
    hours = span(opens, closes)
    if one.kind is None:
        noon = rng.choice((12, 12.5, 13))
        hours = hours & ~span(int(noon * 12), int(noon * 12) + 6)
        if rng.random() < 0.25:
            hours &= span(opens, 13 * 12) if rng.random() < 0.5 else span(11 * 12, closes)
    busy = load if one.kind == "tms_device" else load * 0.5
    return ResourceDay(hours, _nested([_free(rng, opens, closes, busy) for _ in range(one.seats)]))


def _nested(seats: list[int]) -> tuple[int, ...]:
    """Return, from the free cells of each seat, the cells where at least 1, 2, ... are free."""
    at_least: list[int] = []
    for seat in seats:
        more = [WHOLE_DAY, *at_least]
        at_least = [
            (at_least[k] if k < len(at_least) else 0) | (more[k] & seat)
            for k in range(len(at_least) + 1)
        ]
    return tuple(at_least)


def _free(rng: Random, opens: int, closes: int, busy: float) -> int:
    """Return the free cells of one seat after random visits."""
    free, at = WHOLE_DAY, opens
    while at < closes:
        length = rng.choice((4, 6, 6, 9, 12))
        if rng.random() < busy:
            free &= ~span(at, min(at + length, CELLS_A_DAY))
        at += length if rng.random() < 0.8 else length + 2
    return free
