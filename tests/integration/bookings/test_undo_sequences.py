"""Whatever two people book, move, cancel and undo: cells agree with the visits that hold them.

Each act is granted or refused exactly as a plain model says, which knows no cells.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from clinic.errors import ClinicError
from clinic.models import Appointment, ChangeSet
from clinic.models.engine import reading
from clinic.rules.actors import Actor
from clinic.rules.appointments import Status, holds_cells
from tests.integration.bookings.diary import LENGTH, NINE, TURNOVER, Diary, make_diary

STEPS = 60
STARTS = 24
SEEDS = [seed if seed < 2 else pytest.param(seed, marks=pytest.mark.slow) for seed in range(10)]


@dataclass(frozen=True)
class Stand:
    """How one visit stands: its state, and where it is."""

    status: Status
    start: int
    device: int
    patient: int


@dataclass
class Deed:
    """One act that was carried out: what it made of a visit, out of what, by whom and when."""

    change_set: str
    visit: int
    before: Stand | None
    by: Actor
    at: datetime
    undone: bool = False


@dataclass
class Model:
    """The clinic in a dictionary: no cells, no tables, every seat looked for by comparing spans."""

    visits: dict[int, Stand] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)

    def clash(self, wanted: Stand, leave_out: int | None = None) -> str | None:
        """What refuses a stand: the device comes before the patient, as the cells do."""
        others = [
            one for key, one in self.visits.items() if key != leave_out and holds_cells(one.status)
        ]
        apart = [(one, abs(one.start - wanted.start)) for one in others]
        if any(one.device == wanted.device and n < LENGTH + TURNOVER for one, n in apart):
            return "resource_taken"
        if any(one.patient == wanted.patient and n < LENGTH for one, n in apart):
            return "patient_busy"
        return None

    def refusal_of_undo(self, deed: Deed, by: Actor, now: datetime) -> str | None:
        later = self.deeds[self.deeds.index(deed) + 1 :]
        checks = [
            ("undo_not_yours", by is not deed.by),
            ("undone_already", deed.undone),
            ("undo_too_late", now >= deed.at + timedelta(minutes=3)),
            (
                "undo_changed_since",
                any(one.visit == deed.visit and not one.undone for one in later),
            ),
        ]
        found = next((code for code, is_met in checks if is_met), None)
        if found or deed.before is None or not holds_cells(deed.before.status):
            return found
        return self.clash(deed.before, leave_out=deed.visit)


@dataclass
class Game:
    """A random course of events, played on the clinic and on the model at once."""

    diary: Diary
    random: random.Random
    model: Model = field(default_factory=Model)
    refusals: Counter[str] = field(default_factory=Counter)

    def play(self) -> None:
        acts: list[Callable[[Actor], None]] = [self.book, self.move, self.cancel, self.undo]
        for _ in range(STEPS):
            self.diary.wait(seconds=self.random.choice([1, 5, 20, 100]))
            act = self.random.choices(acts, weights=[4, 4, 3, 4])[0]
            act(self.random.choice(self.diary.people))
            self.check()

    def somewhere(self, patient: int | None = None) -> Stand:
        chosen = self.random.randrange(3) if patient is None else patient
        start, device = self.random.randrange(STARTS), self.random.randrange(2)
        return Stand(Status.BOOKED, start, device, chosen)

    def book(self, by: Actor) -> None:
        to = self.somewhere()
        made: list[int] = []

        def work() -> None:
            made.append(self.diary.book(to.start, to.device, to.patient, by=by))

        if self.answers(work, self.model.clash(to)):
            self.note(made[0], None, to, by)

    def move(self, by: Actor) -> None:
        visit = self.any_visit()
        if visit is None:
            return
        was = self.model.visits[visit]
        to = self.somewhere(was.patient)
        expected = self.model.clash(to, leave_out=visit)
        if was.status is not Status.BOOKED:
            expected = "move_refused"
        if self.answers(lambda: self.diary.move(visit, to.start, to.device, by=by), expected):
            self.note(visit, was, to, by)

    def cancel(self, by: Actor) -> None:
        visit = self.any_visit()
        if visit is None:
            return
        was = self.model.visits[visit]
        expected = None if was.status is Status.BOOKED else "transition_refused"
        if self.answers(lambda: self.diary.cancel(visit, by=by), expected):
            self.note(visit, was, replace(was, status=Status.CANCELLED), by)

    def undo(self, by: Actor) -> None:
        """Undo one of the last acts, mostly one's own."""
        if not self.model.deeds:
            return
        deed = self.random.choice(self.model.deeds[-5:])
        by = self.random.choice([deed.by, deed.by, by])
        expected = self.model.refusal_of_undo(deed, by, self.diary.now)
        if self.answers(lambda: self.diary.undo(deed.change_set, by=by), expected):
            was = self.model.visits[deed.visit]
            gone = replace(was, status=Status.ENTERED_IN_ERROR)
            self.model.visits[deed.visit] = deed.before or gone
            self.model.versions[deed.visit] += 1
            deed.undone = True

    def any_visit(self) -> int | None:
        return self.random.choice(list(self.model.visits)) if self.model.visits else None

    def answers(self, work: Callable[[], None], expected: str | None) -> bool:
        """Say whether an act was carried out; it must be exactly when the model says so."""
        code = None
        try:
            work()
        except ClinicError as refused:
            code = refused.code
        assert code == expected
        self.refusals[code or "granted"] += 1
        return code is None

    def note(self, visit: int, before: Stand | None, after: Stand, by: Actor) -> None:
        change_set = self.diary.last_change()
        self.model.visits[visit] = after
        self.model.versions[visit] = self.model.versions.get(visit, 0) + 1
        self.model.deeds.append(Deed(change_set, visit, before, by, self.diary.now))

    def check(self) -> None:
        diary = self.diary
        assert diary.cells() == diary.held()
        with reading(diary.engine) as session:
            rows = session.scalars(select(Appointment)).all()
        assert {
            row.id: (row.status, row.local_min, row.patient_id, row.version) for row in rows
        } == {
            key: (
                one.status,
                (NINE + one.start) * 5,
                diary.patient_ids[one.patient],
                self.model.versions[key],
            )
            for key, one in self.model.visits.items()
        }


@pytest.mark.parametrize("seed", SEEDS)
def test_cells_agree_with_the_visits_that_hold_them_whatever_happens(
    engine: Engine, seed: int
) -> None:
    game = Game(make_diary(engine), random.Random(seed))

    game.play()

    diary = game.diary
    undone = sum(deed.undone for deed in game.model.deeds)
    with reading(engine) as session:
        undoes = session.scalars(
            select(ChangeSet.undoes_id).where(ChangeSet.undoes_id.is_not(None))
        ).all()
    assert (len(undoes), len({*undoes})) == (undone, undone)
    assert undone > 0
    assert {"granted", "resource_taken"} <= set(game.refusals)
    for visit, one in game.model.visits.items():
        verbs = diary.verbs(visit)
        assert len(verbs) == game.model.versions[visit], one
