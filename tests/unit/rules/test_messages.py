"""How long a refused message waits."""

from datetime import UTC, datetime, timedelta

import pytest

from clinic.rules.data import DataError
from clinic.rules.messages import MessagePolicy, link_life, message_policy, pause_after
from tests.unit.rules.examples import clinic_data

POLICIES = clinic_data("policies")
STARTER = message_policy(POLICIES)


@pytest.mark.parametrize(
    ("tries", "jitter", "minutes"),
    [(0, 0.0, 1), (1, 0.0, 1), (1, 1.0, 1.5), (3, 0.0, 4), (5, 1.0, 24), (6, 0.0, 30), (99, 1, 30)],
)
def test_pause_doubles_from_one_to_thirty_minutes(
    tries: int, jitter: float, minutes: float
) -> None:
    assert pause_after(tries, jitter, STARTER) == timedelta(minutes=minutes)


def test_the_starter_policies_say_how_messages_wait() -> None:
    assert (
        MessagePolicy(
            notice_wait=timedelta(minutes=3),
            notice_life=timedelta(days=3),
            first_pause=timedelta(minutes=1),
            longest_pause=timedelta(minutes=30),
            most_ambiguous=2,
        )
        == STARTER
    )
    assert link_life(POLICIES) == timedelta(minutes=30)


@pytest.mark.parametrize(("seconds", "can_undo"), [(0, True), (179, True), (180, False)])
def test_a_change_can_be_undone_until_its_notice_is_due(seconds: int, can_undo: bool) -> None:
    changed_at = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

    assert STARTER.can_undo(changed_at, changed_at + timedelta(seconds=seconds)) is can_undo


def test_a_wait_of_no_time_is_refused() -> None:
    with pytest.raises(DataError) as refused:
        link_life({"log_in": {"link_life_min": 0}})

    assert refused.value.path == "$.log_in.link_life_min"
