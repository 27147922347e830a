"""The presenter of the patient's page: what is next, how far it is, what comes then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext

from clinic.queries.own_visits import OwnVisit
from clinic.rules.appointments import Numbered, Status, number_visits
from clinic.rules.patient_texts import PatientTexts
from clinic.rules.visit_kinds import VisitKind
from clinic.web import present
from clinic.web.phones import phone_words
from clinic.web.strips import LinkedVisit, Reader, Strip, strip

COMING = frozenset({Status.BOOKED, Status.PENDING, Status.ARRIVED, Status.CHECKED_IN})
THEN_SHOWN = 3


@dataclass(frozen=True, slots=True)
class NextVisit:
    """The next visit, in large letters."""

    day: str
    time: str
    what: str
    details: str
    note: str


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit in a list."""

    day: str
    time: str
    word: str


@dataclass(frozen=True, slots=True)
class OwnCourse:
    """All that the page prints; nothing in it says what the visits are for."""

    clinic: str
    phone: str
    phone_number: str
    next: NextVisit | None
    progress: str
    to_book: str
    strip: Strip | None
    last: str
    before: tuple[str, ...]
    then: tuple[VisitLine, ...]
    all: tuple[VisitLine, ...]


def own_course(
    visits: Sequence[OwnVisit],
    *,
    kinds: Mapping[int, VisitKind],
    texts: PatientTexts,
    language: str,
    now: datetime,
) -> OwnCourse:
    """Return the page for a patient's visits in time order; `kinds` by version row."""
    coming = [one for one in visits if one.status in COMING and one.end_at > now]
    first = coming[0] if coming else None
    spoken = first or (visits[-1] if visits else None)
    course = [
        one for one in visits if spoken and one.course_id and one.course_id == spoken.course_id
    ]
    return OwnCourse(
        clinic=spoken.clinic if spoken else "",
        phone=phone_words(spoken.phone) if spoken else "",
        phone_number=spoken.phone if spoken else "",
        next=None if first is None else _next(first, kinds[first.definition_id]),
        progress=_progress(course),
        to_book=_to_book(course),
        strip=_strip(course, now),
        last=_last(course, now),
        before=()
        if first is None
        else texts.before_visit(kinds[first.definition_id].reminder_policy, language),
        then=tuple(_line(one) for one in coming[1 : THEN_SHOWN + 1]),
        all=tuple(_line(one) for one in visits if one.status is not Status.NOSHOW),
    )


def _next(visit: OwnVisit, kind: VisitKind) -> NextVisit:
    length = gettext("About %(length)s", length=present.minutes_long(visit.length_min))
    where = {
        "video": gettext("by video"),
        "phone": gettext("by phone"),
    }.get(visit.place, visit.address)
    return NextVisit(
        day=present.long_day(visit.on),
        time=present.patient_time(visit.local_min),
        what=gettext(kind.patient_label),
        details=" · ".join(part for part in (length, where) if part),
        note=gettext("Not yet fixed: we will tell you.") if visit.status is Status.PENDING else "",
    )


def _numbers(course: Sequence[OwnVisit]) -> dict[int, int]:
    """Return the numbers of the visits that are done or booked."""
    return number_visits(
        Numbered(one.appointment_id, one.start_at, one.status, one.outcome) for one in course
    )


def _progress(course: Sequence[OwnVisit]) -> str:
    """Return how many visits are done of all that are prescribed, booked or not."""
    found = _numbers(course)
    if not found:
        return ""
    done = sum(
        1 for one in course if one.status is Status.FULFILLED and one.appointment_id in found
    )
    return gettext("%(done)s of %(all)s done", done=done, all=max(course[0].prescribed, len(found)))


def _missing(course: Sequence[OwnVisit]) -> int:
    """Return how many visits of the course have no date."""
    return max(course[0].prescribed - len(_numbers(course)), 0) if course else 0


def _to_book(course: Sequence[OwnVisit]) -> str:
    """Return how many visits of the course are still to be booked; empty for none."""
    missing = _missing(course)
    if not missing:
        return ""
    return ngettext(
        "%(num)s visit still to be booked:", "%(num)s visits still to be booked:", missing
    )


def _strip(course: Sequence[OwnVisit], now: datetime) -> Strip | None:
    if not course:
        return None
    marks = [
        LinkedVisit(on=one.on, status=one.status, outcome=one.outcome, is_make_up=one.is_make_up)
        for one in course
    ]
    today = now.astimezone(ZoneInfo(course[0].zone)).date()
    undated = [LinkedVisit(None)] * _missing(course)
    return strip([*marks, *undated], today=today, reader=Reader.PATIENT)


def _last(course: Sequence[OwnVisit], now: datetime) -> str:
    coming = [one for one in course if one.status in COMING and one.end_at > now]
    if not coming:
        return ""
    return gettext("Last visit planned for %(day)s.", day=present.long_day(coming[-1].on))


def _line(visit: OwnVisit) -> VisitLine:
    return VisitLine(
        day=present.day(visit.on),
        time=present.clock_time(visit.local_min),
        word=present.patient_word(visit.status),
    )
