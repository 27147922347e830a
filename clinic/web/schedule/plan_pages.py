"""What the planning page says of a plan: finish, hour, warnings, dates, and why it cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from flask_babel import gettext, ngettext

from clinic.planning.courses import Plan, PlannedVisit
from clinic.planning.refusals import Code, Impossible, Warning_
from clinic.queries.proposals import Proposal
from clinic.rules.wall_days import CELL_MIN
from clinic.web.present import clock_time, day, day_with_year
from clinic.web.schedule.reasons_view import ObstaclesView, obstacles_view
from clinic.web.strips import LinkedVisit, Strip, strip

DEVICES = frozenset({"device", "therapist"})
NEAR_MIN = 30
"""What the page calls near the wished hour; the planner has the protocol's own tolerance."""


@dataclass(frozen=True, slots=True)
class PlanWeek:
    """The visits of one calendar week: number, day, hour and what is taken."""

    label: str
    visits: tuple[tuple[int, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as the page prints it; `names` are the resources by id."""

    strip: Strip
    count: int
    finish: str
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    weeks: tuple[PlanWeek, ...]
    refusal: str | None
    milliseconds: str
    lapses_on: date
    lapses: str
    names: Mapping[int, str]
    obstacles: ObstaclesView | None = None


def plan_view(
    proposal: Proposal, names: Mapping[int, str], today: date, lapses_on: date
) -> PlanView:
    """Return what to print of a proposal; `names` are the resources by id.

    `lapses_on` is until when it would be held if it were only pencilled.
    """
    plan = proposal.plan
    visits = sorted(plan.visits, key=lambda visit: (visit.on, visit.start_cell))
    blocked = plan.first_impossible
    return PlanView(
        strip=strip([LinkedVisit(visit.on) for visit in visits], today=today),
        count=len(visits),
        finish=day_with_year(visits[-1].on) if visits else "",
        facts=(*_wished(proposal, visits), *_facts(visits, names)),
        warnings=(*_other_course(proposal), *filter(None, map(_warning, plan.warnings))),
        weeks=_weeks(visits, names),
        refusal=None if blocked is None else _refusal(plan, blocked),
        milliseconds=f"{proposal.milliseconds:.0f} ms",
        lapses_on=lapses_on,
        lapses=day(lapses_on),
        names=names,
    )


def explained(proposal: Proposal, view: PlanView) -> PlanView:
    """Return the plan with what stands in its way, which takes a few plans more to find out."""
    return replace(view, obstacles=obstacles_view(proposal, view.names))


def _other_course(proposal: Proposal) -> tuple[str, ...]:
    """Return what to say of the days of the patient's other courses; nothing without one."""
    if not proposal.left_out:
        return ()
    words = ngettext(
        "%(num)s day of another course is left out. The prescriber may allow both on one day.",
        "%(num)s days of another course are left out. The prescriber may allow both on one day.",
        len(proposal.left_out),
    )
    return (words,)


def _wished(proposal: Proposal, visits: Sequence[PlannedVisit]) -> tuple[tuple[str, str], ...]:
    """Return how near the visits are to the wished hour; nothing when none was wished."""
    wished = proposal.order.wishes.get("preferred_min")
    if not isinstance(wished, int) or not visits:
        return ()
    away = [abs(visit.start_cell * CELL_MIN - wished) for visit in visits]
    near = sum(minutes <= NEAR_MIN for minutes in away)
    words = gettext("%(n)s of %(all)s within %(near)s min", n=near, all=len(away), near=NEAR_MIN)
    if max(away) > NEAR_MIN:
        far = visits[away.index(max(away))]
        words += " · " + gettext(
            "farthest %(day)s at %(hour)s",
            day=day(far.on),
            hour=clock_time(far.start_cell * CELL_MIN),
        )
    return ((gettext("Wished hour (%(hour)s)", hour=clock_time(wished)), words),)


def _facts(visits: Sequence[PlannedVisit], names: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    if not visits:
        return ()
    starts = [visit.start_cell * CELL_MIN for visit in visits]
    hour = max(sorted(set(starts)), key=starts.count)
    followed = [_followed(visit) for visit in visits if _followed(visit)]
    changes = sum(a != b for a, b in pairwise(followed))
    kept = names.get(max(sorted(set(followed)), key=followed.count), "") if followed else ""
    return (
        (
            gettext("Same hour (%(hour)s)", hour=clock_time(hour)),
            gettext("%(n)s of %(all)s", n=starts.count(hour), all=len(visits)),
        ),
        (
            gettext("Device or therapist"),
            gettext("%(name)s, always", name=kept)
            if not changes
            else ngettext(
                "%(name)s, %(num)s change", "%(name)s, %(num)s changes", changes, name=kept
            ),
        ),
        (gettext("First visit"), day_with_year(visits[0].on)),
    )


def _followed(visit: PlannedVisit) -> int:
    """Return the device or therapist of a visit, 0 where it has none."""
    return next((hold.resource_id for hold in visit.holds if hold.requirement in DEVICES), 0)


def _weeks(visits: Sequence[PlannedVisit], names: Mapping[int, str]) -> tuple[PlanWeek, ...]:
    weeks: dict[date, list[tuple[int, str, str, str]]] = {}
    for number, visit in enumerate(visits, start=1):
        monday = visit.on - timedelta(days=visit.on.weekday())
        shown = ", ".join(dict.fromkeys(names.get(hold.resource_id, "") for hold in visit.holds))
        row = (number, day(visit.on), clock_time(visit.start_cell * CELL_MIN), shown)
        weeks.setdefault(monday, []).append(row)
    return tuple(
        PlanWeek(gettext("Week of %(day)s", day=day(monday)), tuple(rows))
        for monday, rows in weeks.items()
    )


def _warning(warning: Warning_) -> str:
    """Return the sentence of a warning; empty for one that only repeats another."""
    sentences = {
        Code.WEEK_CANNOT_HOLD: gettext(
            "A week cannot hold all its visits; the rest goes to the next."
        ),
        Code.OFF_PATTERN: gettext(
            "Visit %(n)s is not on its usual weekday, because that day is shut or full.",
            n=warning.visit,
        ),
        Code.LATE_AFTER_VISIT: gettext(
            "Visit %(n)s ends %(hours)s hours later than it should after the visit it belongs to.",
            n=warning.visit,
            hours=warning.amount,
        ),
        Code.STARTS_LATER: gettext(
            "The course starts %(n)s days after the wished day: nothing is free before.",
            n=warning.amount,
        ),
    }
    return sentences.get(warning.code, "")


def _refusal(plan: Plan, blocked: Impossible) -> str:
    if not blocked.number:
        return gettext("This course cannot be planned with these wishes.")
    if blocked.from_on is None or blocked.to_on is None:
        return gettext("Visit %(n)s finds no place.", n=len(plan.visits) + 1)
    if not plan.visits:
        return gettext(
            "The first visit finds no place between %(first)s and %(last)s.",
            first=day(blocked.from_on),
            last=day(blocked.to_on),
        )
    return gettext(
        "%(n)s visits fit; the next finds no place between %(first)s and %(last)s.",
        n=len(plan.visits),
        first=day(blocked.from_on),
        last=day(blocked.to_on),
    )
