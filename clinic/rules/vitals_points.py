"""Vitals points and watch time: what is due when, which reading serves it, when one may leave.

A point hangs on an anchor of the visit (first dose, last dose, end of infusion, leaving). When a
dose is added or an infusion stops, the points are laid out again from the new anchors; readings
stay as they are. The numbers belong to the protocol (protocols.json, `vitals`, `observation`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from clinic.rules.data import Node


class PointAnchor(StrEnum):
    """The moment of a visit from which a point or the watch time counts."""

    FIRST_DOSE = "first_dose"
    LAST_DOSE = "last_dose"
    INFUSION_END = "infusion_end"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class VitalsPoint:
    """One reading that a protocol wants; recommended ones (not required) never alarm.

    A point with `drop_after` disappears when it is due at or after that moment. The leave point has
    no due time: its reading must lie within `within_min_before` minutes before leaving.
    """

    anchor: PointAnchor
    at_min: int
    grace_min: int
    is_required: bool
    signals: frozenset[str]
    drop_after: PointAnchor | None = None
    within_min_before: int | None = None


@dataclass(frozen=True, slots=True)
class WatchTime:
    """How long a patient is watched, and from which moment on."""

    anchor: PointAnchor
    minutes: int


@dataclass(frozen=True, slots=True)
class Given:
    """When doses of any kind were given, in time order, and when an infusion ended or will end."""

    doses_at: tuple[datetime, ...]
    infusion_ends_at: datetime | None = None

    def at(self, anchor: PointAnchor) -> datetime | None:
        """Return the moment of an anchor, None when it has not come or has no time."""
        moments = {
            PointAnchor.FIRST_DOSE: min(self.doses_at, default=None),
            PointAnchor.LAST_DOSE: max(self.doses_at, default=None),
            PointAnchor.INFUSION_END: self.infusion_ends_at,
            PointAnchor.LEAVE: None,
        }
        return moments[anchor]


class PointState(StrEnum):
    """How a point stands: served by a reading, missed, or still open."""

    SERVED = "served"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class DuePoint:
    """One point of a visit with its due time, its state and the reading that serves it."""

    point: VitalsPoint
    due_at: datetime
    state: PointState = PointState.OPEN
    read_at: datetime | None = None

    @property
    def alerts_at(self) -> datetime | None:
        """Return the first whole minute at which a required point is missed, None for others."""
        return self.due_at + self.grace + timedelta(minutes=1) if self.point.is_required else None

    @property
    def grace(self) -> timedelta:
        """Return how far a reading may lie from the due time, either side."""
        return timedelta(minutes=self.point.grace_min)


def parse_points(node: Node) -> tuple[VitalsPoint, ...]:
    """Return the vitals points of a protocol from its `vitals` list, or raise DataError."""
    return tuple(_point(one) for one in node.items())


def _point(node: Node) -> VitalsPoint:
    drop, within = node.optional("drop_after"), node.optional("within_min_before")
    return VitalsPoint(
        anchor=node.field("anchor").one_of(PointAnchor),
        at_min=node.field("at_min").whole(),
        grace_min=node.field("grace_min").whole(),
        is_required=node.field("required").flag(),
        signals=node.field("signals").texts(),
        drop_after=None if drop is None else drop.one_of(PointAnchor),
        within_min_before=None if within is None else within.whole(),
    )


def parse_watch_time(node: Node) -> WatchTime:
    """Return the watch time of a protocol from its `observation`, or raise DataError."""
    return WatchTime(node.field("from").one_of(PointAnchor), node.field("min").whole())


def lay_out(points: Iterable[VitalsPoint], given: Given) -> tuple[DuePoint, ...]:
    """Return the points that have a due time now, in time order, all open."""
    laid = []
    for point in points:
        anchor_at = given.at(point.anchor)
        if anchor_at is None:
            continue
        due_at = anchor_at + timedelta(minutes=point.at_min)
        dropped_from = None if point.drop_after is None else given.at(point.drop_after)
        if dropped_from is None or due_at < dropped_from:
            laid.append(DuePoint(point, due_at))
    return tuple(sorted(laid, key=lambda one: one.due_at))


def serve_points(
    laid: Sequence[DuePoint], *, readings_at: Iterable[datetime], now: datetime
) -> tuple[DuePoint, ...]:
    """Return the points as they stand at `now`, in time order.

    A reading serves the nearest open point within its grace, on a tie the earlier; one reading,
    one point. A required point is missed when now is later than due and grace; a recommended one
    stays open and never alarms.
    """
    served: dict[int, datetime] = {}
    for read_at in sorted(at for at in readings_at if at <= now):
        near = [
            (abs(read_at - one.due_at), n)
            for n, one in enumerate(laid)
            if n not in served and abs(read_at - one.due_at) <= one.grace
        ]
        if near:
            served[min(near)[1]] = read_at
    return tuple(_standing(one, served.get(n), now) for n, one in enumerate(laid))


def _standing(one: DuePoint, read_at: datetime | None, now: datetime) -> DuePoint:
    if read_at is not None:
        return DuePoint(one.point, one.due_at, PointState.SERVED, read_at)
    is_missed = one.point.is_required and now > one.due_at + one.grace
    return DuePoint(one.point, one.due_at, PointState.MISSED if is_missed else PointState.OPEN)


def earliest_leave(watch: WatchTime, given: Given) -> datetime | None:
    """Return when the watch time is over, None while its anchor has not come."""
    anchor_at = given.at(watch.anchor)
    return None if anchor_at is None else anchor_at + timedelta(minutes=watch.minutes)


class LeaveFault(StrEnum):
    """Which part of leaving is not met by time alone."""

    WATCH_TIME = "watch_time_not_over"
    FINAL_READING = "final_reading_too_old"


@dataclass(frozen=True, slots=True)
class LeaveRefusal:
    """Why one may not leave yet: minutes there are (None: no reading) and minutes that count."""

    fault: LeaveFault
    minutes: int | None
    needed_min: int


def leave_refusals(
    *,
    watch: WatchTime,
    points: Iterable[VitalsPoint],
    given: Given,
    readings_at: Iterable[datetime],
    now: datetime,
) -> tuple[LeaveRefusal, ...]:
    """Return all that time says against leaving now: watch time first, then the final reading."""
    refusals = []
    watched = _minutes(given.at(watch.anchor), now)
    if watched is None or watched < watch.minutes:
        refusals.append(LeaveRefusal(LeaveFault.WATCH_TIME, watched, watch.minutes))
    within = final_within(points)
    if within is not None:
        age = _minutes(max((at for at in readings_at if at <= now), default=None), now)
        if age is None or age > within:
            refusals.append(LeaveRefusal(LeaveFault.FINAL_READING, age, within))
    return tuple(refusals)


def _minutes(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else (now - since) // timedelta(minutes=1)


def final_within(points: Iterable[VitalsPoint]) -> int | None:
    """Return in how many minutes before leaving the final reading must lie, None if none is."""
    return next((one.within_min_before for one in points if one.anchor is PointAnchor.LEAVE), None)


@dataclass(frozen=True, slots=True)
class Overrun:
    """A visit that needs its place longer than booked; nothing is moved by itself."""

    minutes: int
    free_at: datetime
    collides: bool


def overrun(
    leaves_at: datetime, *, booked_end: datetime, turnover_min: int, next_start: datetime | None
) -> Overrun | None:
    """Return the overrun of a visit whose earliest leave passes its booked end, else None."""
    if leaves_at <= booked_end:
        return None
    free_at = leaves_at + timedelta(minutes=turnover_min)
    return Overrun(
        minutes=-((booked_end - leaves_at) // timedelta(minutes=1)),
        free_at=free_at,
        collides=next_start is not None and next_start < free_at,
    )


@dataclass(frozen=True, slots=True)
class RemsForm:
    """The monitoring form of the US programme: its minutes, when due, and from when overdue."""

    total_min: int
    due_on: date
    overdue_from: date


def rems_form(
    node: Node, *, given: Given, monitoring_ended_at: datetime, on: date
) -> RemsForm | None:
    """Return the form of a visit on its local day `on`, None before a dose; `node` is `rems`.

    Minutes count from the first device to the end of monitoring.
    """
    minutes = _minutes(given.at(PointAnchor.FIRST_DOSE), monitoring_ended_at)
    if minutes is None:
        return None
    return RemsForm(
        total_min=minutes,
        due_on=on + timedelta(days=node.field("form_due_days").whole()),
        overdue_from=on + timedelta(days=node.field("form_overdue_from_day").whole()),
    )
