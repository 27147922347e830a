"""Courses as they stand, to be asked whether one more visit fits in, and what has no date yet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment
from clinic.models.base import JsonValue
from clinic.models.courses import Course
from clinic.planning.joining import Clash, Joining, Standing, Unbooked, joining
from clinic.planning.wishes import Wishes
from clinic.planning.world import cells_of
from clinic.queries.definitions import visit_kinds
from clinic.queries.treatments import treatment
from clinic.rules.appointments import COUNTING, Numbered, counts, number_visits
from clinic.rules.courses import RUNNING, same_hour
from clinic.rules.visit_kinds import Place
from clinic.rules.wall_days import CELL_MIN

NEW = -1
"""The key of a visit that is not booked yet."""


@dataclass(frozen=True, slots=True)
class Other:
    """A visit that stands in the way: its day, minute of the day and number, if it has one."""

    on: date
    start_min: int
    number: int | None


@dataclass(frozen=True, slots=True)
class Fit:
    """A course as it stands.

    `counts` is what was prescribed by step; `elsewhere` are the patient's days in other courses
    that may not be shared.
    """

    course_id: int
    public_id: str
    site_id: int
    name: str
    device_tags: frozenset[str]
    counts: Mapping[str, int]
    asked: Joining
    others: Mapping[int, Other]
    elsewhere: Mapping[date, Other]

    def clashes(
        self, step_key: str, on: date, start_cell: int, length_cells: int
    ) -> tuple[Clash, ...]:
        """Return what a visit of a step would break then, the plainest first."""
        return self.asked.clashes(Standing(NEW, step_key, "", on, start_cell, length_cells))

    def admits(
        self,
        step_key: str,
        on: date,
        start_cell: int,
        length_cells: int,
        *,
        is_granted: bool = False,
    ) -> bool:
        """Say whether a visit of a step may be offered then; `is_granted` what can be allowed."""
        if on in self.elsewhere and not is_granted:
            return False
        found = self.clashes(step_key, on, start_cell, length_cells)
        return all(clash.is_grantable and is_granted for clash in found)

    @property
    def last_on(self) -> date | None:
        """Return the day of the last visit that counts; None while there is none."""
        return max((one.on for one in self.asked.standing), default=None)

    def usual_min(self) -> int | None:
        """Return the hour at which most sessions of the course are, None while it has none."""
        starts = [one.start_min for one in self.others.values()]
        return same_hour(starts)[0] if starts else None

    def unbooked(self) -> Unbooked | None:
        """Return the first prescribed session without a date; None when all have one."""
        return self.asked.next_session(self.counts)

    def missing(self) -> int:
        """Return how many prescribed sessions have no date."""
        return max(sum(self.counts.values()) - len(self.asked.standing), 0)


def read_fit(session: Session, *, course_id: int, leave_out: Collection[int] = ()) -> Fit:
    """Return a course as it stands without some of its visits, which are about to move."""
    course = session.get_one(Course, course_id)
    chosen = treatment(session, course)
    rows = _counted(session, course_id)
    numbers = number_visits([Numbered(row.id, row.start_at, row.status) for row in rows])
    kept = [row for row in rows if row.id not in leave_out]
    return Fit(
        course_id=course.id,
        public_id=course.public_id,
        site_id=course.site_id,
        name=chosen.name,
        device_tags=chosen.device_tags,
        counts={key: n for key, n in course.counts.items() if isinstance(n, int)},
        asked=joining(
            chosen, visit_kinds(session), wishes_of(course), [_standing(row) for row in kept]
        ),
        others={row.id: Other(row.local_on, row.local_min, numbers.get(row.id)) for row in kept},
        elsewhere=_elsewhere(session, course),
    )


def running_fits(
    session: Session, *, patient_id: int, site_ids: Collection[int] | None
) -> list[Fit]:
    """Return the running courses of a patient at sites (None: at all), newest first."""
    query = (
        select(Course.id)
        .where(
            Course.patient_id == patient_id,
            Course.status.in_(RUNNING),
            Course.lapses_on.is_(None),
        )
        .order_by(Course.id.desc())
    )
    if site_ids is not None:
        query = query.where(Course.site_id.in_(site_ids))
    return [read_fit(session, course_id=course_id) for course_id in session.scalars(query).all()]


def _counted(session: Session, course_id: int) -> list[Appointment]:
    """Return the delivered and planned visits of a course in time order."""
    query = (
        select(Appointment)
        .where(Appointment.course_id == course_id, Appointment.status.in_(COUNTING))
        .order_by(Appointment.start_at, Appointment.id)
    )
    return [row for row in session.scalars(query) if counts(row.status, row.outcome)]


def _standing(row: Appointment) -> Standing:
    return Standing(
        key=row.id,
        step_key=row.step_key or "",
        kind_key=row.kind_key,
        on=row.local_on,
        start_cell=row.local_min // CELL_MIN,
        length_cells=cells_of(row.length_min),
    )


def _elsewhere(session: Session, course: Course) -> dict[date, Other]:
    """Return the days of the patient's other courses; none where the prescriber lets them share."""
    if course.wishes.get("shares_days") is True:
        return {}
    rows = session.execute(
        select(Appointment.local_on, Appointment.local_min).where(
            Appointment.patient_id == course.patient_id,
            Appointment.course_id.is_not(None),
            Appointment.course_id != course.id,
            Appointment.status.in_(COUNTING),
        )
    )
    return {on: Other(on, start_min, None) for on, start_min in rows}


def wishes_of(course: Course) -> Wishes:
    """Return what was wished of a course, as far as limits, weekdays and place go."""
    kept = course.wishes
    per_week, place = kept.get("per_week"), kept.get("place")
    weekdays = kept.get("weekdays")
    return Wishes(
        start_on=course.start_on,
        per_week=per_week if isinstance(per_week, int) else None,
        weekdays=frozenset(one for one in weekdays if isinstance(one, int))
        if isinstance(weekdays, list)
        else None,
        every=_numbers(kept.get("every")),
        weekly=_numbers(kept.get("weekly")),
        place=place if isinstance(place, str) else Place.ROOM,
    )


def _numbers(kept: JsonValue) -> dict[str, int]:
    """Return whole numbers by step as they are kept."""
    found = kept if isinstance(kept, Mapping) else {}
    return {key: n for key, n in found.items() if isinstance(n, int)}
