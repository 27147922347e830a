"""The course strip: one mark for each visit, in week rows, with the words that say it all.

The board, the chart, the patient's page at the desk and the phone show the same strip.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from flask_babel import gettext, ngettext

from clinic.queries.courses import VisitRow
from clinic.rules.courses import StripMark, StripVisit, strip_mark
from clinic.web.places import visit_address
from clinic.web.present import day, language

TAIL_LEAST = 5
"""The last line of a strip has at least so many marks, where the course has them."""


class Reader(StrEnum):
    """For whom a strip is: its words differ, and a patient is not shown what was missed."""

    STAFF = "staff"
    PATIENT = "patient"
    PLANNER = "planner"


@dataclass(frozen=True, slots=True)
class LinkedVisit(StripVisit):
    """A visit of the strip with the page its mark leads to."""

    address: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of the strip with the words a screen reader says."""

    state: str
    label: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Strip:
    """The course strip: marks in week rows and the sentence that says it all."""

    label: str
    weeks: tuple[tuple[Mark, ...], ...]
    legend: tuple[Mark, ...]

    @property
    def blocks(self) -> tuple[tuple[tuple[Mark, ...], ...], ...]:
        """Return the weeks in blocks that stay on one line: a short end is never left alone."""
        tail: tuple[tuple[Mark, ...], ...] = ()
        weeks = self.weeks
        while weeks and sum(len(week) for week in tail) < TAIL_LEAST:
            weeks, tail = weeks[:-1], (weeks[-1], *tail)
        return (*((week,) for week in weeks), *((tail,) if tail else ()))


def course_strip(visits: Iterable[VisitRow], *, today: date, missing: int) -> Strip:
    """Return the strip of a course as staff see it, with a mark for each visit without a date."""
    marks = [
        LinkedVisit(
            on=one.on,
            status=one.status,
            outcome=one.outcome,
            is_make_up=one.make_up_for_id is not None,
            address=visit_address(one.public_id, one.site_id),
        )
        for one in visits
    ]
    return strip([*marks, *[LinkedVisit(None)] * missing], today=today)


def strip(visits: Iterable[LinkedVisit], *, today: date, reader: Reader = Reader.STAFF) -> Strip:
    """Return the course strip in week rows (Monday first), undated visits in a row at the end.

    Cancelled visits and entries by mistake are left out; for a patient misses are too.
    """
    shown = sorted(visits, key=lambda visit: visit.on or date.max)
    states = [(visit, _state(visit, today, reader)) for visit in shown]
    marks = [(visit, _mark(visit, state, reader)) for visit, state in states if state is not None]
    return Strip(
        label=_strip_sentence([mark for _, mark in marks], reader),
        weeks=_weeks(marks),
        legend=_legend([mark for _, mark in marks], reader),
    )


def _weeks(marks: Sequence[tuple[LinkedVisit, Mark]]) -> tuple[tuple[Mark, ...], ...]:
    weeks: dict[date, list[Mark]] = {}
    for visit, mark in marks:
        on = visit.on or date.max
        monday = on if on == date.max else on - timedelta(days=on.weekday())
        weeks.setdefault(monday, []).append(mark)
    return tuple(tuple(week) for week in weeks.values())


def _mark(visit: LinkedVisit, state: StripMark, reader: Reader) -> Mark:
    word = _mark_word(state, reader)
    label = word if visit.on is None else f"{day(visit.on)}: {word}"
    return Mark(state=state.value, label=label, address=visit.address)


def _state(visit: LinkedVisit, today: date, reader: Reader) -> StripMark | None:
    """Return the mark of a visit; a patient is not shown what was missed or came to nothing."""
    state = strip_mark(visit, today)
    if reader is not Reader.PATIENT:
        return state
    if state is StripMark.MISSED:
        return None
    return StripMark.DONE if state is StripMark.NOT_TREATED else state


def _mark_word(state: StripMark, reader: Reader) -> str:
    words = _mark_words(language())
    return words[reader].get(state, words[Reader.STAFF][state])


@lru_cache(maxsize=8)
def _mark_words(_language: str) -> dict[Reader, dict[StripMark, str]]:
    """Return the words of the marks for each reader; those left out are as for staff."""
    staff = {
        StripMark.DONE: gettext("done"),
        StripMark.TODAY: gettext("today"),
        StripMark.BOOKED: gettext("booked"),
        StripMark.PENCILLED: gettext("pencilled"),
        StripMark.MISSED: gettext("did not come"),
        StripMark.MAKEUP: gettext("extra date"),
        StripMark.NOT_TREATED: gettext("came, not treated"),
        StripMark.UNCOVERED: gettext("not approved by insurer"),
        StripMark.UNPLANNED: gettext("not yet booked"),
    }
    patient = {
        StripMark.PENCILLED: gettext("not yet fixed"),
        StripMark.MISSED: gettext("let's find you a date"),
        StripMark.UNCOVERED: gettext("we are asking your insurer"),
    }
    planner = {StripMark.BOOKED: gettext("planned")}
    return {Reader.STAFF: staff, Reader.PATIENT: patient, Reader.PLANNER: planner}


def _strip_sentence(marks: Sequence[Mark], reader: Reader) -> str:
    counts = [
        f"{count} {_mark_word(state, reader)}"
        for state in StripMark
        if (count := sum(1 for mark in marks if mark.state == state.value))
    ]
    total = ngettext("Course, %(num)s visit", "Course, %(num)s visits", len(marks))
    return f"{total}: {', '.join(counts)}" if counts else total


def _legend(marks: Sequence[Mark], reader: Reader) -> tuple[Mark, ...]:
    present_states = {mark.state for mark in marks}
    return tuple(
        Mark(state.value, _mark_word(state, reader), None)
        for state in StripMark
        if state.value in present_states
    )
