"""Long lists of cases: a few in the short run, all of them in the full one."""

from collections.abc import Iterable

import pytest


def some(cases: Iterable[object], few: int) -> list[object]:
    """Return the cases, all but the first few marked slow."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=() if place < few else pytest.mark.slow,
        )
        for place, case in enumerate(cases)
    ]
