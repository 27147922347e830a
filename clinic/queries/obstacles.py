"""Obstacles: what stands in the way of a proposed course, and what would have to give."""

from dataclasses import dataclass
from time import perf_counter

from clinic.planning.courses import Plan
from clinic.planning.questions import Instant, Question
from clinic.planning.reasons import WhyNot, hour_reasons, why_not
from clinic.planning.refusals import Reason
from clinic.planning.relaxations import Relaxation, is_whole, off_hour, relaxations
from clinic.queries.proposals import Proposal

MOST_PLANS = 60  # of one search: a page shows the answer at once


@dataclass(frozen=True, slots=True)
class Obstacles:
    """Coded reasons, most first, and relaxations, best first. Milliseconds of looking for both.

    `off_hour` counts the visits of a whole plan that lie away from the wished hour.
    """

    reasons: tuple[Reason, ...]
    relaxations: tuple[Relaxation, ...]
    off_hour: int
    milliseconds: float


def obstacles_of(proposal: Proposal, *, most_plans: int = MOST_PLANS) -> Obstacles:
    """Return what keeps a proposed course from being whole, or else from its wished hour."""
    asked, plan = proposal.asked, proposal.plan
    begun = perf_counter()
    away = off_hour(asked, plan) if is_whole(plan) else 0
    if is_whole(plan) and not away:
        return Obstacles((), (), 0, 0.0)
    found = _relaxations(asked, plan, None, most_plans)
    return Obstacles(_reasons(asked, plan), found, away, (perf_counter() - begun) * 1000)


def why_not_at(
    proposal: Proposal, at: Instant, *, most_plans: int = MOST_PLANS
) -> tuple[WhyNot, tuple[Relaxation, ...]]:
    """Return why a visit of the proposed course cannot start then, and what would let it."""
    asked, plan = proposal.asked, proposal.plan
    found = why_not(asked.protocol, asked.kinds, asked.world, asked.wishes, at=at, plan=plan)
    return found, _relaxations(asked, plan, at, most_plans) if found.reasons else ()


def _reasons(asked: Question, plan: Plan) -> tuple[Reason, ...]:
    if plan.first_impossible is not None:
        return plan.first_impossible.reasons
    return hour_reasons(asked.protocol, asked.kinds, asked.world, asked.wishes, plan)


def _relaxations(
    asked: Question, plan: Plan, at: Instant | None, most_plans: int
) -> tuple[Relaxation, ...]:
    return relaxations(
        asked.protocol,
        asked.kinds,
        asked.world,
        asked.wishes,
        at=at,
        open_world=asked.open_world,
        plan=plan,
        most_plans=most_plans,
    )
