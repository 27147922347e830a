"""What a site is set up with, read once and kept while the mark of the set-up stands."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from clinic.models.resources import PATIENT, PERSON, Resource, ResourceFit, Seat, Shift
from clinic.models.sites import Holiday, OpeningHours
from clinic.models.staff import Qualification, Staff
from clinic.planning import world as planning
from clinic.queries.kept import Kept
from clinic.rules.wall_days import minutes_mask

T = TypeVar("T")
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ShiftHours:
    """The cells of a weekday in which somebody works, and from when until when that holds."""

    weekday: int
    mask: int
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class SiteSetup:
    """Resources, hours, holidays and shifts of a site; people's qualifications with their ends.

    `hours` are the open cells of each weekday, Monday first; `shifts` and `qualified` are by
    resource id.
    """

    resources: Mapping[int, planning.Resource]
    hours: tuple[int, ...]
    holidays: Mapping[date, str]
    shifts: Mapping[int, tuple[ShiftHours, ...]]
    qualified: Mapping[int, tuple[tuple[str, date], ...]]

    def resources_on(self, on: date) -> dict[int, planning.Resource]:
        """Return the resources by id, people with what they are qualified for on a date."""
        return {
            resource_id: one if one.kind is not None else self._person(one, on)
            for resource_id, one in self.resources.items()
        }

    def lapsed(self, resource_id: int, since: date, on: date) -> frozenset[str]:
        """Return which qualifications a person had on the first date and has no more on another."""
        ends = self.qualified.get(resource_id)
        if ends is None:
            return NOBODY
        return frozenset(name for name, last_on in ends if since <= last_on < on)

    def on_shift(self, resource_id: int, on: date) -> int:
        """Return the cells in which a person works on a date."""
        mask = 0
        for shift in self.shifts.get(resource_id, ()):
            if shift.weekday == on.weekday() and shift.from_on <= on <= shift.until_on:
                mask |= shift.mask
        return mask

    def _person(self, one: planning.Resource, on: date) -> planning.Resource:
        ends = self.qualified.get(one.id, ())
        has = frozenset(name for name, last_on in ends if last_on >= on)
        return planning.Resource(one.id, one.name, None, has, one.tags, one.seats, one.fits)


def site_setup(session: Session, site_id: int) -> SiteSetup:
    """Return what a site is set up with; one query while nothing has changed."""
    return _SETUPS.of(session, site_id)


def _read_setup(session: Session, site_id: int) -> SiteSetup:
    return SiteSetup(
        resources=_resources(session, site_id),
        hours=_hours(session, site_id),
        holidays=_holidays(session, site_id),
        shifts=_shifts(session, site_id),
        qualified=_qualified(session),
    )


_SETUPS: Kept[int, SiteSetup] = Kept(_read_setup)


def _resources(session: Session, site_id: int) -> dict[int, planning.Resource]:
    """Return the bookable resources: devices and rooms of the site, people with shifts there."""
    rows = session.execute(
        select(Resource.id, Resource.name, Resource.kind, Resource.tags).where(
            or_(
                Resource.site_id == site_id,
                Resource.id.in_(select(Shift.resource_id).where(Shift.site_id == site_id)),
            ),
            Resource.is_active,
            Resource.kind != PATIENT,
        )
    ).all()
    seats = _seat_counts(session, [row.id for row in rows])
    fits = _fits(session)
    return {
        row.id: planning.Resource(
            id=row.id,
            name=row.name,
            kind=None if row.kind == PERSON else row.kind,
            tags=frozenset(row.tags),
            seats=seats.get(row.id, 0),
            fits=fits.get(row.id, frozenset()),
        )
        for row in rows
    }


def _seat_counts(session: Session, ids: Collection[int]) -> dict[int, int]:
    counted = select(Seat.resource_id, func.count()).where(Seat.resource_id.in_(ids))
    return dict(session.execute(counted.group_by(Seat.resource_id)).all())


def _fits(session: Session) -> dict[int, frozenset[int]]:
    devices: dict[int, set[int]] = defaultdict(set)
    for row in session.execute(select(ResourceFit.resource_id, ResourceFit.device_id)):
        devices[row.resource_id].add(row.device_id)
    return {resource_id: frozenset(found) for resource_id, found in devices.items()}


def _qualified(session: Session) -> dict[int, tuple[tuple[str, date], ...]]:
    """Return what each person is qualified for, with its last day, by resource id."""
    query = (
        select(Staff.resource_id, Qualification.qualification, Qualification.until_on)
        .join(Staff, Staff.id == Qualification.staff_id)
        .where(Staff.is_active, Staff.resource_id.is_not(None))
    )
    return _grouped(
        (resource_id or 0, (name, until_on or date.max))
        for resource_id, name, until_on in session.execute(query)
    )


def _hours(session: Session, site_id: int) -> tuple[int, ...]:
    masks = [0] * 7
    for row in session.execute(
        select(OpeningHours.weekday, OpeningHours.from_min, OpeningHours.to_min).where(
            OpeningHours.site_id == site_id
        )
    ):
        masks[row.weekday] |= minutes_mask(row.from_min, row.to_min)
    return tuple(masks)


def _holidays(session: Session, site_id: int) -> dict[date, str]:
    query = select(Holiday.on, Holiday.name).where(Holiday.site_id == site_id)
    return dict(session.execute(query).all())


def _shifts(session: Session, site_id: int) -> dict[int, tuple[ShiftHours, ...]]:
    rows = session.execute(
        select(
            Shift.resource_id,
            Shift.weekday,
            Shift.from_min,
            Shift.to_min,
            Shift.from_on,
            Shift.until_on,
        ).where(Shift.site_id == site_id)
    )
    return _grouped(
        (
            key,
            ShiftHours(weekday, minutes_mask(first, last), from_on, until_on or date.max),
        )
        for key, weekday, first, last, from_on, until_on in rows
    )


def _grouped(pairs: Iterable[tuple[int, T]]) -> dict[int, tuple[T, ...]]:
    found: dict[int, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: tuple(values) for key, values in found.items()}
