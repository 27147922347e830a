"""Today at the desk: who comes, who waits and how long, who was missed and needs a new date."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for
from flask_babel import gettext, ngettext

from clinic.models.engine import reading
from clinic.queries.days import DayRow, read_day, site_choices
from clinic.queries.pencils import PencilRow, pencils_of
from clinic.queries.unbooked import LostVisit, UnbookedRow, unbooked_rows
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status, Verb, possible_verbs
from clinic.rules.permissions import Permission
from clinic.rules.worklists import NoNewDate
from clinic.web.desk.blueprint import blueprint
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.phones import phone_words
from clinic.web.places import chosen_site, course_address, local_day, visit_address
from clinic.web.present import StatusTag, clock_time, day, long_day, sorted_name, status_tag
from clinic.web.requests import current_clinic
from clinic.web.shell import in_menu
from clinic.web.words import lazy

PAGE = "desk/home.html"
WAITS_LONG_MIN = 10
OVER = frozenset({Status.FULFILLED, Status.NOSHOW})


@dataclass(frozen=True, slots=True)
class TodayLine:
    """A visit of today as it is printed; without an address for who may not see the schedule."""

    public_id: str
    version: int
    when: str
    name: str
    patient_address: str
    address: str | None
    what: str
    number: str
    phone: str
    tag: StatusTag
    after_tag: str
    waits_long: bool
    is_late: bool
    can_arrive: bool
    can_check_in: bool


@dataclass(frozen=True, slots=True)
class MissedLine:
    """A patient with sessions that have no date: what came to nothing last, and how many.

    `drop_address` is None where nothing was booked that could be taken off the list.
    """

    name: str
    patient_address: str
    address: str | None
    when: str
    what: str
    more: str
    phone: str
    new_address: str
    drop_address: str | None


@dataclass(frozen=True, slots=True)
class PencilLine:
    """A pencilled course: to be decided, or given up by itself and not yet seen."""

    name: str
    address: str | None
    words: str
    phone: str
    noted_address: str | None


def works_at_desk(actor: Actor) -> bool:
    """Say whether this is somebody's list of the day; clinicians who do not book have Chairs."""
    return actor.may(Permission.SCHEDULE) or not actor.may(Permission.SEE_CLINICAL)


@blueprint.get("/")
@in_menu(lazy("Today"), position=10, key="d", shown_to=works_at_desk)
@needs(Permission.SEE_PATIENTS)
def home() -> str:
    """Show the visits of today at a site, and the sessions that need a new date."""
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, sites_here())
        if not sites:
            return render_template("desk/no_site.html")
        site = chosen_site(sites)
        today = local_day(here.now, site.zone)
        rows = read_day(unit, site_id=site.id, on=today)
        missed = unbooked_rows(unit, site_id=site.id)
        pencils = pencils_of(unit, site_id=site.id)
    seen = {"on": today.isoformat()}
    note_look("see_today", subject="site", subject_id=site.id, values=seen)
    lines = [_line(row, site.id, here.now) for row in rows]
    return render_template(
        PAGE,
        title=long_day(today),
        site=site,
        sites=sites,
        summary=_summary(rows, lines),
        waiting=[one for one, row in zip(lines, rows, strict=True) if _is_here(row)],
        coming=[one for one, row in zip(lines, rows, strict=True) if _is_coming(row)],
        over=[one for one, row in zip(lines, rows, strict=True) if row.status in OVER],
        missed=[_missed(row, site.id) for row in missed],
        missing=sum(row.missing for row in missed),
        pencils=[_pencil(row, site.id) for row in pencils],
        reasons=_no_date_reasons(),
        may_check_in=here.actor.may_at(Permission.CHECK_IN, site.id),
        may_book=here.actor.may_at(Permission.SCHEDULE, site.id),
    )


def _is_here(row: DayRow) -> bool:
    return row.status in (Status.ARRIVED, Status.CHECKED_IN)


def _is_coming(row: DayRow) -> bool:
    return row.status not in OVER and not _is_here(row)


