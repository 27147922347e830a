"""What the planning page says of a plan: finish, hour, warnings, dates, and why it cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from flask_babel import gettext, ngettext

from clinic.planning.courses import Plan, PlannedVisit
from clinic.planning.refusals import Code, Impossible, Reason, Warning_
from clinic.queries.proposals import Proposal
from clinic.rules.wall_days import CELL_MIN
from clinic.web.present import clock_time, day, day_with_year
from clinic.web.strips import LinkedVisit, Strip, strip

DEVICES = frozenset({"device", "therapist"})


@dataclass(frozen=True, slots=True)
class PlanWeek:
    """The visits of one calendar week: number, day, hour and what is taken."""

    label: str
    visits: tuple[tuple[int, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as the page prints it."""

    strip: Strip
    count: int
    finish: str
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    weeks: tuple[PlanWeek, ...]
    refusal: str | None
    refusal_reasons: tuple[str, ...]
    milliseconds: str
    lapses_on: date
    lapses: str


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
        facts=_facts(visits, names),
        warnings=(*_other_course(proposal), *filter(None, map(_warning, plan.warnings))),
        weeks=_weeks(visits, names),
        refusal=None if blocked is None else _refusal(plan, blocked),
        refusal_reasons=() if blocked is None else _reasons(blocked.reasons, names),
        milliseconds=f"{proposal.milliseconds:.0f} ms",
        lapses_on=lapses_on,
        lapses=day(lapses_on),
    )


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
    return gettext(
        "%(n)s visits fit; the next finds no place between %(first)s and %(last)s.",
        n=len(plan.visits),
        first=day(blocked.from_on),
        last=day(blocked.to_on),
    )


def _reasons(reasons: Sequence[Reason], names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(reason_sentence(reason, names) for reason in reasons)


def reason_sentence(reason: Reason, names: Mapping[int, str]) -> str:
    """Return why a start is refused, in words to repeat on the phone, and what would help."""
    name = names.get(reason.resource_id or 0, gettext("what it needs"))
    sentences = {
        Code.CLINIC_CLOSED: gettext("The clinic is closed. Choose another day."),
        Code.DAY_NOT_ALLOWED: gettext("The treatment is not given on that weekday."),
        Code.PATIENT_AWAY: gettext("The patient cannot come on that day. Allow more days."),
        Code.PATIENT_BUSY: gettext("The patient has another visit then. Choose another hour."),
        Code.OUTSIDE_WINDOW: gettext("It lies outside the hours the patient can come. Widen them."),
        Code.NO_SUCH_RESOURCE: gettext("This site has no device or room of the kind needed."),
        Code.DEVICE_BUSY: gettext("%(name)s is taken. Try another hour.", name=name),
        Code.DEVICE_CLOSED: gettext("%(name)s is out of use then. Try another day.", name=name),
        Code.NOBODY_QUALIFIED_ON_SHIFT: gettext("Nobody qualified is on shift then."),
        Code.STAFF_BUSY: gettext("All who are qualified are busy then. Try another hour."),
        Code.NOT_TOGETHER: gettext("Device, room and people are not free together then."),
        Code.GAP_ABOVE_MAXIMUM: gettext("The gap to the visit before would be too long."),
        Code.WEEKLY_LIMIT: gettext("The week has its visits already."),
        Code.WINDOW_AFTER_VISIT: gettext("It would be too early or late after the visit before."),
        Code.COUNT_OUT_OF_RANGE: gettext("The protocol does not allow that number of visits."),
        Code.PER_WEEK_NOT_OFFERED: gettext("The protocol does not offer that many visits a week."),
        Code.NOT_SUPPORTED_YET: gettext(
            "Several visits a day cannot be planned yet. Book each one."
        ),
    }
    said = sentences.get(reason.code, gettext("It is not possible then."))
    if reason.days > 1:
        return gettext("%(said)s (%(n)s days)", said=said, n=reason.days)
    return said
