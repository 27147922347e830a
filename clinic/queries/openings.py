"""Openings: when one visit could be had over a span of days, read from the database once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.patients import Patient
from clinic.planning.starts import Refusal, legal_starts, place_visit
from clinic.planning.visits import PlannedVisit
from clinic.planning.world import World, cells_of
from clinic.queries.availability import SiteFrame, date_range, read_world
from clinic.queries.joinings import Fit
from clinic.queries.kinds import kind_frames
from clinic.queries.proposals import with_switches
from clinic.queries.site_setups import site_setup
from clinic.rules.visit_kinds import Requirement, VisitKind
from clinic.rules.wall_days import CELL_MIN


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an opening is looked for: the kind of visit, for whom, where and how long.

    `fit` is the course that the visit is part of, `step_key` its step; a single visit has none.
    `leave_out` are visits about to move, whose seats and days count as free. `is_granted`: what
    somebody may allow of the course's rules is allowed.
    """

    kind_key: str
    site: SiteFrame
    patient_id: int | None
    place: str
    length_min: int | None = None
    device_tags: frozenset[str] = frozenset()
    leave_out: tuple[int, ...] = ()
    fit: Fit | None = None
    step_key: str = ""
    phase: str = ""
    is_granted: bool = False

    @property
    def added(self) -> tuple[Requirement, ...]:
        """Return what the step of the course needs beside its kind of visit."""
        step = None if self.fit is None else self.fit.asked.step(self.step_key)
        return () if step is None else step.add_requirements


@dataclass(frozen=True, slots=True)
class Openings:
    """The days of a span with what is open and free on each, to be asked for starts.

    `closed` are the days on which the site is shut, with the name of the holiday or "".
    """

    wanted: Wanted
    world: World
    kind: VisitKind
    cells: int
    now: datetime
    closed: dict[date, str]

    def starts(self, on: date) -> list[int]:
        """Return the minutes of the day at which the visit could start, those over left out."""
        local = self.now.astimezone(ZoneInfo(self.wanted.site.zone))
        if on < local.date():
            return []
        found = legal_starts(
            self.kind,
            self.cells,
            self.world,
            on,
            device_tags=self.wanted.device_tags,
            place=self.wanted.place,
            added=self.wanted.added,
        )
        over = local.hour * 60 + local.minute if on == local.date() else 0
        times = [at for at in _minutes(found) if at >= over]
        if self._is_one_a_day:
            return times if times and self._is_admitted(on, times[0]) else []
        return [at for at in times if self._is_admitted(on, at)]

    def visit_at(
        self, on: date, start_min: int, *, prefer_resource_id: int | None = None
    ) -> PlannedVisit | Refusal:
        """Return the visit with every resource named, or why resources or time are not to be had.

        Whether its course has room for it is not asked here: the action that books it says that.
        """
        needs = (*self.kind.requirements, *self.wanted.added)
        wished = {} if prefer_resource_id is None else {n.id: prefer_resource_id for n in needs}
        return place_visit(
            self.kind,
            self.cells,
            self.world,
            on,
            start_min // CELL_MIN,
            device_tags=self.wanted.device_tags,
            place=self.wanted.place,
            prefer=wished,
            added=self.wanted.added,
            step_key=self.wanted.step_key,
            phase=self.wanted.phase,
        )

    @property
    def _is_one_a_day(self) -> bool:
        """Say whether the course has room for the visit at all hours of a day or at none."""
        step = None if self.wanted.fit is None else self.wanted.fit.asked.step(self.wanted.step_key)
        return step is None or step.per_day.most == 1

    def _is_admitted(self, on: date, at: int) -> bool:
        wanted = self.wanted
        if wanted.fit is None:
            return True
        cell = at // CELL_MIN
        return wanted.fit.admits(
            wanted.step_key, on, cell, self.cells, is_granted=wanted.is_granted
        )


def read_openings(
    session: Session, wanted: Wanted, *, from_on: date, until_on: date, now: datetime
) -> Openings:
    """Return the openings of a span of days, both included; NotFound for an unknown kind."""
    frames = kind_frames(session)
    if wanted.kind_key not in frames:
        raise NotFound("visit_kind_unknown")
    kind = frames[wanted.kind_key].visit_kind
    world = read_world(
        session,
        site=with_switches(session, wanted.site),
        from_on=from_on,
        until_on=until_on,
        patient_resource_id=_resource_of(session, wanted.patient_id),
        leave_out=wanted.leave_out,
    )
    cells = cells_of(wanted.length_min or kind.default_length_min)
    closed = _closed(session, wanted.site.id, world, from_on, until_on)
    return Openings(wanted, world, kind, cells, now, closed)


def _minutes(starts: int) -> Iterator[int]:
    return (cell * CELL_MIN for cell in range(starts.bit_length()) if starts >> cell & 1)


def _resource_of(session: Session, patient_id: int | None) -> int | None:
    if patient_id is None:
        return None
    return session.scalars(select(Patient.resource_id).where(Patient.id == patient_id)).one()


def _closed(
    session: Session, site_id: int, world: World, from_on: date, until_on: date
) -> dict[date, str]:
    """Return the days on which the site is not open, with the name of the holiday, if it is one."""
    names = site_setup(session, site_id).holidays
    shut = (on for on in date_range(from_on, until_on) if not _is_open(world, on))
    return {on: names.get(on, "") for on in shut}


def _is_open(world: World, on: date) -> bool:
    return any(one.open for one in world.days.get(on, {}).values())
