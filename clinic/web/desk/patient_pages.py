"""What the desk's patient pages print: lists, the page of one patient, what somebody changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import url_for
from flask_babel import gettext, ngettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from clinic.actions.patients import PatientDetails
from clinic.models.patients import Patient
from clinic.queries.courses import (
    CourseFacts,
    VisitRow,
    patient_courses,
    single_visits,
    upcoming,
)
from clinic.queries.patients import CourseCount, PatientRow
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status
from clinic.rules.courses import RUNNING, CourseStatus
from clinic.rules.people import LANGUAGES, age_on
from clinic.rules.permissions import Permission
from clinic.web.phones import phone_words
from clinic.web.places import course_address, local_day, visit_address
from clinic.web.present import (
    StatusTag,
    clock_time,
    day,
    day_with_year,
    full_name,
    sorted_name,
    status_tag,
)
from clinic.web.strips import Strip, course_strip

NEXT_SHOWN = 8
VOID = CourseStatus.ENTERED_IN_ERROR
CAME = frozenset({Status.ARRIVED, Status.CHECKED_IN, Status.FULFILLED})


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A patient in a list; `courses` is how far the running ones are, for example "12/36"."""

    address: str
    name: str
    preferred: str
    record_number: str
    birth: str
    phone: str
    courses: str


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A course on a patient's page; without an address for who may not see the schedule."""

    address: str | None
    name: str
    words: str
    is_running: bool
    strip: Strip


@dataclass(frozen=True, slots=True)
class ComingLine:
    """A visit to come on a patient's page; without an address like a course."""

    address: str | None
    when: str
    what: str
    tag: StatusTag


@dataclass(frozen=True, slots=True)
class PatientPage:
    """A patient as the desk sees one: no clinical word, and nothing of another site.

    `is_whole` says that nothing can be hidden, because whoever asks works at every site.
    """

    public_id: str
    name: str
    record: str
    facts: tuple[tuple[str, str], ...]
    desk_note: str
    courses: tuple[CourseLine, ...]
    undone: tuple[CourseLine, ...]
    coming: tuple[ComingLine, ...]
    later: tuple[ComingLine, ...]
    past: str
    is_whole: bool
    may_edit: bool
    may_book: bool


@dataclass(frozen=True, slots=True)
class HandedLink:
    """A log-in link on the one page that shows it, and for how many minutes it is good."""

    address: str
    minutes: int
    qr: Markup


def found_lines(
    rows: Iterable[PatientRow], courses: Mapping[int, Sequence[CourseCount]]
) -> list[FoundLine]:
    """Return patients as a list shows them."""
    return [
        FoundLine(
            address=url_for("desk.show_patient", public_id=row.public_id),
            name=sorted_name(row.family, row.given),
            preferred=row.preferred,
            record_number=row.record_number,
            birth=birth_words(row.birth_on),
            phone=phone_words(row.phone),
            courses=", ".join(f"{one.delivered}/{one.total}" for one in courses.get(row.id, ())),
        )
        for row in rows
    ]


def birth_words(birth_on: date | None) -> str:
    """Return a birth date for reading, for example "14 May 1987"; nobody needs its weekday."""
    return day_with_year(birth_on).partition(" ")[2] if birth_on else ""


def read_patient_page(unit: Session, patient: Patient, *, by: Actor, now: datetime) -> PatientPage:
    """Return a patient as the desk sees one."""
    sites = by.sites_with(Permission.SEE_PATIENTS)
    courses = patient_courses(unit, patient_id=patient.id, site_ids=sites)
    singles = single_visits(unit, patient_id=patient.id, site_ids=sites)
    visits = [*(visit for course in courses for visit in course.visits), *singles]
    coming = upcoming(visits, now)
    return PatientPage(
        public_id=patient.public_id,
        name=full_name(patient.family, patient.given, patient.preferred),
        record=_record(patient, now),
        facts=tuple(_facts(patient)),
        desk_note=patient.desk_note,
        courses=tuple(_course_line(one, now) for one in courses if one.status is not VOID),
        undone=tuple(_course_line(one, now) for one in courses if one.status is VOID),
        coming=tuple(_coming_line(visit) for visit in coming[:NEXT_SHOWN]),
        later=tuple(_coming_line(visit) for visit in coming[NEXT_SHOWN:]),
        past=_past(visits),
        is_whole=sites is None,
        may_edit=by.may(Permission.EDIT_PATIENTS),
        may_book=by.may(Permission.SCHEDULE),
    )


