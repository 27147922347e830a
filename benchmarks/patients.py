"""S2: finding a patient among two hundred thousand, by every kind of word the desk types."""

import random
import tempfile
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

from sqlalchemy import Engine, insert

from benchmarks.harness import Figure, counting, timed
from clinic.models.base import new_public_id
from clinic.models.engine import make_engine, reading, writing
from clinic.models.migrate import upgrade
from clinic.models.patients import Patient, PatientToken
from clinic.models.resources import Resource
from clinic.queries.patients import search
from clinic.rules.patient_words import patient_tokens

PATIENTS = 200_000
BATCH = 10_000
RUNS = 15
NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
SYLLABLES = ("ba", "den", "fo", "gar", "hul", "ki", "lo", "mar", "ne", "pol", "ri", "sten", "vo")
FAMILIES = ["".join(parts).title() for parts in product(SYLLABLES, repeat=3)]
GIVEN = ["".join(parts).title() for parts in product(SYLLABLES, repeat=2)]


def run(patients: int = PATIENTS) -> list[Figure]:
    """Return one figure for each kind of search."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'clinic.db'}")
        upgrade(engine)
        for first in range(0, patients, BATCH):
            _add(engine, range(first + 1, min(first + BATCH, patients) + 1))
        found = [_figure(engine, *asked) for asked in _questions(patients // 2)]
        engine.dispose()
    return found


def _questions(number: int) -> list[tuple[str, str]]:
    """Return what is typed, with a word for it: all find the patient of this number."""
    one = _person(number)
    family, given = str(one["family"]), str(one["given"])
    return [
        ("one common name beginning", family[:2]),
        ("family and given name", f"{family} {given}"),
        ("phone end", str(one["phone"])[-4:]),
        ("record number", str(one["record_number"])),
        ("birth date", str(one["birth_on"])),
    ]


def _figure(engine: Engine, words: str, text: str) -> Figure:
    def ask() -> int:
        with reading(engine) as session:
            return len(search(session, text))

    wall, worst, cpu = timed(ask, RUNS)
    with counting(engine) as count:
        hits = ask()
    note = f"{hits} shown of {PATIENTS:,} patients"
    return Figure(f"S2-{words.split()[0]}", words, wall, worst, cpu, count.number, note=note)


def _person(number: int) -> dict[str, object]:
    rng = random.Random(number)
    return {
        "id": number,
        "public_id": f"patient{number}",
        "record_number": f"R{number:07}",
        "resource_id": number,
        "family": rng.choice(FAMILIES),
        "given": rng.choice(GIVEN),
        "birth_on": date(1940, 1, 1) + timedelta(days=rng.randrange(25_000)),
        "phone": f"+1555{rng.randrange(10_000_000):07}",
        "created_at": NOW,
    }


def _add(engine: Engine, numbers: range) -> None:
    people = [_person(number) for number in numbers]
    with writing(engine) as session:
        session.execute(
            insert(Resource),
            [
                {
                    "id": one["id"],
                    "public_id": new_public_id(),
                    "key": f"patient:{one['id']}",
                    "kind": "patient",
                    "name": "",
                }
                for one in people
            ],
        )
        session.execute(insert(Patient), people)
        session.execute(insert(PatientToken), [row for one in people for row in _tokens(one)])


def _tokens(one: dict[str, object]) -> list[dict[str, object]]:
    born = one["birth_on"]
    tokens = patient_tokens(
        names=(str(one["family"]), str(one["given"])),
        record_number=str(one["record_number"]),
        phone=str(one["phone"]),
        birth_on=born if isinstance(born, date) else None,
    )
    return [{"token": token, "patient_id": one["id"]} for token in sorted(tokens)]


if __name__ == "__main__":
    for figure in run():
        print(figure)
