"""What the planning page says of a proposal: the wishes in a line, the plans, why it cannot be."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import gettext, ngettext

from clinic.planning.changes import DAY_MIN
from clinic.planning.courses import Plan
from clinic.planning.refusals import Impossible
from clinic.planning.wishes import Wishes
from clinic.queries.proposals import Proposal
from clinic.web.present import clock_time, day, day_with_year
from clinic.web.reasons import weekday_words
from clinic.web.schedule.phases import phase_words, place_words
from clinic.web.schedule.plan_cards import PlanCard, plan_card
from clinic.web.schedule.plan_forms import variant_name
from clinic.web.schedule.reasons_view import ObstaclesView, obstacles_view


@dataclass(frozen=True, slots=True)
class PlanView:
    """A proposal as the page prints it: its plans side by side; `names` are resources by id.

    A course that does not fit whole has one card at most, of the part that fits.
    """

    asked: str
    cards: tuple[PlanCard, ...]
    count: int
    notes: tuple[str, ...]
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
    blocked = plan.first_impossible
    offers = proposal.offers if blocked is None else proposal.offers[:1]
    cards = [plan_card(proposal, one, names, today) for one in offers if one.plan.visits]
    shared = _shared_warnings(cards)
    return PlanView(
        asked=asked_words(proposal, names),
        cards=tuple(_without(card, shared) for card in cards),
        count=len(plan.visits),
        notes=(*_other_course(proposal), *shared),
        refusal=None if blocked is None else _refusal(plan, blocked),
        lapses_on=lapses_on,
        lapses=day(lapses_on),
        names=names,
    )


def _shared_warnings(cards: Sequence[PlanCard]) -> tuple[str, ...]:
    """Return the warnings that hold whichever plan is chosen, in the order of the first."""
    if not cards:
        return ()
    first, *others = cards
    return tuple(one for one in first.warnings if all(one in other.warnings for other in others))


def _without(card: PlanCard, shared: Collection[str]) -> PlanCard:
    return replace(card, warnings=tuple(one for one in card.warnings if one not in shared))


def explained(proposal: Proposal, view: PlanView) -> PlanView:
    """Return the plan with what stands in its way, which takes a few plans more to find out."""
    return replace(view, obstacles=obstacles_view(proposal, view.names))


def asked_words(proposal: Proposal, names: Mapping[int, str]) -> str:
    """Return what was asked for in one line: the treatment, the first day, the wishes."""
    wishes = proposal.asked.wishes
    wished = names.get(wishes.prefers_id or 0, "")
    first = gettext("from %(day)s", day=day_with_year(wishes.start_on))
    variant = variant_name(proposal.protocol, proposal.order.variant)
    repeated = proposal.order.repeated
    after = gettext("repeats %(name)s", name=repeated.name) if repeated else ""
    words = [proposal.protocol.name, variant, after, first, _hour(wishes), _hours(wishes)]
    words.append(weekday_words(wishes.weekdays) if wishes.weekdays else "")
    words.append(gettext("%(n)s a week", n=wishes.per_week) if wishes.per_week else "")
    words += [*phase_words(wishes), place_words(wishes.place)]
    words.append(gettext("with %(name)s if it can be", name=wished) if wished else "")
    words += [_away(*span) for span in wishes.away]
    return " · ".join(filter(None, words))


def _hour(wishes: Wishes) -> str:
    if wishes.preferred_min is None:
        return ""
    return gettext("at %(hour)s if it can be", hour=clock_time(wishes.preferred_min))


def _hours(wishes: Wishes) -> str:
    if wishes.window is None:
        return ""
    first, last = wishes.window
    if not first:
        return gettext("not after %(hour)s", hour=clock_time(last))
    if last >= DAY_MIN:
        return gettext("not before %(hour)s", hour=clock_time(first))
    return f"{clock_time(first)}–{clock_time(last)}"


def _away(first: date, last: date) -> str:
    if first == last:
        return gettext("not %(day)s", day=day(first))
    return gettext("not %(first)s to %(last)s", first=day(first), last=day(last))


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
