"""Free times to offer: of the day asked for, of the days that follow, and who or what they take."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.joinings import GRANTABLE, fit_problem
from clinic.errors import RuleBroken
from clinic.planning.visits import PlannedVisit
from clinic.queries.openings import Openings, Wanted, read_openings
from clinic.rules.wall_days import CELL_MIN
from clinic.web.present import clock_time, day
from clinic.web.sentences import sentence

DAYS_LOOKED_AT = 42
DAYS_AFTER = 21
DAYS_AROUND = 10
OFFERS = 3
DATES = 6
SHOWN = 16
NEAR_MIN = 60
"""A time this near to the usual hour is taken as the usual hour when a form opens."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A time that can be had, as it is offered: `where` names device or room, and person."""

    on: str
    at: str
    words: str
    where: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Times:
    """What a form offers beside its day and time: the day's times, or why there are none."""

    day_words: str
    times: tuple[Offer, ...]
    why_none: str
    dates: tuple[Offer, ...]
    best: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """Openings of the days round the day asked for, and of those from which dates are listed."""

    around: Openings
    ahead: Openings
    ahead_from: date
    ahead_until: date


def read_search(
    unit: Session, wanted: Wanted, *, on: date | None, from_on: date, now: datetime
) -> Search:
    """Return the openings of both spans, in one reading where one span holds the other.

    Dates are looked for until some weeks after the last visit of the course, which fills its days.
    """
    until_on = from_on + timedelta(days=DAYS_LOOKED_AT)
    if wanted.fit is not None and wanted.fit.last_on is not None:
        until_on = max(until_on, wanted.fit.last_on + timedelta(days=DAYS_AFTER))
    ahead = read_openings(unit, wanted, from_on=from_on, until_on=until_on, now=now)
    if on is None or from_on <= on <= until_on - timedelta(days=DAYS_AROUND):
        return Search(ahead, ahead, from_on, until_on)
    around_on = on + timedelta(days=DAYS_AROUND)
    around = read_openings(unit, wanted, from_on=on, until_on=around_on, now=now)
    return Search(around, ahead, from_on, until_on)


def find_times(
    search: Search, on: date | None, at: int | None, *, hour: int | None, is_refused: bool
) -> Times:
    """Return what is offered for a day and time; `hour` is where the dates that follow begin.

    The next best are offered only when the time asked for was refused.
    """
    times = [] if on is None else search.around.starts(on)
    chosen = _chosen(on, at)
    dates = first_dates(search, hour)
    best = next_best(search, on, at) if is_refused and on and at is not None else []
    return Times(
        day_words="" if on is None else day(on),
        times=tuple(_offer(search.around, on, one, chosen) for one in _shown(times, at) if on),
        why_none="" if on is None or times else why_none(search.around, on, at),
        dates=tuple(_offer(search.ahead, *one, chosen, with_day=True) for one in dates),
        best=tuple(_offer(search.around, *one, chosen, with_day=True) for one in best),
    )


def first_dates(search: Search, hour: int | None) -> list[tuple[date, int]]:
    """Return the first free dates, each with its free time nearest to an hour."""
    found: list[tuple[date, int]] = []
    for on in _days(search.ahead_from, (search.ahead_until - search.ahead_from).days + 1):
        times = search.ahead.starts(on)
        if times:
            found.append((on, min(times, key=_from(hour))))
        if len(found) == DATES:
            break
    return found


def opening_date(search: Search, hour: int | None) -> tuple[date, int] | None:
    """Return the date and time with which a form opens: the first near the usual hour."""
    dates = first_dates(search, hour)
    near = (one for one in dates if hour is None or abs(one[1] - hour) <= NEAR_MIN)
    return next(near, dates[0] if dates else None)


def next_best(search: Search, on: date, at: int) -> list[tuple[date, int]]:
    """Return the three times nearest to the one wished: that day, else on the next days."""
    found: list[tuple[date, int]] = []
    for day_on in _days(on, DAYS_AROUND):
        times = search.around.starts(day_on)
        found += [(day_on, minute) for minute in apart(times, at, OFFERS - len(found))]
        if len(found) == OFFERS:
            break
    return found


def why_none(openings: Openings, on: date, at: int | None) -> str:
    """Return why a day has no time to offer: closed, over, the course, or all is taken."""
    holiday = openings.closed.get(on)
    if holiday is not None:
        closed = gettext("%(day)s: the clinic is closed.", day=day(on))
        return f"{closed} ({holiday})" if holiday else closed
    problem = course_problem(openings, on, at)
    if problem is not None:
        return sentence(problem)
    return gettext(
        "%(day)s: nothing is free. All that this visit needs is taken or away.", day=day(on)
    )


def course_problem(openings: Openings, on: date, at: int | None) -> RuleBroken | None:
    """Return why the course has no room for the visit on a day, None when it has."""
    wanted = openings.wanted
    if wanted.fit is None:
        return None
    return fit_problem(
        wanted.fit,
        step_key=wanted.step_key,
        on=on,
        start_cell=(at or 0) // CELL_MIN,
        length_cells=openings.cells,
        is_granted=wanted.is_granted,
    )


def is_grantable(openings: Openings, on: date, at: int | None) -> bool:
    """Say whether somebody with the right could allow the visit on a day that has no room now."""
    if openings.wanted.is_granted:
        return True
    problem = course_problem(openings, on, at)
    return problem is not None and problem.code in GRANTABLE


def apart(times: Sequence[int], at: int, most: int) -> list[int]:
    """Return the times nearest to a wish, at least a quarter of an hour from one another."""
    chosen: list[int] = []
    for minute in sorted(times, key=_from(at)):
        if len(chosen) == most:
            break
        if all(abs(minute - other) >= 15 for other in chosen):
            chosen.append(minute)
    return chosen


def _shown(times: Sequence[int], at: int | None) -> list[int]:
    """Return the day's times that are shown: quarters of an hour, not too many, the chosen one."""
    quarters = [minute for minute in times if minute % 15 == 0] or list(times)
    step = max(1, -(-len(quarters) // SHOWN))
    shown = set(quarters[::step]) | ({at} & set(times) if at is not None else set())
    return sorted(shown)


def _from(hour: int | None) -> Callable[[int], tuple[int, int]]:
    return lambda minute: (0 if hour is None else abs(minute - hour), minute)


def _days(first: date, most: int) -> Iterator[date]:
    return (first + timedelta(days=ahead) for ahead in range(most))


def _chosen(on: date | None, at: int | None) -> tuple[str, str] | None:
    return None if on is None or at is None else (on.isoformat(), _clock(at))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _offer(
    openings: Openings,
    on: date,
    minute: int,
    chosen: tuple[str, str] | None,
    *,
    with_day: bool = False,
) -> Offer:
    words = f"{day(on)} {clock_time(minute)}" if with_day else clock_time(minute)
    key = (on.isoformat(), _clock(minute))
    return Offer(*key, words, _where(openings, on, minute), is_chosen=key == chosen)


def _where(openings: Openings, on: date, minute: int) -> str:
    """Return the device or room that the visit would have then, and who would be with it."""
    visit = openings.visit_at(on, minute)
    if not isinstance(visit, PlannedVisit):
        return ""
    held = [openings.world.resources[hold.resource_id] for hold in visit.holds]
    rooms = [one.name for one in held if one.kind is not None and not one.fits]
    people = [one.name for one in held if one.kind is None]
    return " · ".join([*rooms[:1], *people[:1]])
