"""Relaxations: what would have to give for a course to fit, found by planning it again.

Every rule is relaxed alone with the same planner; where too few of them help, pairs of those that
do not help alone; where none do, all that the desk may decide. What is offered has been planned:
applying it gives that plan.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from clinic.planning.changes import EARLIER, LATER, Change, Grantor, Rule, changed
from clinic.planning.courses import Plan, plan_course
from clinic.planning.ladders import Ladder, course_ladders, hour_ladders, instant_ladders
from clinic.planning.questions import Instant, Question, tolerance_of
from clinic.planning.reasons import why_not
from clinic.planning.wishes import Wishes
from clinic.planning.world import World
from clinic.rules.protocols import Protocol
from clinic.rules.visit_kinds import VisitKind
from clinic.rules.wall_days import CELL_MIN

MOST_PLANS = 120  # how many plans one search may make; the work is bounded, not the time
ENOUGH = 3  # pairs are tried when fewer single rules than this help and can be granted
SHOWN = 8

Goal = Callable[[Question, Plan], bool]
TOGETHER = frozenset({Rule.HOURS, Rule.WEEKDAYS, Rule.AWAY})
GRANTED_FIRST = {Grantor.DESK: 0, Grantor.PRESCRIBER: 1, Grantor.NOBODY: 2}


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Changes that together let the course fit, and the best plan once they are made.

    `rank` is how it compares with others, smaller first: rules, who may grant, how far they go.
    """

    changes: tuple[Change, ...]
    plan: Plan
    rank: tuple[int, int, int, int]

    @property
    def grantor(self) -> Grantor:
        """Return who has to grant it: of several the one who is asked last."""
        return max((one.grantor for one in self.changes), key=GRANTED_FIRST.__getitem__)


def apply(relaxation: Relaxation, question: Question) -> Question:
    """Return the question with every change of the relaxation made."""
    return _with(question, relaxation.changes)


def _with(question: Question, changes: Sequence[Change]) -> Question:
    for change in changes:
        question = changed(question, change)
    return question


def relaxations(
    protocol: Protocol,
    kinds: Mapping[str, VisitKind],
    world: World,
    wishes: Wishes,
    *,
    at: Instant | None = None,
    open_world: World | None = None,
    plan: Plan | None = None,
    most_plans: int = MOST_PLANS,
) -> tuple[Relaxation, ...]:
    """Return what would let the course fit, best first; nothing where nothing stands in its way.

    The aim is a whole course; for a whole course whose visits are not all at the wished hour, the
    hour (single rules only); with `at`, that a visit can start at that instant (see `why_not`).
    `open_world` is the world with the days of the patient's other courses; `plan` saves planning
    what is known.
    """
    question = Question(protocol, kinds, world, wishes, open_world)
    known = plan_course(protocol, kinds, world, wishes) if plan is None else plan
    goal, ladders = _aim(question, known, at)
    search = Search(question, goal, most_plans)
    if not ladders or goal(question, known):
        return ()
    found, failing = search.singles(ladders)
    is_short = sum(one.grantor is not Grantor.NOBODY for one in found) < ENOUGH
    if is_short and (at is not None or not is_whole(known)):
        found += search.pairs(failing)
    if not found and not is_whole(known):
        found += search.together(failing)
    shown = sorted(_least(found), key=lambda one: one.rank)[:SHOWN]
    return tuple(search.one_sided(one) for one in shown)


def _aim(question: Question, plan: Plan, at: Instant | None) -> tuple[Goal, list[Ladder]]:
    """Return what has to hold after a relaxation, and what to try."""
    if at is not None:
        asked = why_not(
            question.protocol, question.kinds, question.world, question.wishes, at=at, plan=plan
        )
        ladders = instant_ladders(question, at, asked.step_key, asked.reasons)
        if not asked.number:
            ladders = course_ladders(question, plan)
        return (lambda one, found: _can_start(one, found, at)), ladders
    if plan.unplaced or plan.first_impossible is not None:
        return (lambda _, found: is_whole(found)), course_ladders(question, plan)
    return (lambda one, found: is_whole(found) and not off_hour(one, found)), hour_ladders(question)


def _can_start(question: Question, plan: Plan, at: Instant) -> bool:
    found = why_not(
        question.protocol, question.kinds, question.world, question.wishes, at=at, plan=plan
    )
    return not found.reasons


def is_whole(plan: Plan) -> bool:
    """Say whether every visit of the course has a place."""
    return bool(plan.visits) and not plan.unplaced and plan.first_impossible is None


