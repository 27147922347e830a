"""Many processes on the same seats: nobody is booked twice, nothing acknowledged is lost."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from clinic.errors import Busy, Conflict
from clinic.models import Appointment, RequestKey
from clinic.models.engine import reading
from clinic.rules.appointments import Status
from tests.fault.contender import BOOKED, CANCELLED, REFUSED, Orders, send
from tests.fault.fights import (
    Word,
    fight,
    half_written,
    journals,
    prepare,
    said,
    settle,
    spoken,
    standing,
    surplus,
    unanswered,
)

pytestmark = [pytest.mark.fault, pytest.mark.slow]

FEW = [(320, 4)]
MANY = [pytest.param(10_000, 16, marks=pytest.mark.long)]
Note = Callable[[str, object], None]


@pytest.mark.parametrize("tries, processes", FEW + MANY)
@pytest.mark.parametrize("capacity", [1, 2, 4])
def test_contested_tries_never_book_a_seat_twice(
    database_url: str,
    engine: Engine,
    tmp_path: Path,
    record_property: Note,
    capacity: int,
    tries: int,
    processes: int,
) -> None:
    orders = prepare(database_url, engine, tmp_path, capacity)

    ended = fight(orders, processes=processes, tries=tries // processes)

    words = spoken(orders)
    doubles = surplus(engine, capacity)
    record_property(
        "figures",
        f"C1 {engine.dialect.name} capacity {capacity}: {words['asked']} tries by {processes}, "
        f"{words[BOOKED]} booked, {words[REFUSED]} refused, {words[CANCELLED]} cancelled, "
        f"{doubles} doubles",
    )
    assert (ended, doubles, half_written(engine)) == (0, 0, {})
    assert standing(engine) == words[BOOKED] - words[CANCELLED]
    assert words[BOOKED] + words[REFUSED] == words["asked"] == tries
    assert words[BOOKED] > tries // 20


@pytest.mark.parametrize("kills", [12, pytest.param(1000, marks=pytest.mark.long)])
def test_kill_nine_loses_nothing_and_leaves_nothing_half(
    database_url: str, engine: Engine, tmp_path: Path, record_property: Note, kills: int
) -> None:
    orders = prepare(database_url, engine, tmp_path, 4)

    ended = fight(orders, kills=kills)
    settle(engine)

    told = [words for words in journals(orders) if words]
    found = stored(engine)
    lost = [word for words in told for word in said(words, BOOKED) if int(word[1]) not in found]
    back = [word for words in told for word in said(words, CANCELLED) if found[int(word[0])]]
    half, doubles = half_written(engine), surplus(engine, 4)
    open_forms = [word for words in told for word in unanswered(words)]
    committed = resubmitted(engine, orders, open_forms)
    record_property(
        "figures",
        f"Kill -9 {engine.dialect.name}: {kills} kills, {spoken(orders)[BOOKED]} acknowledged, "
        f"{len(lost) + len(back)} lost, {len(half)} half-written, {doubles} doubles; "
        f"{len(open_forms)} forms unanswered, of which {committed} had been committed",
    )
    assert (ended, lost, back, half, doubles) == (0, [], [], {}, 0)
    assert len(told) == kills
    assert len(open_forms) > kills // 10
    assert_first_results_are_found_again(engine, orders, told)


def stored(engine: Engine) -> dict[int, bool]:
    """Every appointment by its id, and whether it is booked still."""
    with reading(engine) as session:
        rows = session.execute(select(Appointment.id, Appointment.status))
        return {row.id: row.status is Status.BOOKED for row in rows}


def results(engine: Engine) -> dict[str, int]:
    """What each form that was carried out led to."""
    with reading(engine) as session:
        return {row.key: int(row.result) for row in session.scalars(select(RequestKey))}


def resubmitted(engine: Engine, orders: Orders, forms: list[Word]) -> int:
    """Send each unanswered form twice more; return how many had been carried out already.

    One that had been finds its first result, and one that had not is booked now, once, or refused
    as any other.
    """
    before, committed = results(engine), 0
    for key, start, patient_id in forms:
        answers = Counter(answer(engine, orders, key, start, patient_id) for _ in range(2))
        first = before.get(str(key))
        committed += first is not None
        assert len(answers) == 1, (key, answers)
        assert first is None or answers == {first: 2}, (key, first, answers)
    return committed


def answer(
    engine: Engine, orders: Orders, key: str | int, start: str | int, patient_id: str | int
) -> int | None:
    try:
        return send(engine, orders, str(key), int(start), int(patient_id))
    except (Conflict, Busy):
        return None


def assert_first_results_are_found_again(
    engine: Engine, orders: Orders, told: list[list[Word]]
) -> None:
    """Send answered forms of the dead once more: the same answers, and nothing new."""
    asked = {word[0]: word for words in told for word in said(words, "asked")}
    booked = [word for words in told for word in said(words, BOOKED)]
    chosen = random.Random(1).sample(booked, min(1000, len(booked)))
    before = len(stored(engine))

    again = [send(engine, orders, *map_form(asked[key])) for key, _ in chosen]

    assert again == [made for _, made in chosen]
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == before


def map_form(word: Word) -> tuple[str, int, int]:
    key, start, patient_id = word
    return str(key), int(start), int(patient_id)
