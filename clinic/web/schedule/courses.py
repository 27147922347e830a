"""The course page: the strip, every visit with where and who, and what can be done."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template, url_for
from flask_babel import gettext

from clinic.models.engine import reading
from clinic.queries.courses import CourseFacts, VisitRow, read_course, upcoming
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status
from clinic.rules.courses import RUNNING, CourseStatus, same_hour
from clinic.rules.permissions import Permission
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.phones import phone_words
from clinic.web.places import address_of, local_day, visit_address
from clinic.web.present import (
    StatusTag,
    clock_time,
    day,
    day_with_year,
    full_name,
)
from clinic.web.requests import current_clinic
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.board_view import waiting
from clinic.web.schedule.panels import (
    MOVABLE,
    missing_visits,
    needs_new_date,
    visit_tag,
    where_and_who,
)
from clinic.web.shell import under
from clinic.web.strips import Strip, course_strip

GOING_ON = frozenset({Status.ARRIVED, Status.CHECKED_IN})


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One row of the table of visits."""

    number: str
    when: str
    is_today: bool
    is_past: bool
    what: str
    where: str
    tag: StatusTag
    after_tag: str
    address: str | None
    action: str
    action_address: str | None


@dataclass(frozen=True, slots=True)
class Pencil:
    """What is to be decided of a pencilled course."""

    public_id: str
    version: int
    until: str
    visits: int


@dataclass(frozen=True, slots=True)
class CoursePage:
    """A course as its page prints it."""

    name: str
    patient_address: str
    record: str
    course_name: str
    status: str
    summary: str
    strip: Strip
    lines: tuple[VisitLine, ...]
    facts: tuple[tuple[str, str], ...]
    next_tag: StatusTag | None
    next_words: str
    next_address: str | None
    may_book: bool
    is_void: bool
    again_address: str | None
    new_address: str
    end_address: str | None
    missing: int
    pencil: Pencil | None


@blueprint.get("/courses/<public_id>")
@under("desk.find_patients")
@needs(Permission.SEE_SCHEDULE)
def show_course(public_id: str) -> str:
    """Show a course with all its visits."""
    here = current_clinic()
    with reading(here.engine) as unit:
        course = read_course(unit, public_id=public_id, site_ids=sites_here())
    page = course_page(course, here.now, by=here.actor)
    note_look("see_course", subject="course", subject_id=course.id, patient_id=course.patient.id)
    return render_template("schedule/course.html", page=page)


def course_page(course: CourseFacts, now: datetime, *, by: Actor) -> CoursePage:
    """Return a course as its page prints it."""
    today = local_day(now, course.zone)
    patient = course.patient
    now_or_next = _now_or_next(course, now)
    may_book = by.may_at(Permission.SCHEDULE, course.site_id)
    is_running, missing = course.status in RUNNING, missing_of(course)
    return CoursePage(
        name=full_name(patient.family, patient.given, patient.preferred),
        patient_address=url_for("desk.show_patient", public_id=patient.public_id),
        record=" · ".join(_record(course)),
        course_name=course.name,
        status=course_word(course.status),
        summary=course_summary(course),
        strip=course_strip(course.visits, today=today, missing=missing),
        lines=tuple(_line(visit, course, today, now, by) for visit in course.visits),
        facts=_facts(course, now),
        next_tag=visit_tag(now_or_next) if now_or_next else None,
        next_words=_next_words(now_or_next, today) if now_or_next else "",
        next_address=None
        if now_or_next is None
        else visit_address(now_or_next.public_id, now_or_next.site_id),
        may_book=may_book and is_running,
        is_void=course.status is CourseStatus.ENTERED_IN_ERROR,
        again_address=url_for(
            "schedule.plan_course", patient=patient.public_id, again=course.public_id
        )
        if may_book and not is_running
        else None,
        new_address=url_for("schedule.new_visit", course=course.public_id),
        end_address=url_for("schedule.end_course_early", public_id=course.public_id)
        if may_book and is_running and course.lapses_on is None
        else None,
        missing=missing,
        pencil=_pencil(course) if may_book else None,
    )


def _pencil(course: CourseFacts) -> Pencil | None:
    if course.lapses_on is None:
        return None
    pending = sum(1 for visit in course.visits if visit.status is Status.PENDING)
    return Pencil(course.public_id, course.version, day_with_year(course.lapses_on), pending)


def missing_of(course: CourseFacts) -> int:
    """Return how many prescribed visits have no date; none of a course that is over or void."""
    return missing_visits(course.visits, course.total) if course.status in RUNNING else 0


def _next_words(visit: VisitRow, today: date) -> str:
    """Return what the button that opens the next visit says: which one, and when."""
    if visit.status in GOING_ON:
        return gettext("Open the visit now on")
    on = gettext("today") if visit.on == today else day(visit.on)
    return gettext("Open next visit, %(day)s %(hour)s", day=on, hour=clock_time(visit.local_min))


