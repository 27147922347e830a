"""What the planning page says of a plan: finish, hour, warnings, dates, and why it cannot be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from flask_babel import gettext, ngettext

from clinic.planning.courses import Plan, PlannedVisit
from clinic.planning.questions import tolerance_of
from clinic.planning.refusals import Code, Impossible, Warning_
from clinic.queries.proposals import Proposal
from clinic.rules.wall_days import CELL_MIN
from clinic.web.present import clock_time, day, day_with_year, minutes_long
from clinic.web.schedule.reasons_view import ObstaclesView, obstacles_view
from clinic.web.strips import LinkedVisit, Reader, Strip, strip

DEVICES = frozenset({"device", "therapist"})


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One visit of a plan; `off` says how far it lies from the wished hour when that is too far."""

    number: int
    day: str
    hour: str
    taken: str
    off: str


@dataclass(frozen=True, slots=True)
class PlanWeek:
    """The visits of one calendar week."""

    label: str
    visits: tuple[PlanRow, ...]


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
        strip=strip(
            [LinkedVisit(visit.on) for visit in visits], today=today, reader=Reader.PLANNER
        ),
        count=len(visits),
        finish=day_with_year(visits[-1].on) if visits else "",
        facts=(
            (gettext("Treatment"), proposal.protocol.name),
            *_wished(proposal, visits),
            *_facts(visits, names),
        ),
        warnings=(*_other_course(proposal), *_warnings(plan.warnings, visits)),
        weeks=_weeks(visits, names, _HourWish.of(proposal)),
        refusal=None if blocked is None else _refusal(plan, blocked),
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


@dataclass(frozen=True, slots=True)
class _HourWish:
    """The wished minute of the day, None for none, and how many minutes beside it are as good."""

    minute: int | None
    tolerance_min: int

    @classmethod
    def of(cls, proposal: Proposal) -> "_HourWish":
        """Return what was wished of the hour."""
        asked = proposal.asked
        return cls(asked.wishes.preferred_min, tolerance_of(asked))

    def off(self, visit: PlannedVisit) -> int:
        """Return how many minutes a visit lies after the wished hour, 0 where it is near enough."""
        if self.minute is None:
            return 0
        away = visit.start_cell * CELL_MIN - self.minute
        return away if abs(away) > self.tolerance_min else 0


def _off_words(minutes: int) -> str:
    """Return how far a visit lies from the wished hour; empty for one that is near enough."""
    if not minutes:
        return ""
    length = minutes_long(abs(minutes))
    if minutes > 0:
        return gettext("%(length)s later", length=length)
    return gettext("%(length)s earlier", length=length)


def _wished(proposal: Proposal, visits: Sequence[PlannedVisit]) -> tuple[tuple[str, str], ...]:
    """Return how near the visits are to the wished hour; nothing when none was wished."""
    wish = _HourWish.of(proposal)
    if wish.minute is None or not visits:
        return ()
    off = [wish.off(visit) for visit in visits]
    far = sum(1 for minutes in off if minutes)
    values = {"n": len(off) - far, "all": len(off)}
    words = (
        gettext("%(n)s of %(all)s within %(near)s min", near=wish.tolerance_min, **values)
        if wish.tolerance_min
        else gettext("%(n)s of %(all)s exactly then", **values)
    )
    if far:
        last = max(range(len(off)), key=lambda index: abs(off[index]))
        farthest = visits[last]
        words += " · " + gettext(
            "%(n)s further off, the farthest %(day)s at %(hour)s (%(off)s)",
            n=far,
            day=day(farthest.on),
            hour=clock_time(farthest.start_cell * CELL_MIN),
            off=_off_words(off[last]),
        )
    return ((gettext("Wished hour (%(hour)s)", hour=clock_time(wish.minute)), words),)


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


def _weeks(
    visits: Sequence[PlannedVisit], names: Mapping[int, str], wish: _HourWish
) -> tuple[PlanWeek, ...]:
    weeks: dict[date, list[PlanRow]] = {}
    for number, visit in enumerate(visits, start=1):
        monday = visit.on - timedelta(days=visit.on.weekday())
        row = PlanRow(
            number=number,
            day=day(visit.on),
            hour=clock_time(visit.start_cell * CELL_MIN),
            taken=", ".join(dict.fromkeys(names.get(one.resource_id, "") for one in visit.holds)),
            off=_off_words(wish.off(visit)),
        )
        weeks.setdefault(monday, []).append(row)
    return tuple(
        PlanWeek(gettext("Week of %(day)s", day=day(monday)), tuple(rows))
        for monday, rows in weeks.items()
    )


def _warnings(warnings: Iterable[Warning_], visits: Sequence[PlannedVisit]) -> list[str]:
    """Return the sentences of warnings, each once; none for one that only repeats another."""
    said = (_warning(one, _which(one.visit, visits)) for one in warnings)
    return list(dict.fromkeys(filter(None, said)))


def _which(number: int, visits: Sequence[PlannedVisit]) -> str:
    """Return which visit a warning is about: its number, and its day where it has one."""
    if 0 < number <= len(visits):
        return gettext("Visit %(n)s (%(day)s)", n=number, day=day(visits[number - 1].on))
    return gettext("Visit %(n)s", n=number)


def _warning(warning: Warning_, which: str) -> str:
    """Return the sentence of a warning; empty for one that only repeats another."""
    sentences = {
        Code.WEEK_CANNOT_HOLD: gettext(
            "A week cannot hold all its visits; the rest goes to the next."
        ),
        Code.OFF_PATTERN: gettext(
            "%(which)s is not on its usual weekday, because that day is shut or full.",
            which=which,
        ),
        Code.LATE_AFTER_VISIT: gettext(
            "%(which)s ends %(hours)s hours later than it should after the visit it belongs to.",
            which=which,
            hours=warning.amount,
        ),
        Code.STARTS_LATER: ngettext(
            "The course starts %(num)s day after the wished day: nothing is free before.",
            "The course starts %(num)s days after the wished day: nothing is free before.",
            warning.amount,
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
