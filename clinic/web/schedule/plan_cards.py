"""One plan as a card of the planning page: what sets it apart, its months, all its dates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from flask_babel import gettext, ngettext

from clinic.planning.courses import PlannedVisit
from clinic.planning.questions import tolerance_of
from clinic.planning.refusals import Code, Warning_
from clinic.planning.three import Choice, Fact, Offer, Trait
from clinic.queries.proposals import Proposal
from clinic.rules.wall_days import CELL_MIN
from clinic.web.months import Month, months
from clinic.web.present import clock_time, day, day_with_year, minutes_long, place_word
from clinic.web.schedule.plan_forms import digest
from clinic.web.strips import LinkedVisit, Reader, Strip, strip

FOLLOWED = frozenset({"device", "therapist"})


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One visit of a plan; `what` is empty where all are of one kind.

    `off` says how far it lies from the wished hour when that is too far.
    """

    number: int
    day: str
    hour: str
    what: str
    taken: str
    off: str


@dataclass(frozen=True, slots=True)
class PlanWeek:
    """The visits of one calendar week."""

    label: str
    visits: tuple[PlanRow, ...]


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One plan to choose; `digest` is what its buttons send, `later` sets its end apart."""

    key: str
    title: str
    digest: str
    finish: str
    later: str
    strip: Strip
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    months: tuple[Month, ...]
    weeks: tuple[PlanWeek, ...]


def plan_card(proposal: Proposal, offer: Offer, names: Mapping[int, str], today: date) -> PlanCard:
    """Return one plan of a proposal as a card; `names` are the resources by id."""
    visits = sorted(offer.plan.visits, key=lambda visit: (visit.on, visit.start_cell))
    wish = _HourWish.of(proposal)
    return PlanCard(
        key=offer.choice.value,
        title=_title(offer.choice) if len(proposal.offers) > 1 else gettext("The best plan"),
        digest=digest(offer.plan),
        finish=day_with_year(visits[-1].on),
        later=_later(offer.facts),
        strip=strip(
            [LinkedVisit(visit.on) for visit in visits], today=today, reader=Reader.PLANNER
        ),
        facts=(
            (gettext("First visit"), day_with_year(visits[0].on)),
            *_wished(wish, visits),
            _same_hour(visits),
            *_kept(visits, names),
            *_preferred(proposal.asked.wishes.prefers_id, visits, names),
            *_off_pattern(proposal, offer.plan.warnings),
        ),
        warnings=tuple(_warnings(offer.plan.warnings, visits)),
        months=months(_words(visits)),
        weeks=_weeks(visits, _kinds(proposal, visits), names, wish),
    )


def _title(choice: Choice) -> str:
    return {
        Choice.EARLIEST: gettext("Earliest"),
        Choice.STEADIEST: gettext("Steadiest hour"),
        Choice.FEWEST_CHANGES: gettext("Fewest changes"),
    }[choice]


def _later(facts: Iterable[Fact]) -> str:
    """Return how much later a plan ends than the first; empty where it ends on the same day."""
    days = next((one.amount for one in facts if one.trait is Trait.ENDS_LATER), 0)
    if days < 0:
        return ngettext("%(num)s day earlier", "%(num)s days earlier", -days)
    return ngettext("%(num)s day later", "%(num)s days later", days) if days else ""


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


def _wished(wish: _HourWish, visits: Sequence[PlannedVisit]) -> tuple[tuple[str, str], ...]:
    """Return how near the visits are to the wished hour; nothing when none was wished."""
    if wish.minute is None:
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
        words += " · " + gettext(
            "farthest %(day)s at %(hour)s, %(off)s",
            day=day(visits[last].on),
            hour=clock_time(visits[last].start_cell * CELL_MIN),
            off=_off_words(off[last]),
        )
    return ((gettext("Wished hour (%(hour)s)", hour=clock_time(wish.minute)), words),)


def _same_hour(visits: Sequence[PlannedVisit]) -> tuple[str, str]:
    """Return the hour most visits start at, how many do, and how far the others are."""
    starts = [visit.start_cell * CELL_MIN for visit in visits]
    hour = max(sorted(set(starts)), key=starts.count)
    words = gettext("%(n)s of %(all)s", n=starts.count(hour), all=len(visits))
    farthest = max(abs(start - hour) for start in starts)
    if farthest:
        words += " · " + gettext("the rest within %(length)s", length=minutes_long(farthest))
    return gettext("Same hour (%(hour)s)", hour=clock_time(hour)), words


def _kept(visits: Sequence[PlannedVisit], names: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    """Return the device or therapist that serves most visits, and how often that changes."""
    followed = [one for one in map(_followed, visits) if one]
    if not followed:
        return ()
    changes = sum(a != b for a, b in pairwise(followed))
    name = names.get(max(sorted(set(followed)), key=followed.count), "")
    words = (
        ngettext("%(name)s, %(num)s change", "%(name)s, %(num)s changes", changes, name=name)
        if changes
        else gettext("%(name)s, always", name=name)
    )
    return ((gettext("Device or therapist"), words),)


def _preferred(
    wished_id: int | None, visits: Sequence[PlannedVisit], names: Mapping[int, str]
) -> tuple[tuple[str, str], ...]:
    """Return how many visits are with whom the patient wishes; nothing when nobody was wished."""
    if wished_id is None or wished_id not in names:
        return ()
    held = sum(1 for one in visits if wished_id in {hold.resource_id for hold in one.holds})
    words = gettext("%(n)s of %(all)s", n=held, all=len(visits))
    return ((gettext("With %(name)s", name=names[wished_id]), words),)


def _followed(visit: PlannedVisit) -> int:
    """Return the device or therapist of a visit, 0 where it has none."""
    return next((hold.resource_id for hold in visit.holds if hold.requirement in FOLLOWED), 0)


def _off_pattern(proposal: Proposal, warnings: Iterable[Warning_]) -> tuple[tuple[str, str], ...]:
    """Return how many visits are off their usual weekday, where the protocol has such days."""
    if not any(step.pattern_days or step.pattern_by_start for step in proposal.protocol.steps):
        return ()
    off = sum(1 for one in warnings if one.code is Code.OFF_PATTERN)
    return ((gettext("Off the usual weekday"), str(off)),)


def _words(visits: Iterable[PlannedVisit]) -> dict[date, str]:
    """Return for each day its hour, and how many visits it has where it has several."""
    starts: dict[date, list[int]] = {}
    for visit in visits:
        starts.setdefault(visit.on, []).append(visit.start_cell * CELL_MIN)
    return {
        on: clock_time(min(found)) + (f" ×{len(found)}" if len(found) > 1 else "")
        for on, found in starts.items()
    }


def _kinds(proposal: Proposal, visits: Iterable[PlannedVisit]) -> dict[str, str]:
    """Return the names of the kinds of visit by key; nothing where all are of one kind."""
    keys = {visit.kind_key for visit in visits}
    if len(keys) < 2:
        return {}
    return {key: proposal.kinds[key].visit_kind.staff_label for key in keys}


def _weeks(
    visits: Sequence[PlannedVisit],
    kinds: Mapping[str, str],
    names: Mapping[int, str],
    wish: _HourWish,
) -> tuple[PlanWeek, ...]:
    weeks: dict[date, list[PlanRow]] = {}
    for number, visit in enumerate(visits, start=1):
        monday = visit.on - timedelta(days=visit.on.weekday())
        row = PlanRow(
            number=number,
            day=day(visit.on),
            hour=clock_time(visit.start_cell * CELL_MIN),
            what=kinds.get(visit.kind_key, ""),
            taken=_taken(visit, names),
            off=_off_words(wish.off(visit)),
        )
        weeks.setdefault(monday, []).append(row)
    return tuple(
        PlanWeek(gettext("Week of %(day)s", day=day(monday)), tuple(rows))
        for monday, rows in weeks.items()
    )


def _taken(visit: PlannedVisit, names: Mapping[int, str]) -> str:
    """Return what a visit holds, by name, and where it is held when that is no room."""
    held = dict.fromkeys(names.get(one.resource_id, "") for one in visit.holds)
    return ", ".join(filter(None, [*held, place_word(visit.place)]))


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
