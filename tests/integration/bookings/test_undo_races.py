"""Undo against somebody else at the same instant: one gets the seat, the other hears who has it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine

from clinic.errors import ClinicError, Conflict
from clinic.rules.appointments import Status
from tests.integration.bookings.diary import Diary, make_diary

ROUNDS = 6


@pytest.fixture
def diary(engine: Engine) -> Diary:
    return make_diary(engine)


def at_once(*acts: Callable[[], object]) -> list[str | None]:
    """Carry acts out in threads that start together; return the code of each refusal."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str | None:
        start.wait(10)
        try:
            act()
        except ClinicError as refused:
            return refused.code
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_freed_seat_goes_to_one(diary: Diary, number: int) -> None:
    visit = diary.book(0)
    diary.cancel(visit)
    cancelled = diary.last_change()

    codes = at_once(
        lambda: diary.undo(cancelled),
        lambda: diary.book(number % 3, patient=1, by=diary.omar),
    )

    assert sorted(codes, key=str) == [None, "resource_taken"]
    assert (diary.get(visit).status is Status.BOOKED) == (codes[0] is None)
    assert diary.cells() == diary.held()


def test_one_undo_of_many_is_carried_out(diary: Diary) -> None:
    visit = diary.book(0)
    diary.move(visit, 24)
    moved = diary.last_change()

    codes = at_once(*[lambda: diary.undo(moved)] * 4)

    assert sorted(codes, key=str) == [None, *["undone_already"] * 3]
    assert (diary.get(visit).version, diary.cells()) == (3, diary.held())


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_undo_and_a_move_of_the_same_visit_do_not_mix(diary: Diary, number: int) -> None:
    visit = diary.book(0)
    diary.cancel(visit)
    cancelled = diary.last_change()
    diary.undo(cancelled)
    diary.move(visit, 12)
    moved = diary.last_change()

    codes = at_once(
        lambda: diary.undo(moved), lambda: diary.move(visit, 24 + number, by=diary.omar)
    )

    row = diary.get(visit)
    assert codes in ([None, None], ["undo_changed_since", None])
    assert (row.local_min, diary.cells()) == (540 + (24 + number) * 5, diary.held())


def test_a_seat_taken_over_by_a_move_is_not_taken_back(diary: Diary) -> None:
    first, second = diary.book(0), diary.book(24, patient=1)
    diary.cancel(first)
    cancelled = diary.last_change()

    codes = at_once(lambda: diary.undo(cancelled), lambda: diary.move(second, 0, by=diary.omar))

    assert sorted(codes, key=str) == [None, "resource_taken"]
    assert diary.cells() == diary.held()
    with pytest.raises(Conflict):
        diary.book(0, patient=2)
