"""Day blocks: several visits of a step on one day, a least time apart, planned as one.

The planner sees of a block its first start and its member; the device is free for others between
the starts. Each visit follows the one before as early as it can, evenly where the day allows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from clinic.planning.options import DayOptions
from clinic.planning.world import cells_of
from clinic.rules.steps import Step


@dataclass(frozen=True, slots=True)
class Block:
    """So many visits of one day; `apart` is the least number of cells from start to start."""

    visits: int = 1
    apart: int = 0


def block_of(step: Step, index: int, total: int, length: int) -> Block:
    """Return the block that begins with the index-th of `total` visits, each of `length` cells.

    The times of the protocol are of stimulation: from one start to the next lie the session and
    the pause after it, whatever the chair is held before and after.
    """
    rule = step.per_day
    apart = cells_of((rule.session_min or 0) + (rule.end_to_start_min or 0))
    return Block(min(rule.most, total - index), max(apart, length))


def block_options(options: DayOptions, block: Block) -> DayOptions:
    """Return the starts at which the whole block can begin; holes are those of its first visit."""
    starts = {key: block_starts(mask, block) for key, mask in options.starts.items()}
    starts = {key: mask for key, mask in starts.items() if mask}
    every = 0
    for mask in starts.values():
        every |= mask
    clean = {key: mask & options.clean[key] for key, mask in starts.items()}
    single = {key: mask & options.single[key] for key, mask in starts.items()}
    return DayOptions(starts, clean, single, every)


def block_starts(starts: int, block: Block) -> int:
    """Return those of the starts of one visit from which the whole block fits."""
    found = starts
    for _ in range(block.visits - 1):
        latest = found.bit_length() - 1 - block.apart
        found = starts & ((1 << max(latest + 1, 0)) - 1)
    return found


def starts_in_block(starts: int, first: int, block: Block) -> Iterator[int]:
    """Yield the starts of a block from its first one, each as early as it can be."""
    at = first
    for _ in range(block.visits):
        ahead = starts >> at
        at += (ahead & -ahead).bit_length() - 1
        yield at
        at += block.apart