def _record(patient: Patient, now: datetime) -> str:
    """Return the line beside the name: what one asks a caller for."""
    parts = [gettext("record %(number)s", number=patient.record_number)]
    if patient.birth_on is not None:
        age = age_on(patient.birth_on, now.date())
        born = birth_words(patient.birth_on)
        parts.append(gettext("%(day)s (%(age)s years)", day=born, age=age))
    return " · ".join([*parts, phone_words(patient.phone)] if patient.phone else parts)


def _facts(patient: Patient) -> list[tuple[str, str]]:
    no = gettext("not given")
    return [
        (gettext("Birth date"), birth_words(patient.birth_on) or no),
        (gettext("Phone"), phone_words(patient.phone) or no),
        (gettext("E-mail"), patient.email or no),
        (gettext("Language"), language_word(patient.language) or no),
        (gettext("Reminders"), _reminders(patient.wants_email and patient.email != "")),
    ]


def language_word(code: str) -> str:
    """Return a language by its own name; nothing for one the pages are not written in."""
    return LANGUAGES.get(code, "")


def _course_line(course: CourseFacts, now: datetime) -> CourseLine:
    counted = [visit for visit in course.visits if visit.number]
    is_running = course.status in RUNNING
    missing = max(course.total - len(counted), 0) if is_running else 0
    return CourseLine(
        address=course_address(course.public_id, course.site_id),
        name=course.name,
        words=" · ".join(_course_words(course, counted, missing)),
        is_running=is_running,
        strip=course_strip(course.visits, today=local_day(now, course.zone), missing=missing),
    )


def _course_words(course: CourseFacts, counted: Sequence[VisitRow], missing: int) -> list[str]:
    if course.status is VOID:
        return [gettext("undone: nothing of it is booked")]
    done = sum(1 for visit in counted if visit.status is Status.FULFILLED)
    words = [gettext("%(n)s of %(all)s delivered", n=done, all=course.total)]
    if course.status not in RUNNING:
        return [*words, gettext("ended")]
    if counted:
        words.append(gettext("finishes %(day)s", day=day(max(v.on for v in counted))))
    if missing:
        words.append(gettext("%(n)s not yet booked", n=missing))
    return words


def _coming_line(visit: VisitRow) -> ComingLine:
    return ComingLine(
        address=visit_address(visit.public_id, visit.site_id),
        when=f"{day(visit.on)} {clock_time(visit.local_min)}",
        what=" · ".join([visit.kind_label, *visit.where]),
        tag=status_tag(visit.status, is_confirmed=visit.is_confirmed),
    )


def _past(visits: Sequence[VisitRow]) -> str:
    """Return in words how many visits were kept and missed so far; empty for none."""
    came = sum(1 for visit in visits if visit.status in CAME)
    missed = sum(1 for visit in visits if visit.status is Status.NOSHOW)
    parts = [ngettext("%(num)s visit so far", "%(num)s visits so far", came)]
    if missed:
        parts.append(gettext("did not come to %(n)s", n=missed))
    return " · ".join(parts) if came or missed else ""


def changed_lines(stored: Patient, typed: PatientDetails) -> list[tuple[str, str]]:
    """Return what is stored of a patient where it differs from what was typed, label and words."""
    lines = [
        (gettext("Family name"), stored.family, typed.family),
        (gettext("Given name"), stored.given, typed.given),
        (gettext("Called"), stored.preferred, typed.preferred),
        (gettext("Birth date"), birth_words(stored.birth_on), birth_words(typed.birth_on)),
        (gettext("Phone"), phone_words(stored.phone), _phone_as(typed.phone, stored.phone)),
        (gettext("E-mail"), stored.email, typed.email),
        (gettext("Language"), language_word(stored.language), language_word(typed.language)),
        (gettext("Reminders"), _reminders(stored.wants_email), _reminders(typed.wants_email)),
        (gettext("Note for the desk"), stored.desk_note, "\n".join(typed.desk_note.splitlines())),
    ]
    return [(label, now or gettext("not given")) for label, now, mine in lines if now != mine]


def _phone_as(typed: str, stored: str) -> str:
    """Return a typed number as the stored one is written when both end in the same digits."""
    digits = "".join(char for char in typed if char in "0123456789").lstrip("0")
    return phone_words(stored if digits and stored.endswith(digits) else typed)


def _reminders(wants_email: bool) -> str:
    return gettext("by e-mail") if wants_email else gettext("none")


def minutes_of(length: timedelta) -> int:
    """Return a length in whole minutes."""
    return int(length.total_seconds()) // 60
