"""The presenter of the Today list: rows in time order, each with what is due."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext

from clinic.queries.charts import CourseVisit, DayVisit, SiteName, numbers
from clinic.rules.appointments import Status
from clinic.web import present


@dataclass(frozen=True, slots=True)
class TodayRow:
    """One visit as the list prints it."""

    time: str
    name: str
    address: str | None
    kind: str
    number: str
    tag: present.StatusTag
    due: str
    is_pressing: bool
    site: str


@dataclass(frozen=True, slots=True)
class SiteLink:
    """A site to look at alone."""

    name: str
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class TodayList:
    """The list with its heading: people here now first, then the rest of the day."""

    day: str
    summary: str
    here: tuple[TodayRow, ...]
    coming: tuple[TodayRow, ...]
    done: tuple[TodayRow, ...]
    sites: tuple[SiteLink, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether nobody is booked at all."""
        return not (self.here or self.coming or self.done)


HERE = frozenset({Status.ARRIVED, Status.CHECKED_IN})
OVER = frozenset({Status.FULFILLED, Status.NOSHOW})


def today_list(
    visits: Sequence[DayVisit],
    *,
    courses: Mapping[int, Sequence[CourseVisit]],
    labels: Mapping[int, str],
    sites: Sequence[SiteName],
    chosen: str,
    now: datetime,
    address: Callable[[DayVisit], str | None],
) -> TodayList:
    """Return the list; `labels` are the staff labels of visit kinds by version row."""
    counted = {course_id: _counted(course) for course_id, course in courses.items()}
    by_id = {site.id: site for site in sites}
    rows = [
        (
            visit.status,
            _row(
                visit,
                label=labels[visit.definition_id],
                number=counted.get(visit.course_id or 0, {}).get(visit.appointment_id, ""),
                site=by_id[visit.site_id],
                address=address(visit),
                now=now,
            ),
        )
        for visit in visits
    ]
    here = tuple(row for status, row in rows if status in HERE)
    done = tuple(row for status, row in rows if status in OVER)
    return TodayList(
        day=present.long_day(sites[0].today(now)) if sites else "",
        summary=gettext("%(here)s here now, %(all)s visits today", here=len(here), all=len(rows)),
        here=here,
        coming=tuple(row for status, row in rows if status not in HERE | OVER),
        done=done,
        sites=_site_links(sites, chosen) if len(sites) > 1 else (),
    )


def _counted(course: Sequence[CourseVisit]) -> dict[int, str]:
    found = numbers(course)
    return {one: f"{number}/{len(found)}" for one, number in found.items()}


def _row(
    visit: DayVisit, *, label: str, number: str, site: SiteName, address: str | None, now: datetime
) -> TodayRow:
    due, is_pressing = _due(visit, site.zone, now)
    return TodayRow(
        time=present.clock_time(visit.local_min),
        name=present.sorted_name(visit.family, visit.given),
        address=address,
        kind=label,
        number=number,
        tag=present.status_tag(
            visit.status, outcome=visit.outcome, is_confirmed=visit.is_confirmed
        ),
        due=due,
        is_pressing=is_pressing,
        site=site.name,
    )


def _due(visit: DayVisit, zone: str, now: datetime) -> tuple[str, bool]:
    """Return what is to be done next at a visit, and whether it presses."""
    if visit.status is Status.BOOKED:
        is_late = now > visit.start_at
        return (gettext("not here yet"), True) if is_late else ("", False)
    if visit.status not in HERE:
        return "", False
    if visit.is_on_hold:
        return gettext("hold: ask prescriber"), True
    if visit.ended_at is not None:
        return gettext("finish the visit"), True
    if visit.started_at is not None:
        began = present.time_at(visit.started_at, zone)
        return gettext("in session since %(time)s", time=began), False
    if visit.status is Status.ARRIVED:
        return gettext("bring to the room"), True
    return gettext("take vitals, then start"), True


def _site_links(sites: Sequence[SiteName], chosen: str) -> tuple[SiteLink, ...]:
    known = chosen if any(site.public_id == chosen for site in sites) else ""
    every = SiteLink(gettext("All sites"), url_for("clinician.home"), not known)
    return (
        every,
        *(
            SiteLink(
                site.name,
                url_for("clinician.home", site=site.public_id),
                site.public_id == known,
            )
            for site in sites
        ),
    )
