"""Today at the desk: who comes, who waits and how long, who was missed and needs a new date."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for
from flask_babel import gettext, ngettext

from clinic.models.engine import reading
from clinic.queries.days import DayRow, MissedRow, missed_visits, read_day, site_choices
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status, Verb, possible_verbs
from clinic.rules.permissions import Permission
from clinic.web.desk.blueprint import blueprint
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.phones import phone_words
from clinic.web.places import chosen_site, local_day
from clinic.web.present import StatusTag, clock_time, day, long_day, sorted_name, status_tag
from clinic.web.requests import current_clinic
from clinic.web.shell import in_menu
from clinic.web.words import lazy

PAGE = "desk/home.html"
WAITS_LONG_MIN = 10
OVER = frozenset({Status.FULFILLED, Status.NOSHOW})


@dataclass(frozen=True, slots=True)
class TodayLine:
    """A visit of today as it is printed."""

    public_id: str
    version: int
    when: str
    name: str
    patient_address: str
    address: str
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
    """A missed visit that waits for a new date."""

    name: str
    patient_address: str
    address: str
    when: str
    what: str
    phone: str
    new_address: str


def works_at_desk(actor: Actor) -> bool:
    """Say whether this is somebody's list of the day; clinicians who do not book have Chairs."""
    return actor.may(Permission.SCHEDULE) or not actor.may(Permission.SEE_CLINICAL)


@blueprint.get("/")
@in_menu(lazy("Today"), position=10, key="d", shown_to=works_at_desk)
@needs(Permission.SEE_PATIENTS)
def home() -> str:
    """Show the visits of today at a site, and the missed ones."""
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, here.actor.site_ids)
        if not sites:
            return render_template("desk/no_site.html")
        site = chosen_site(sites)
        today = local_day(here.now, site.zone)
        rows = read_day(unit, site_id=site.id, on=today)
        missed = missed_visits(unit, site_id=site.id)
    seen = {"on": today.isoformat()}
    note_look("see_today", subject="site", subject_id=site.id, values=seen)
    lines = [_line(row, here.now) for row in rows]
    return render_template(
        PAGE,
        title=long_day(today),
        site=site,
        sites=sites,
        summary=_summary(rows, lines),
        waiting=[one for one, row in zip(lines, rows, strict=True) if _is_here(row)],
        coming=[one for one, row in zip(lines, rows, strict=True) if _is_coming(row)],
        over=[one for one, row in zip(lines, rows, strict=True) if row.status in OVER],
        missed=[_missed(row) for row in missed],
        may_check_in=here.actor.may(Permission.CHECK_IN),
        may_book=here.actor.may(Permission.SCHEDULE),
    )


def _is_here(row: DayRow) -> bool:
    return row.status in (Status.ARRIVED, Status.CHECKED_IN)


def _is_coming(row: DayRow) -> bool:
    return row.status not in OVER and not _is_here(row)


def _line(row: DayRow, now: datetime) -> TodayLine:
    minutes = _waiting_min(row, now)
    verbs = possible_verbs(row.status)
    return TodayLine(
        public_id=row.public_id,
        version=row.version,
        when=clock_time(row.local_min),
        name=sorted_name(row.family, row.given),
        patient_address=url_for("desk.show_patient", public_id=row.patient_public_id),
        address=url_for("schedule.board", open=row.public_id),
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


def _missed(row: MissedRow) -> MissedLine:
    return MissedLine(
        name=sorted_name(row.family, row.given),
        patient_address=url_for("desk.show_patient", public_id=row.patient_public_id),
        address=url_for("schedule.board", open=row.public_id),
        when=f"{day(row.local_on)} {clock_time(row.local_min)}",
        what=row.kind_label,
        phone=phone_words(row.phone),
        new_address=url_for("schedule.new_visit", makes_up=row.public_id),
    )


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
