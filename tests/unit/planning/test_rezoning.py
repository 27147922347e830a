"""Visits go back to their wall time together; who cannot stays, and is no less booked."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from clinic.planning.rezoning import Drift, Settled, Span, settle

DEVICE = 1


def drift(key: int, first: int, quanta: int, *, length: int = 6, device: int = DEVICE) -> Drift:
    return Drift(key, quanta, (Span(device, first, first + length, 1),))


def test_a_row_of_visits_moves_though_each_takes_the_place_of_the_next() -> None:
    row = [drift(key, 6 * key, 6) for key in range(5)]

    assert settle(row, taken={}, seats={DEVICE: 1}) == Settled(frozenset(range(5)), {})


def test_who_meets_a_taken_seat_stays_and_holds_up_who_needs_that_place() -> None:
    row = [drift(0, 0, 6), drift(1, 6, 6)]

    settled = settle(row, taken={(DEVICE, 14): 1}, seats={DEVICE: 1})

    assert settled == Settled(frozenset(), {1: (DEVICE, 14), 0: (DEVICE, 6)})


def test_who_stays_on_one_device_keeps_nobody_on_another() -> None:
    settled = settle(
        [drift(0, 0, 6), drift(1, 0, 6, device=2)],
        taken={(DEVICE, 8): 1},
        seats={DEVICE: 1, 2: 1},
    )

    assert settled == Settled(frozenset({1}), {0: (DEVICE, 8)})


def test_a_second_seat_lets_two_pass() -> None:
    settled = settle([drift(0, 0, 6)], taken={(DEVICE, 8): 1}, seats={DEVICE: 2})

    assert settled == Settled(frozenset({0}), {})


@given(
    visits=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from([-6, -3, 0, 3, 6]), st.integers(1, 2)),
        max_size=12,
    )
)
def test_no_seat_is_taken_twice_nobody_is_lost_and_a_second_run_moves_nobody(
    visits: list[tuple[int, int, int]],
) -> None:
    seats, now = {1: 1, 2: 2}, Counter[tuple[int, int]]()
    drifts: list[Drift] = []
    others: Counter[tuple[int, int]] = Counter()
    for key, (first, quanta, device) in enumerate(visits):
        places = [(device, quantum) for quantum in range(first, first + 4)]
        if any(now[place] >= seats[device] for place in places):
            continue
        now.update(places)
        if quanta:
            drifts.append(drift(key, first, quanta, length=4, device=device))
        else:
            others.update(places)

    settled = settle(drifts, taken=others, seats=seats)

    assert settled.moved | set(settled.stuck) == {one.id for one in drifts}
    after = Counter(others)
    for one in drifts:
        by = one.quanta if one.id in settled.moved else 0
        after.update(
            (s.resource_id, q + by) for s in one.spans for q in range(s.from_quantum, s.to_quantum)
        )
    assert all(count <= seats[place[0]] for place, count in after.items())
    stayed = [one for one in drifts if one.id in settled.stuck]
    for one in drifts:
        if one.id in settled.moved:
            others.update(
                (s.resource_id, q + one.quanta)
                for s in one.spans
                for q in range(s.from_quantum, s.to_quantum)
            )
    assert settle(stayed, taken=others, seats=seats).moved == frozenset()
