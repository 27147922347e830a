"""The presenter of the list at the chairs: what presses most on top, each row with what is due."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for
from flask_babel import gettext

from clinic.queries.charts import CourseVisit, DayVisit, SiteName, numbers
from clinic.rules.appointments import HERE, Status
from clinic.rules.vitals_due import PRESSING, Chair, Tone, next_reading
from clinic.web import present
from clinic.web.clinician.standing import GLYPHS, standing

OVER = frozenset({Status.FULFILLED, Status.NOSHOW})


@dataclass(frozen=True, slots=True)
class TodayRow:
    """One visit as the list prints it; `tone` says how much it presses, `glyph` says it too."""

    time: str
    name: str
    address: str | None
    where: str
    kind: str
    number: str
    tag: present.StatusTag
    due: str
    tone: Tone
    glyph: str
    site: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One way of looking at the list: a site alone, or one's own visits."""

    name: str
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class TodayList:
    """The list with its heading: people here now first, by urgency, then the rest of the day."""

    day: str
    summary: str
    alarm: str
    here: tuple[TodayRow, ...]
    coming: tuple[TodayRow, ...]
    done: tuple[TodayRow, ...]
    sites: tuple[Choice, ...]
    whose: tuple[Choice, ...]
    is_mine: bool

    @property
    def is_empty(self) -> bool:
        """Say whether nobody is booked at all."""
        return not (self.here or self.coming or self.done)


