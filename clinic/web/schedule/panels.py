"""The panel of one visit: who, when, where, the strip, what can be done now, what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.queries.courses import (
    CourseFacts,
    HistoryRow,
    VisitFacts,
    VisitRow,
    history,
    read_visit,
)
from clinic.rules.appointments import (
    Outcome,
    Status,
    Verb,
    is_before_its_day,
    possible_verbs,
)
from clinic.rules.courses import RUNNING
from clinic.rules.permissions import Permission
from clinic.web.guard import sites_here
from clinic.web.outcomes import reason_word
from clinic.web.phones import phone_words
from clinic.web.places import local_day
from clinic.web.present import (
    StatusTag,
    clock_time,
    day,
    day_with_year,
    full_name,
    minutes_long,
    moment_at,
    place_word,
    status_tag,
)
from clinic.web.requests import current_clinic
from clinic.web.schedule.board_view import waiting
from clinic.web.strips import Strip, course_strip

MOVABLE = (Status.BOOKED, Status.PENDING)


@dataclass(frozen=True, slots=True)
class Can:
    """What may be done now, by whoever asks."""

    arrive: bool
    check_in: bool
    fulfil: bool
    no_show: bool
    move: bool
    cancel: bool
    make_up: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a visit's history."""

    when: str
    what: str
    who: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A visit as its panel prints it."""

    visit_id: int
    patient_id: int
    public_id: str
    version: int
    site_key: str
    on: date
    name: str
    record: str
    patient_address: str
    course_address: str | None
    course_name: str
    kind: str
    when: str
    where: str
    tag: StatusTag
    after_tag: str
    number: str
    note: str
    strip: Strip | None
    can: Can
    happened: tuple[Happened, ...]


def read_panel(unit: Session, public_id: str) -> Panel:
    """Return the panel of a visit at a site one works at, or raise NotFound."""
    here = current_clinic()
    facts = read_visit(unit, public_id=public_id, site_ids=sites_here())
    rows = history(unit, appointment_id=facts.visit.id)
    return make_panel(facts, rows, here.now)


def make_panel(facts: VisitFacts, rows: list[HistoryRow], now: datetime) -> Panel:
    """Return the panel of a visit."""
    visit, patient, course = facts.visit, facts.patient, facts.course
    return Panel(
        visit_id=visit.id,
        patient_id=patient.id,
        public_id=visit.public_id,
        version=visit.version,
        site_key=facts.site_key,
        on=visit.on,
        name=full_name(patient.family, patient.given, patient.preferred),
        record=" · ".join(_record(facts)),
        patient_address=url_for("desk.show_patient", public_id=patient.public_id),
        course_address=None
        if course is None
        else url_for("schedule.show_course", public_id=course.public_id),
        course_name=course.name if course else "",
        kind=visit.kind_label,
        when=f"{day(visit.on)}, {_hours(visit)}",
        where=where_and_who(visit, facts.site_name),
        tag=visit_tag(visit),
        after_tag=_after(visit, now),
        number=f"{visit.number}/{course.total}" if course and visit.number else "",
        note=visit.note,
        strip=None
        if course is None
        else course_strip(
            course.visits,
            today=local_day(now, course.zone),
            missing=missing_visits(course.visits, course.total),
        ),
        can=_can(facts, now),
        happened=tuple(_happened(row, visit.zone) for row in reversed(rows)),
    )


def _record(facts: VisitFacts) -> list[str]:
    patient = facts.patient
    found = [gettext("record %(number)s", number=patient.record_number)]
    if patient.birth_on is not None:
        found.append(day_with_year(patient.birth_on).partition(" ")[2])
    return [*found, phone_words(patient.phone)] if patient.phone else found


def _hours(visit: VisitRow) -> str:
    end = clock_time(visit.local_min + visit.length_min)
    return f"{clock_time(visit.local_min)}–{end} ({minutes_long(visit.length_min)})"


def where_and_who(visit: VisitRow, site_name: str = "") -> str:
    """Return rooms and people of a visit; video and telephone have no room."""
    place = place_word(visit.place)
    names = [*([place] if place else visit.where), *visit.who]
    return " · ".join([*names, site_name] if site_name else names)


def visit_tag(visit: VisitRow) -> StatusTag:
    """Return the state of a visit."""
    return status_tag(
        visit.status,
        outcome=visit.outcome,
        is_confirmed=visit.is_confirmed,
        cancelled_by=visit.cancelled_by,
    )


def _after(visit: VisitRow, now: datetime) -> str:
    minutes = int(waiting(visit.status, visit.arrived_at, now).total_seconds()) // 60
    return " " + gettext("%(n)s min", n=minutes) if minutes else ""


def missing_visits(visits: Sequence[VisitRow], total: int) -> int:
    """Return how many prescribed visits of a course have no date."""
    return max(total - sum(1 for one in visits if one.number is not None), 0)


def _can(facts: VisitFacts, now: datetime) -> Can:
    """Return what may be done now; what is said of a visit that was waits for its own day."""
    visit, actor = facts.visit, current_clinic().actor
    checks = actor.may_at(Permission.CHECK_IN, visit.site_id)
    books = actor.may_at(Permission.SCHEDULE, visit.site_id)
    today = local_day(now, visit.zone)
    verbs = possible_verbs(visit.status, is_to_come=is_before_its_day(visit.on, today))
    return Can(
        arrive=checks and bool(verbs & {Verb.ARRIVE, Verb.WITHDRAW_NO_SHOW}),
        check_in=checks and Verb.CHECK_IN in verbs,
        fulfil=checks and Verb.FULFIL in verbs and not actor.is_patient(facts.patient.id),
        no_show=checks and Verb.NO_SHOW in verbs and now >= visit.start_at,
        move=books and visit.status in MOVABLE,
        cancel=books and Verb.CANCEL in verbs,
        make_up=books and needs_new_date(visit, facts.course),
        is_today=visit.on == today,
    )


def needs_new_date(visit: VisitRow, course: CourseFacts | None) -> bool:
    """Say whether a visit came to nothing and its course is a session short of what is prescribed.

    A single missed visit always does; a cancelled one does not.
    """
    if course is None:
        return visit.status is Status.NOSHOW
    came_to_nothing = visit.status in (Status.NOSHOW, Status.CANCELLED)
    if not came_to_nothing and visit.outcome is not Outcome.NOT_TREATED:
        return False
    if course.status not in RUNNING or not missing_visits(course.visits, course.total):
        return False
    return not any(one.make_up_for_id == visit.id and one.number for one in course.visits)


def _happened(row: HistoryRow, zone: str) -> Happened:
    words = {
        "book": gettext("booked"),
        "move": gettext("moved"),
        "rezone": gettext("put back to its hour after new zone rules"),
        Verb.APPROVE: gettext("approved"),
        Verb.ARRIVE: gettext("here"),
        Verb.CHECK_IN: gettext("in room"),
        Verb.FULFIL: gettext("done"),
        Verb.NO_SHOW: gettext("did not come"),
        Verb.WITHDRAW_NO_SHOW: gettext("came after all"),
        Verb.CANCEL: gettext("cancelled"),
        Verb.ENTER_IN_ERROR: gettext("entered by mistake"),
    }
    verb = row.verb.removeprefix("undo_")
    what = words.get(verb, verb.replace("_", " "))
    if verb != row.verb:
        what = gettext("%(what)s: undone", what=what)
    if row.from_start_at is not None and row.from_start_at != row.to_start_at:
        what = gettext(
            "%(what)s from %(old)s to %(new)s",
            what=what,
            old=moment_at(row.from_start_at, zone),
            new=moment_at(row.to_start_at, zone),
        )
    elif row.verb == "book":
        what = f"{what} {gettext('for')} {moment_at(row.to_start_at, zone)}"
    return Happened(
        when=f"{moment_at(row.at, zone)}",
        what=f"{what}: {_reason(row.reason)}" if row.reason else what,
        who=row.by or gettext("the clinic's own job"),
    )


def _reason(text: str) -> str:
    """Return a kept reason for reading: its code in words, and the words added to it."""
    code, _, words = text.partition(": ")
    return f"{reason_word(code)}: {words}" if words else reason_word(code)
