"""Joining a course: a visit booked or moved alone obeys the protocol it is part of."""

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit
from clinic.errors import RuleBroken
from clinic.models.courses import Course
from clinic.planning.joining import Clash
from clinic.planning.refusals import Code
from clinic.planning.visits import PlannedVisit
from clinic.queries.availability import SiteFrame
from clinic.queries.joinings import Fit, Other, read_fit
from clinic.queries.kinds import KindFrame
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission

CODES = {
    Code.DAY_NOT_ALLOWED: "course_weekday",
    Code.PER_DAY_LIMIT: "course_day_taken",
    Code.GAP_BELOW_MINIMUM: "course_gap_short",
    Code.WEEKLY_LIMIT: "course_week_full",
}
GRANTABLE = frozenset({"course_second_that_day", "course_other_that_day"})
"""The refusals that somebody who may override can lift by a tick."""


def require_course(kind: KindFrame, *, course_id: int | None, is_make_up: bool) -> None:
    """Raise RuleBroken for a treatment that is part of no course: nobody would count it.

    A single one from older data may still be made up for.
    """
    if course_id is None and kind.visit_kind.counts_as_delivered and not is_make_up:
        raise RuleBroken("treatment_needs_course", kind=kind.visit_kind.staff_label)


def require_day(on: date, *, site: SiteFrame, now: datetime) -> None:
    """Raise RuleBroken for a day that is over at the site; what began earlier today may be told."""
    if on < now.astimezone(ZoneInfo(site.zone)).date():
        raise RuleBroken("day_is_over", on=on.isoformat())


def require_fit(
    session: Session,
    *,
    course_id: int,
    visit: PlannedVisit,
    site_id: int,
    by: Actor,
    now: datetime,
    leave_out: Collection[int] = (),
    is_second_allowed: bool = False,
) -> None:
    """Raise RuleBroken, naming the visit in the way, unless a visit fits into its course.

    `is_second_allowed` is the named tick of somebody who may override: it admits a further session
    that day where the protocol has several, or a day of the patient's other course. It is audited.
    """
    session.execute(select(Course.id).where(Course.id == course_id).with_for_update())
    fit = read_fit(session, course_id=course_id, leave_out=leave_out)
    if not leave_out and any(fit.counts.values()) and not fit.missing():
        raise RuleBroken("course_all_booked")
    problem = visit_problem(fit, visit)
    if problem is None:
        return
    may_grant = is_second_allowed and by.may_at(Permission.OVERRIDE, site_id)
    refused = visit_problem(fit, visit, is_granted=True) if may_grant else problem
    if refused is not None:
        raise refused
    record_audit(
        session,
        verb="allow_second_that_day",
        subject="course",
        subject_id=course_id,
        values={"on": visit.on.isoformat()},
        by=by,
        now=now,
    )


def visit_problem(fit: Fit, visit: PlannedVisit, *, is_granted: bool = False) -> RuleBroken | None:
    """Return why a planned visit does not fit into a course, None when it does."""
    return fit_problem(
        fit,
        step_key=visit.step_key,
        on=visit.on,
        start_cell=visit.start_cell,
        length_cells=visit.length_cells,
        is_granted=is_granted,
    )


def fit_problem(
    fit: Fit,
    *,
    step_key: str,
    on: date,
    start_cell: int,
    length_cells: int,
    is_granted: bool = False,
) -> RuleBroken | None:
    """Return why a visit does not fit into a course then, None when it does."""
    for clash in fit.clashes(step_key, on, start_cell, length_cells):
        if not (clash.is_grantable and is_granted):
            return _broken(clash, fit, on)
    other = fit.elsewhere.get(on)
    return None if other is None or is_granted else _named("course_other_that_day", other, on)


def _broken(clash: Clash, fit: Fit, on: date) -> RuleBroken:
    other = None if clash.other is None else fit.others.get(clash.other)
    code = "course_second_that_day" if clash.is_grantable else CODES[clash.code]
    return _named(code, other, on)


def _named(code: str, other: Other | None, on: date) -> RuleBroken:
    """Return the refusal with the day asked for and the day, time and number of the visit there."""
    if other is None:
        return RuleBroken(code, day=on.isoformat())
    return RuleBroken(
        code,
        day=on.isoformat(),
        on=other.on.isoformat(),
        start_min=other.start_min,
        number=other.number,
    )