def _record(course: CourseFacts) -> list[str]:
    patient = course.patient
    found = [gettext("record %(number)s", number=patient.record_number)]
    if patient.birth_on is not None:
        found.append(day_with_year(patient.birth_on).partition(" ")[2])
    return [*found, phone_words(patient.phone)] if patient.phone else found


def _now_or_next(course: CourseFacts, now: datetime) -> VisitRow | None:
    """Return the visit that is going on, else the next one."""
    here = [visit for visit in course.visits if visit.status in GOING_ON]
    return next(iter([*here, *upcoming(course.visits, now)]), None)


def course_word(status: CourseStatus) -> str:
    """Return where a course stands in words."""
    words = {
        CourseStatus.DRAFT: gettext("booked, not begun"),
        CourseStatus.AWAITING_AUTHORISATION: gettext("pencilled"),
        CourseStatus.ACTIVE: gettext("running"),
        CourseStatus.ON_HOLD: gettext("on hold: ask prescriber"),
        CourseStatus.COMPLETED: gettext("complete"),
        CourseStatus.STOPPED_EARLY: gettext("stopped early"),
        CourseStatus.CANCELLED_BEFORE_START: gettext("cancelled before it began"),
        CourseStatus.ENTERED_IN_ERROR: gettext("undone"),
    }
    return words[status]


def delivered(course: CourseFacts) -> int:
    """Return how many visits of a course are delivered."""
    return sum(1 for v in course.visits if v.number and v.status is Status.FULFILLED)


def course_summary(course: CourseFacts) -> str:
    """Return how far a course is, in one line."""
    counted = [visit for visit in course.visits if visit.number]
    parts = [gettext("%(n)s of %(all)s delivered", n=delivered(course), all=course.total)]
    if counted:
        parts.append(gettext("finishes %(day)s", day=day(max(v.on for v in counted))))
        hour, same = same_hour([visit.local_min for visit in counted])
        parts.append(
            gettext(
                "same hour (%(hour)s) %(n)s of %(all)s",
                hour=clock_time(hour),
                n=same,
                all=len(counted),
            )
        )
    missing = missing_of(course)
    if missing:
        parts.append(gettext("%(n)s not yet booked", n=missing))
    return " · ".join(parts)


def _line(visit: VisitRow, course: CourseFacts, today: date, now: datetime, by: Actor) -> VisitLine:
    minutes = int(waiting(visit.status, visit.arrived_at, now).total_seconds()) // 60
    may_book = by.may_at(Permission.SCHEDULE, visit.site_id)
    action, address = _action(visit, course) if may_book else ("", None)
    shown = gettext("today") if visit.on == today else day(visit.on)
    return VisitLine(
        number=str(visit.number or "–"),
        when=f"{shown} {clock_time(visit.local_min)}",
        is_today=visit.on == today,
        is_past=visit.on < today,
        what=visit.kind_label,
        where=where_and_who(visit),
        tag=visit_tag(visit),
        after_tag=f" {gettext('%(n)s min', n=minutes)}" if minutes else "",
        address=visit_address(visit.public_id, visit.site_id),
        action=action,
        action_address=address,
    )


def _action(visit: VisitRow, course: CourseFacts) -> tuple[str, str | None]:
    """Return what to do with a visit: move it, or find (or look at) the date that makes it up."""
    if visit.status in MOVABLE:
        return gettext("move"), address_of("schedule.move_visit", "public_id", visit.public_id)
    extra = next((v for v in course.visits if v.make_up_for_id == visit.id), None)
    if extra is not None:
        words = gettext("extra date %(day)s", day=day(extra.on))
        return words, visit_address(extra.public_id, extra.site_id)
    if not needs_new_date(visit, course):
        return "", None
    return gettext("find a new date"), url_for("schedule.new_visit", makes_up=visit.public_id)


def _first(course: CourseFacts) -> tuple[str, str]:
    """Return the day of the first visit that counts; the wished day when there is none."""
    counted = [one.on for one in course.visits if one.number]
    if not counted:
        return gettext("Wished first day"), day_with_year(course.start_on)
    return gettext("First visit"), day_with_year(min(counted))


def _facts(course: CourseFacts, now: datetime) -> tuple[tuple[str, str], ...]:
    left = len(upcoming(course.visits, now))
    missed = sum(1 for visit in course.visits if visit.status is Status.NOSHOW)
    extra = sum(1 for visit in course.visits if visit.make_up_for_id and visit.number)
    repeats = ((gettext("Repeats"), course.repeats),) if course.repeats else ()
    return (
        (gettext("State"), course_word(course.status)),
        *repeats,
        (gettext("Site"), course.site_name),
        _first(course),
        (gettext("Prescribed"), str(course.total)),
        (gettext("Delivered"), str(delivered(course))),
        (gettext("Still to come"), str(left)),
        (gettext("Did not come"), str(missed)),
        (gettext("Extra dates"), str(extra)),
    )
