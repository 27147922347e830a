"""What is free in a week: every start that one kind of visit could have, day by day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.engine import reading
from clinic.queries.days import SiteChoice, site_choices
from clinic.queries.kinds import KindFrame, kind_frames
from clinic.queries.openings import Openings, Wanted, read_openings
from clinic.rules.permissions import Permission
from clinic.rules.wall_days import CELL_MIN
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.places import asked_day, chosen_site, local_day
from clinic.web.present import clock_time, day
from clinic.web.requests import current_clinic
from clinic.web.schedule.blueprint import blueprint

PAGE = "schedule/free.html"
WEEK = timedelta(days=7)
WEEKEND = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Starts that follow one another: "8:00 to 9:40", and where to book the first of them."""

    words: str
    address: str


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A day of the week with its free stretches, or why there are none."""

    name: str
    stretches: tuple[Stretch, ...]
    why_none: str


@dataclass(frozen=True, slots=True)
class FreeWeek:
    """All that the page prints."""

    title: str
    site: SiteChoice
    sites: list[SiteChoice]
    kinds: list[tuple[str, str]]
    kind: str
    length: str
    monday: date
    before: str
    now: str
    after: str
    days: list[FreeDay]


@blueprint.get("/free")
@needs(Permission.SCHEDULE)
def free_week() -> str:
    """Show what is free for a kind of visit, across all devices, rooms and people of a site."""
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, here.actor.sites_with(Permission.SCHEDULE))
        if not sites:
            return render_template("schedule/no_site.html")
        page = _read(unit, sites)
    note_look(
        "see_free",
        subject="site",
        subject_id=page.site.id,
        values={"on": page.monday.isoformat(), "kind": page.kind},
    )
    return render_template(PAGE, page=page)


def _read(unit: Session, sites: list[SiteChoice]) -> FreeWeek:
    here, site = current_clinic(), chosen_site(sites)
    frames = kind_frames(unit)
    kind = _kind(frames)
    on = asked_day(local_day(here.now, site.zone))
    monday = on - timedelta(days=on.weekday())
    wanted = Wanted(kind, site.frame, None, frames[kind].visit_kind.places[0])
    sunday = monday + WEEK - timedelta(days=1)
    found = read_openings(unit, wanted, from_on=monday, until_on=sunday, now=here.now)
    dates = [monday + timedelta(days=ahead) for ahead in range(7)]
    return FreeWeek(
        title=gettext("Free in the week of %(day)s", day=day(monday)),
        site=site,
        sites=sites,
        kinds=sorted(
            ((key, one.visit_kind.staff_label) for key, one in frames.items()), key=_label
        ),
        kind=kind,
        length=gettext("%(n)s min", n=found.cells * CELL_MIN),
        monday=monday,
        before=_address(site, kind, monday - WEEK),
        now=_address(site, kind, None),
        after=_address(site, kind, monday + WEEK),
        days=[_day(found, on, site, kind) for on in dates if not _is_idle_weekend(found, on)],
    )


def _kind(frames: dict[str, KindFrame]) -> str:
    """Return the kind of the address, or the first by name; NotFound where there is none."""
    wanted = request.args.get("kind", "")
    if wanted in frames:
        return wanted
    if not frames:
        raise NotFound("visit_kind_unknown")
    return min(frames, key=lambda key: frames[key].visit_kind.staff_label)


def _label(choice: tuple[str, str]) -> str:
    return choice[1]


def _address(site: SiteChoice, kind: str, on: date | None) -> str:
    fields = {"site": site.key, "kind": kind, **({} if on is None else {"on": str(on)})}
    return f"?{urlencode(fields)}"


def _is_idle_weekend(found: Openings, on: date) -> bool:
    return on.weekday() in WEEKEND and on in found.closed


def _day(found: Openings, on: date, site: SiteChoice, kind: str) -> FreeDay:
    stretches = tuple(
        Stretch(
            words=_span_words(first, last),
            address=url_for(
                "schedule.new_visit", site=site.key, kind=kind, on=str(on), at=clock_time(first)
            ),
        )
        for first, last in stretches_of(found.starts(on))
    )
    return FreeDay(day(on), stretches, "" if stretches else _why_none(found, on))


def stretches_of(starts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of starts (minutes) that follow one another cell by cell."""
    first = last = -1
    for at in starts:
        if first >= 0 and at != last + CELL_MIN:
            yield first, last
            first = at
        first, last = (at if first < 0 else first), at
    if first >= 0:
        yield first, last


def _span_words(first: int, last: int) -> str:
    if first == last:
        return clock_time(first)
    return gettext("%(first)s to %(last)s", first=clock_time(first), last=clock_time(last))


def _why_none(found: Openings, on: date) -> str:
    if on in found.closed:
        holiday = found.closed[on]
        return gettext("Closed: %(name)s", name=holiday) if holiday else gettext("Closed")
    is_over = on < local_day(found.now, found.wanted.site.zone)
    return gettext("Over") if is_over else gettext("Nothing free")
