"""Cramped questions: small random ones that cannot be placed whole, for what would relax them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from clinic.planning.courses import plan_course
from clinic.rules.wall_days import WHOLE_DAY
from tests.unit.planning.clinics import Tiny, tiny_kap, tiny_tms


def cramped(seed: int) -> Tiny:
    """Return a small question with narrower wishes and rules, often with no whole plan."""
    rng = Random(f"cramped/{seed}")
    tiny = tiny_tms(seed) if rng.random() < 0.6 else tiny_kap(seed)
    wishes, world = tiny.wishes, tiny.world
    if rng.random() < 0.5:
        low = rng.choice((7 * 60, 8 * 60, 9 * 60, 10 * 60))
        wishes = replace(wishes, window=(low, low + rng.choice((20, 40, 60, 120))))
    if rng.random() < 0.5:
        days = rng.sample(range(5), rng.choice((1, 2, 3)))
        wishes = replace(wishes, weekdays=frozenset(days))
    if rng.random() < 0.4:
        first = wishes.start_on + timedelta(days=rng.randrange(8))
        span = (first, first + timedelta(days=rng.randrange(1, 9)))
        wishes = replace(wishes, away=(span,))
    if rng.random() < 0.3:
        shut = rng.sample(sorted(world.days), min(4, len(world.days)))
        free = {**world.patient_free, **dict.fromkeys(shut, WHOLE_DAY & ~WHOLE_DAY)}
        world = replace(world, patient_free=free)
    return Tiny(tiny.protocol, tiny.kinds, world, wishes)


def impossible(count: int, *, first_seed: int = 0) -> Iterator[Tiny]:
    """Yield so many cramped questions whose best plan leaves a visit out."""
    seed = first_seed
    while count:
        tiny = cramped(seed)
        seed += 1
        if plan_course(tiny.protocol, tiny.kinds, tiny.world, tiny.wishes).unplaced:
            count -= 1
            yield tiny