@dataclass(frozen=True, slots=True)
class Look:
    """How the list is looked at: which sites there are, which is chosen, whose visits, and when."""

    sites: Sequence[SiteName]
    chosen: str
    is_mine: bool
    has_own: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What was read beside the visits of the day, each by appointment but for labels and courses.

    `labels` are the staff labels of visit kinds by version row.
    """

    courses: Mapping[int, Sequence[CourseVisit]]
    labels: Mapping[int, str]
    chairs: Mapping[int, Chair]
    places: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Due:
    """What is to be done next at a visit, how much it presses, and by when."""

    words: str
    tone: Tone = Tone.CALM
    at: datetime | None = None


def today_list(
    visits: Sequence[DayVisit],
    facts: DayFacts,
    look: Look,
    *,
    address: Callable[[DayVisit], str | None],
) -> TodayList:
    """Return the list; people here now by urgency, everybody else by time."""
    dues = _dues(visits, facts, look)
    rows = _rows(visits, facts, look, dues, address)
    here = sorted(
        (one for one in visits if one.status in HERE),
        key=lambda one: _urgency(one, dues[one.appointment_id]),
    )
    return TodayList(
        day=present.long_day(look.sites[0].today(look.now)) if look.sites else "",
        summary=gettext("%(here)s here now, %(all)s visits today", here=len(here), all=len(visits)),
        alarm=_alarm([dues[one.appointment_id].tone for one in here]),
        here=tuple(rows[one.appointment_id] for one in here),
        coming=tuple(rows[one.appointment_id] for one in visits if one.status not in HERE | OVER),
        done=tuple(rows[one.appointment_id] for one in visits if one.status in OVER),
        sites=_site_choices(look) if len(look.sites) > 1 else (),
        whose=_whose_choices(look) if look.has_own else (),
        is_mine=look.is_mine,
    )


def _dues(visits: Sequence[DayVisit], facts: DayFacts, look: Look) -> dict[int, _Due]:
    zones = {site.id: site.zone for site in look.sites}
    return {
        one.appointment_id: _due(
            one, facts.chairs.get(one.appointment_id), zones[one.site_id], look.now
        )
        for one in visits
    }


def _rows(
    visits: Sequence[DayVisit],
    facts: DayFacts,
    look: Look,
    dues: Mapping[int, _Due],
    address: Callable[[DayVisit], str | None],
) -> dict[int, TodayRow]:
    counted = {course_id: _counted(course) for course_id, course in facts.courses.items()}
    names = {site.id: site.name for site in look.sites}
    return {
        one.appointment_id: _row(
            one,
            facts,
            dues[one.appointment_id],
            number=counted.get(one.course_id or 0, {}).get(one.appointment_id, ""),
            site=names[one.site_id],
            address=address(one),
        )
        for one in visits
    }


def _urgency(visit: DayVisit, due: _Due) -> tuple[int, datetime, int]:
    return PRESSING[due.tone], due.at or visit.end_at, visit.appointment_id


def _alarm(tones: Sequence[Tone]) -> str:
    """Return how many chairs need somebody now, empty when none does."""
    act, late = tones.count(Tone.ACT), tones.count(Tone.LATE)
    parts = [
        gettext("‼ %(n)s act now", n=act) if act else "",
        gettext("◷ %(n)s overdue", n=late) if late else "",
    ]
    return ", ".join(part for part in parts if part)


def _counted(course: Sequence[CourseVisit]) -> dict[int, str]:
    found = numbers(course)
    return {one: f"{number}/{len(found)}" for one, number in found.items()}


def _row(
    visit: DayVisit, facts: DayFacts, due: _Due, *, number: str, site: str, address: str | None
) -> TodayRow:
    return TodayRow(
        time=present.clock_time(visit.local_min),
        name=present.sorted_name(visit.family, visit.given),
        address=address,
        where=", ".join(facts.places.get(visit.appointment_id, ())),
        kind=facts.labels[visit.definition_id],
        number=number,
        tag=present.status_tag(
            visit.status, outcome=visit.outcome, is_confirmed=visit.is_confirmed
        ),
        due=due.words,
        tone=due.tone,
        glyph=GLYPHS[due.tone],
        site=site,
    )


def _due(visit: DayVisit, chair: Chair | None, zone: str, now: datetime) -> _Due:
    """Return what is to be done next at a visit: what the readings ask for before all else."""
    if visit.status is Status.BOOKED:
        is_late = now > visit.start_at
        return _Due(gettext("not here yet"), Tone.DUE) if is_late else _Due("")
    if visit.status not in HERE or chair is None:
        return _Due("")
    stands, due = standing(chair, now=now, zone=zone), next_reading(chair, now)
    at = None if due is None else due.at
    if visit.ended_at is not None:
        return _Due(gettext("finish the visit"), Tone.DUE)
    if stands.tone is Tone.ACT:
        return _Due(stands.words, stands.tone, at)
    if visit.is_on_hold:
        return _Due(gettext("hold: ask prescriber"), Tone.CARE)
    if stands.words:
        return _Due(stands.words, stands.tone, at)
    return _by_status(visit, zone, now, has_reading=chair.last is not None)


def _by_status(visit: DayVisit, zone: str, now: datetime, *, has_reading: bool) -> _Due:
    """Return what is next where no reading asks for anything."""
    if visit.started_at is None:
        if visit.status is Status.ARRIVED:
            return _Due(gettext("bring to the room"), Tone.DUE)
        if has_reading:
            return _Due(gettext("start the session"), Tone.DUE)
        return _Due(gettext("take vitals, then start"), Tone.DUE)
    values = {
        "time": present.time_at(visit.started_at, zone),
        "end": present.time_at(visit.end_at, zone),
    }
    if now > visit.end_at:
        words = gettext("in session since %(time)s, booked until %(end)s", **values)
        return _Due(words, Tone.DUE)
    return _Due(gettext("in session since %(time)s, until %(end)s", **values))


def _site_choices(look: Look) -> tuple[Choice, ...]:
    known = look.chosen if any(site.public_id == look.chosen for site in look.sites) else ""
    every = Choice(gettext("All sites"), _address("", look.is_mine), not known)
    return (
        every,
        *(
            Choice(site.name, _address(site.public_id, look.is_mine), site.public_id == known)
            for site in look.sites
        ),
    )


def _whose_choices(look: Look) -> tuple[Choice, ...]:
    return (
        Choice(gettext("Everybody"), _address(look.chosen, False), not look.is_mine),
        Choice(gettext("Mine"), _address(look.chosen, True), look.is_mine),
    )


def _address(site: str, is_mine: bool) -> str:
    return url_for("clinician.home", site=site or None, mine="1" if is_mine else None)
