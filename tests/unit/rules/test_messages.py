"""How long a refused message waits."""

from datetime import timedelta

import pytest

from clinic.rules.messages import pause_after


@pytest.mark.parametrize(
    ("tries", "jitter", "minutes"),
    [(0, 0.0, 1), (1, 0.0, 1), (1, 1.0, 1.5), (3, 0.0, 4), (5, 1.0, 24), (6, 0.0, 30), (99, 1, 30)],
)
def test_pause_doubles_from_one_to_thirty_minutes(
    tries: int, jitter: float, minutes: float
) -> None:
    assert pause_after(tries, jitter) == timedelta(minutes=minutes)
