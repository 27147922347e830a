"""Days as bitsets: runs of free cells by doubling, and holes that a booking would leave."""

from collections.abc import Iterator

from clinic.rules.wall_days import WHOLE_DAY

HOLE_CELLS = 4  # a hole shorter than 20 minutes is a fragment (performance.md, F6)


def runs(free: int, length: int) -> int:
    """Return the cells at which `length` cells in a row are free."""
    have = 1
    while have < length:
        step = min(have, length - have)
        free &= free >> step
        have += step
    return free if length > 0 else WHOLE_DAY


def span(from_cell: int, to_cell: int) -> int:
    """Return the bitset of the cells from_cell..to_cell, the last one left out."""
    return ((1 << (to_cell - from_cell)) - 1) << from_cell if to_cell > from_cell else 0


def cells_in(mask: int) -> Iterator[int]:
    """Yield the set cells of a bitset, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def cell_list(mask: int) -> list[int]:
    """Return the set cells of a bitset as a list, lowest first."""
    return list(cells_in(mask))


def left_holes(free: int) -> int:
    """Return the starts whose booking leaves a hole shorter than HOLE_CELLS before it."""
    near = far = (free << 1) & WHOLE_DAY
    for shift in range(2, HOLE_CELLS + 1):
        far &= free << shift
    return near & ~far


def right_holes(free: int, length: int) -> int:
    """Return the starts whose booking of `length` cells leaves a short hole after it."""
    near = far = free >> length
    for shift in range(1, HOLE_CELLS):
        far &= free >> (length + shift)
    return near & ~far
