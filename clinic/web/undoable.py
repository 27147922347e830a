"""What was just done and may be taken back: kept as one line, told with an undo button."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from clinic.models.appointments import Appointment
from clinic.models.courses import ChangeSet
from clinic.web.requests import run_once
from clinic.web.shell import say


@dataclass(frozen=True, slots=True)
class Done:
    """Where a change leads, and the public id of its change set, empty when it cannot be undone."""

    target: str
    change_set: str = ""

    @property
    def text(self) -> str:
        """Return both as one line to be kept; an address holds no space."""
        return f"{self.target} {self.change_set}"

    @classmethod
    def read(cls, text: str) -> "Done":
        """Return what a kept line says."""
        target, _, change_set = text.partition(" ")
        return cls(target, change_set)


def done(unit: Session, target: str, change_set_id: int | None) -> Done:
    """Return what a change leads to; `change_set_id` is what undo would take back."""
    change_set = None if change_set_id is None else unit.get(ChangeSet, change_set_id)
    return Done(target, "" if change_set is None else change_set.public_id)


def done_to(unit: Session, target: str, appointment: Appointment) -> Done:
    """Return what the last change of an appointment leads to."""
    return done(unit, target, appointment.change_set_id)


def do_once(unit: Session, act: Callable[[], Done]) -> Done:
    """Return what a form led to, carrying it out only the first time it is sent."""
    return Done.read(run_once(unit, lambda: act().text))


def say_undoable(words: str, made: Done) -> None:
    """Show a note on the next page with a button that takes the change back."""
    undo = None
    if made.change_set:
        undo = url_for("schedule.undo", change_set=made.change_set, back=made.target)
    say(words, undo=undo)