def _line(row: DayRow, site_id: int, now: datetime) -> TodayLine:
    minutes = _waiting_min(row, now)
    verbs = possible_verbs(row.status)
    return TodayLine(
        public_id=row.public_id,
        version=row.version,
        when=clock_time(row.local_min),
        name=sorted_name(row.family, row.given),
        patient_address=url_for("desk.show_patient", public_id=row.patient_public_id),
        address=visit_address(row.public_id, site_id),
        what=row.kind_label,
        number=f"{row.number or '–'}/{row.total}" if row.total else "",
        phone=phone_words(row.phone),
        tag=status_tag(row.status, outcome=row.outcome, is_confirmed=row.is_confirmed),
        after_tag=f" {gettext('%(n)s min', n=minutes)}" if minutes else "",
        waits_long=minutes > WAITS_LONG_MIN,
        is_late=_is_coming(row) and row.start_at < now,
        can_arrive=bool(verbs & {Verb.ARRIVE, Verb.WITHDRAW_NO_SHOW}),
        can_check_in=row.status is Status.ARRIVED,
    )


def _waiting_min(row: DayRow, now: datetime) -> int:
    if row.status is not Status.ARRIVED or row.arrived_at is None:
        return 0
    return max(int((now - row.arrived_at).total_seconds()) // 60, 0)


def _missed(row: UnbookedRow, site_id: int) -> MissedLine:
    lost, course = row.lost, row.course_public_id or ""
    address = (
        course_address(course, site_id) if lost is None else visit_address(lost.public_id, site_id)
    )
    return MissedLine(
        name=sorted_name(row.family, row.given),
        patient_address=url_for("desk.show_patient", public_id=row.patient_public_id),
        address=address,
        when=gettext("Never booked") if lost is None else _lost_words(lost),
        what=row.course_name if lost is None else lost.kind_label,
        more=_more(row),
        phone=phone_words(row.phone),
        new_address=url_for("schedule.new_visit", course=course)
        if lost is None
        else url_for("schedule.new_visit", makes_up=lost.public_id),
        drop_address=None if lost is None else url_for("schedule.drop", public_id=lost.public_id),
    )


def _lost_words(lost: LostVisit) -> str:
    when = f"{day(lost.on)} {clock_time(lost.local_min)}"
    words = {
        Status.NOSHOW: gettext("Missed %(when)s", when=when),
        Status.CANCELLED: gettext("Cancelled, %(when)s", when=when),
    }
    return words.get(lost.status, gettext("Came, not treated %(when)s", when=when))


def _more(row: UnbookedRow) -> str:
    """Return how far the course is, and how many sessions wait for a date where it is not one."""
    if row.course_public_id is None:
        return ""
    parts = [gettext("%(n)s of %(all)s done", n=row.done, all=row.total)]
    if row.missing > 1:
        parts.append(gettext("%(n)s sessions without a date", n=row.missing))
    return " · ".join(parts)


def _pencil(row: PencilRow, site_id: int) -> PencilLine:
    lapsed = row.lapses_on is None
    return PencilLine(
        name=sorted_name(row.family, row.given),
        address=course_address(row.course, site_id),
        words=gettext("given up, nobody decided")
        if row.lapses_on is None
        else gettext("held until %(day)s", day=day(row.lapses_on)),
        phone=phone_words(row.phone),
        noted_address=url_for("schedule.note_pencil", item=row.item) if lapsed else None,
    )


def _no_date_reasons() -> list[tuple[str, str]]:
    words = {
        NoNewDate.PATIENT_DECLINED: gettext("The patient does not want one"),
        NoNewDate.PRESCRIBER_DECIDED: gettext("The prescriber has decided so"),
        NoNewDate.DATE_EXISTS: gettext("There is a date already"),
    }
    return [(reason.value, words[reason]) for reason in NoNewDate]


def _summary(rows: list[DayRow], lines: list[TodayLine]) -> str:
    parts = [ngettext("%(num)s visit", "%(num)s visits", len(rows))]
    here = sum(1 for row in rows if row.status is Status.ARRIVED)
    long = sum(1 for line in lines if line.waits_long)
    late = sum(1 for line in lines if line.is_late)
    if here:
        parts.append(gettext("%(n)s waiting", n=here))
    if long:
        parts.append(gettext("%(n)s over 10 min", n=long))
    if late:
        parts.append(gettext("%(n)s late", n=late))
    return " · ".join(parts)