def off_hour(question: Question, plan: Plan) -> int:
    """Return how many visits lie further from the wished hour than the tolerance; 0 with none."""
    preferred, tolerance = question.wishes.preferred_min, tolerance_of(question)
    if preferred is None:
        return 0
    away = (abs(visit.start_cell - preferred // CELL_MIN) for visit in plan.visits)
    return sum(cells > tolerance // CELL_MIN for cells in away)


class Search:
    """Tries changes with the planner, at most so many times."""

    def __init__(self, question: Question, goal: Goal, most_plans: int) -> None:
        """Keep the question and the work that may be done."""
        self.question = question
        self.goal = goal
        self.left = most_plans
        self.steps: dict[Change, int] = {}

    def singles(self, ladders: Sequence[Ladder]) -> tuple[list[Relaxation], list[Ladder]]:
        """Return the least change of each rule that helps alone, and the rules that do not."""
        found: list[Relaxation] = []
        failing: list[Ladder] = []
        for ladder in ladders:
            one = self._least_of(ladder, ())
            if one is None:
                failing.append(ladder)
            else:
                found.append(one)
        return found, failing

    def pairs(self, ladders: Sequence[Ladder]) -> list[Relaxation]:
        """Return the pairs of rules that help together, where somebody may grant them."""
        found: list[Relaxation] = []
        granted = [one for one in ladders if one.changes[0].grantor is not Grantor.NOBODY]
        ordered = sorted(
            combinations(granted, 2),
            key=lambda pair: sum(GRANTED_FIRST[one.changes[0].grantor] for one in pair),
        )
        for first, second in ordered:
            if len(found) >= SHOWN or self.left <= 0:
                break
            if not _fit_together(first, second):
                continue
            one = self._least_of(first, (second.changes[-1],))
            if one is not None:
                found.append(self._least_of(second, one.changes[1:]) or one)
        return found

    def together(self, ladders: Sequence[Ladder]) -> list[Relaxation]:
        """Return all that the desk may grant at once, less what is not needed; if that helps."""
        desk = [one for one in ladders if one.changes[0].grantor is Grantor.DESK]
        widest = {(one.rule, one.changes[-1].span): one for one in desk if one.rule in TOGETHER}
        kept = list(widest.values())
        found = self._tried(tuple(one.changes[-1] for one in kept)) if len(kept) > 2 else None
        for ladder in list(kept) if found else []:
            fewer = [one for one in kept if one is not ladder]
            without = self._tried(tuple(one.changes[-1] for one in fewer))
            if without is not None:
                kept, found = fewer, without
        for ladder in list(kept) if found else []:
            others = tuple(one.changes[-1] for one in kept if one is not ladder)
            smaller = self._least_of(ladder, others) if len(ladder.changes) > 1 else None
            found = smaller or found
        return [found] if found else []

    def one_sided(self, found: Relaxation) -> Relaxation:
        """Return it with the patient's hours widened on one side only, where that is enough."""
        for at, change in enumerate(found.changes):
            if change.rule is not Rule.HOURS:
                continue
            for side in (EARLIER, LATER):
                one = replace(change, name=side)
                self.steps[one] = self.steps[change]
                narrow = self._tried((*found.changes[:at], one, *found.changes[at + 1 :]))
                if narrow is not None:
                    return narrow
        return found

    def _least_of(self, ladder: Ladder, others: tuple[Change, ...]) -> Relaxation | None:
        """Return the first change of a ladder that helps beside others; None when none does."""
        self.steps |= {change: step for step, change in enumerate(ladder.changes, start=1)}
        last = self._tried((*others, ladder.changes[-1]))
        if last is None:
            return None
        smaller = (self._tried((*others, change)) for change in ladder.changes[:-1])
        return next((one for one in smaller if one is not None), last)

    def _tried(self, changes: tuple[Change, ...]) -> Relaxation | None:
        if self.left <= 0:
            return None
        question = _with(self.question, changes)
        if question == self.question:
            return None
        self.left -= 1
        plan = question.plan()
        if not self.goal(question, plan):
            return None
        grantor = max(GRANTED_FIRST[one.grantor] for one in changes)
        steps = sum(self.steps[one] for one in changes)
        order = sum(list(Rule).index(one.rule) for one in changes)
        return Relaxation(changes, plan, (len(changes), grantor, steps, order))


def _fit_together(first: Ladder, second: Ladder) -> bool:
    """Say whether two ladders relax different things, or one thing in two places."""
    if first.rule is not second.rule:
        return True
    return first.rule is Rule.AWAY or (
        first.changes[0].step_key != second.changes[0].step_key and bool(first.changes[0].step_key)
    )


def _least(found: Sequence[Relaxation]) -> list[Relaxation]:
    """Return the relaxations without those that go further than another of the same rules."""
    least: dict[tuple[tuple[Rule, str, str], ...], int] = {}
    for one in found:
        key = _rules_of(one)
        least[key] = min(least.get(key, _amount(one)), _amount(one))
    return [one for one in found if _amount(one) == least[_rules_of(one)]]


def _rules_of(one: Relaxation) -> tuple[tuple[Rule, str, str], ...]:
    return tuple(sorted((change.rule, change.step_key, change.name) for change in one.changes))


def _amount(one: Relaxation) -> int:
    return sum(abs(change.amount) for change in one.changes)
