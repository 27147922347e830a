"""The demo is the same for the same seed and day, and another for another seed."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from clinic.commands.demo import demo_day, is_fresh
from clinic.demo.courses import demo_courses
from clinic.demo.story import tell_story
from clinic.errors import RuleBroken
from clinic.models import (
    Appointment,
    Base,
    Course,
    Observation,
    Patient,
    Resource,
    Seat,
    SideEffect,
    Site,
    Staff,
)
from clinic.models.engine import make_engine, reading
from clinic.rules.appointments import Status
from tests.servers import fresh_sqlite

TODAY = date(2026, 3, 2)
SEED = 20260301
MADE_BY_CHANCE = frozenset(
    {"public_id", "uid", "token_hash", "message_id", "password_hash", "dedupe_key", "mark"}
)
"""Ids and secrets must not be guessed, so no seed decides them, nor keys that hold an id."""
PATIENT_KEY = re.compile(r"^patient:.*")
"""The key of a patient's resource is made from the public id."""


def lived(folder: Path, paths: pytest.TempPathFactory, *, weeks: int, seed: int) -> Engine:
    """Tell the story into a fresh database and stop after so many weeks."""
    folder.mkdir()
    engine = make_engine(fresh_sqlite(folder, paths))
    story = tell_story(engine, today=TODAY, seed=seed)
    for _ in range(weeks):
        next(story)
    return engine


def contents(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table in words, but for what is made by chance."""
    with reading(engine) as session:
        return {
            table.name: sorted(
                " ".join(word(getattr(row, name)) for name in told(table.columns.keys()))
                for row in session.execute(select(table))
            )
            for table in Base.metadata.sorted_tables
        }


def told(names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in MADE_BY_CHANCE]


def word(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, datetime):
        return value.isoformat()
    return PATIENT_KEY.sub("patient", value) if isinstance(value, str) else repr(value)


def differing(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    return [name for name in one if one[name] != other[name]]


@pytest.mark.slow
def test_two_demos_of_one_seed_are_equal_row_by_row(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, second = (
        lived(tmp_path / name, tmp_path_factory, weeks=3, seed=SEED) for name in ("a", "b")
    )

    one, other = contents(first), contents(second)

    assert differing(one, other) == []
    assert len(one["appointment"]) > 100
    assert len(one["patient"]) == 150


def test_courses_of_the_story_follow_from_the_seed() -> None:
    one, same, other = (
        demo_courses(random.Random(seed), today=TODAY) for seed in (SEED, SEED, SEED + 1)
    )

    assert one == same
    assert one != other


@pytest.mark.slow
def test_the_whole_story_is_a_believable_clinic(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path / "whole"
    folder.mkdir()
    engine = make_engine(fresh_sqlite(folder, tmp_path_factory))

    lines = list(tell_story(engine, today=TODAY, seed=SEED))

    with reading(engine) as session:
        kinds = Counter(session.scalars(select(Resource.kind)))
        statuses = Counter(session.scalars(select(Appointment.status)))
        today = session.scalars(select(Appointment).where(Appointment.local_on == TODAY)).all()
        counted = {
            table: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Site, Staff, Patient, Course, Observation, SideEffect)
        }
        make_ups = session.scalars(select(Appointment.id).where(Appointment.make_up_for_id > 0))
        recovery = session.scalar(
            select(func.count()).select_from(Seat).join(Resource).where(Resource.key == "recovery")
        )
        assert (counted[Site], counted[Patient], counted[Staff] >= 14) == (2, 150, True)
        assert (kinds["tms_device"], kinds["dosing_room"], recovery) == (4, 3, 4)
        assert counted[Course] >= 60
        assert (statuses[Status.FULFILLED] > 500, statuses[Status.NOSHOW] > 10) == (True, True)
        assert len(make_ups.all()) > 5
        assert len(today) > 40
        assert len({one.status for one in today}) > 2
        assert (counted[Observation] > 50, counted[SideEffect] > 10) == (True, True)
    assert lines


def mark(folder: Path, *, day: str, seed: int = SEED, done: bool = True) -> Path:
    """A demo as it stands in a folder."""
    folder.mkdir()
    text = json.dumps({"day": day, "seed": seed, "done": done})
    (folder / "demo.json").write_text(text, encoding="utf-8")
    (folder / "clinic.db").write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    "day, seed, done, keep, fresh",
    [
        ("2026-03-02", SEED, True, False, True),
        ("2026-03-01", SEED, True, False, False),
        ("2026-03-01", SEED, True, True, True),
        ("2026-03-02", SEED + 1, True, False, False),
        ("2026-03-02", SEED, False, True, False),
    ],
)
def test_a_demo_is_used_again_on_its_own_day_or_when_it_is_kept(
    tmp_path: Path, day: str, seed: int, done: bool, keep: bool, fresh: bool
) -> None:
    folder = mark(tmp_path / "demo", day=day, seed=seed, done=done)

    assert is_fresh(folder, TODAY, keep=keep, seed=SEED) is fresh


def test_a_database_that_the_demo_did_not_make_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clinic.db").write_bytes(b"somebody's clinic")

    with pytest.raises(RuleBroken) as refused:
        is_fresh(tmp_path, TODAY, keep=True, seed=SEED)

    assert refused.value.code == "not_a_demo"


@pytest.mark.parametrize(
    "now, day",
    [
        ("2026-03-06T20:00:00-05:00", "2026-03-06"),
        ("2026-03-07T09:00:00-05:00", "2026-03-09"),
        ("2026-03-08T23:30:00-04:00", "2026-03-09"),
    ],
)
def test_the_demo_opens_on_a_working_day(now: str, day: str) -> None:
    assert demo_day(datetime.fromisoformat(now)).isoformat() == day
