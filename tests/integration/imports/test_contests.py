"""Imports that meet each other, or break off half way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, event

from tests.integration.imports.desk import FILES, Importer, csv

DATA = Path(__file__).parents[2] / "data"
ADAN = ("Portillo", "Adán", "", date(1937, 2, 13), "+15554677743", "adn.portillo@example.com", "en")
SAMPLES = sorted(FILES.glob("*.csv"))
HEAD = "id,last name,first name,dob,phone,email"


@pytest.fixture
def importer(engine: Engine) -> Importer:
    return Importer(engine)


@pytest.fixture
def small(sqlite_engine: Engine) -> Importer:
    """On SQLite alone: what is asked here does not depend on the engine."""
    return Importer(sqlite_engine)


@pytest.mark.slow
def test_slices_may_be_asked_for_by_many_at_once(importer: Importer) -> None:
    batch = importer.stage(csv(HEAD, *(f"{n},Name{n},X,1987-05-14,," for n in range(230))))
    importer.begin(batch)

    at_once(importer, [batch, batch, batch])

    assert importer.counts(batch) == {"added": 230}
    assert importer.count() == 230


@pytest.mark.parametrize("number", ["", "{n}"])
def test_two_imports_of_one_file_at_once_add_everybody_once(
    importer: Importer, number: str
) -> None:
    rows = [f"{number.format(n=n)},Name{n},X,1987-05-14,," for n in range(120)]
    batches = [importer.stage(csv(HEAD, *rows)) for _ in range(2)]
    for batch in batches:
        importer.begin(batch)

    at_once(importer, batches)

    assert importer.count() == 120
    assert sum(importer.counts(batch).get("added", 0) for batch in batches) == 120


def at_once(importer: Importer, batches: list[int]) -> None:
    """Run imports in threads that start together."""
    start = Barrier(len(batches))

    def run(batch: int) -> None:
        start.wait(10)
        importer.run(batch)

    with ThreadPoolExecutor(len(batches)) as pool:
        list(pool.map(run, batches))


def test_import_broken_off_goes_on_where_it_stopped(small: Importer) -> None:
    batch = small.stage(csv(HEAD, *(f"{n},Name{n},X,1987-05-14,," for n in range(150))))
    small.begin(batch)

    def fall(*_: object) -> None:
        raise KeyboardInterrupt

    event.listen(small.engine, "commit", fall)
    with pytest.raises(KeyboardInterrupt):
        small.run(batch)
    event.remove(small.engine, "commit", fall)
    assert small.count() == 0
    small.run(batch)

    assert small.counts(batch) == {"added": 150}
