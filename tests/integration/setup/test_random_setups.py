"""Random set-up files: taken whole and for good, or refused by path and with nothing changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Engine, func, select

from clinic.actions.definitions import load_starter_data
from clinic.actions.puts import Put
from clinic.actions.setup import apply_setup
from clinic.models.base import Base, JsonValue
from clinic.models.engine import make_engine, reading, writing
from clinic.queries.setup import export_setup
from clinic.rules.actors import system_actor
from clinic.schemas import DocumentRefused, Fault
from tests.conftest import NOW
from tests.integration.setup.documents import documents, spoilt
from tests.servers import fresh_sqlite

BY = system_actor("test")
IN_SHORT = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
AT_LENGTH = settings(IN_SHORT, max_examples=2000, derandomize=False)


class _Undo(Exception):
    """Leaves a unit without keeping what it did."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A clinic with the starter data and nothing else; every example leaves it so."""
    folder: Path = tmp_path_factory.mktemp("setups")
    engine = make_engine(fresh_sqlite(folder, tmp_path_factory))
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=NOW)
    yield engine
    engine.dispose()


def counts(engine: Engine) -> dict[str, int]:
    with reading(engine) as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def exported_of(engine: Engine, document: JsonValue) -> JsonValue:
    """Return the export of a clinic set up from a document; DocumentRefused with paths, if so."""
    found: JsonValue = None
    try:
        with writing(engine) as session:
            apply_setup(session, document=document, by=BY, now=NOW)
            again = apply_setup(session, document=document, by=BY, now=NOW)
            assert {put for done in again.sections.values() for put in done} <= {Put.UNCHANGED}
            found = export_setup(session)
            back = apply_setup(session, document=found, by=BY, now=NOW)
            assert {put for done in back.sections.values() for put in done} <= {Put.UNCHANGED}
            assert export_setup(session) == found
            raise _Undo
    except _Undo:
        return found


def check(engine: Engine, document: JsonValue) -> None:
    """A document applies, again without change and out again as it went in, or is refused."""
    before = counts(engine)
    faults: tuple[Fault, ...] = ()
    try:
        exported = exported_of(engine, document)
    except DocumentRefused as refused:
        faults = refused.faults or (Fault("", "refused_without_a_fault"),)
    else:
        assert exported_of(engine, exported) == exported
    assert [fault for fault in faults if not fault.path.startswith("$")] == []
    assert counts(engine) == before


@pytest.mark.slow
@IN_SHORT
@given(document=documents())
def test_a_document_by_the_schema_is_taken_whole_or_refused(
    empty: Engine, document: JsonValue
) -> None:
    check(empty, document)


@pytest.mark.slow
@IN_SHORT
@given(document=spoilt())
def test_a_spoilt_document_is_refused_by_path_or_taken_whole(
    empty: Engine, document: JsonValue
) -> None:
    check(empty, document)


@pytest.mark.long
@AT_LENGTH
@given(document=documents())
def test_many_documents_by_the_schema(empty: Engine, document: JsonValue) -> None:
    check(empty, document)


@pytest.mark.long
@AT_LENGTH
@given(document=spoilt())
def test_many_spoilt_documents(empty: Engine, document: JsonValue) -> None:
    check(empty, document)


def _person(**more: JsonValue) -> JsonValue:
    return {"schema": "coursekeeper/setup/1", "staff": [{"key": "ana", "name": "Ana", **more}]}


def _block(start: str, end: str) -> JsonValue:
    site: JsonValue = {"key": "main", "name": "Main", "zone": "Europe/Berlin"}
    block: JsonValue = {"key": "b", "site": "main", "kind": "closure", "from": start, "to": end}
    return {"schema": "coursekeeper/setup/1", "sites": [site], "blocks": [block]}


FOUND = {
    "blank name": (_person(name="  "), "$.staff[0].name", "field_empty"),
    "NUL in a name": (_person(name="A\x00"), "$.staff[0].name", "character_refused"),
    "half a character": (_person(name="A\ud800"), "$.staff[0].name", "character_refused"),
    "two leaves from one day": (
        _person(leave=[{"from": "2026-03-09", "to": f"2026-03-1{n}"} for n in (0, 1)]),
        "$.staff[0].leave[1].key",
        "given_twice",
    ),
    "before all zones": (_block("0001-01-01", "2026-01-01"), "$.blocks[0].from", "date_too_far"),
    "after all zones": (_block("2026-01-01", "9999-12-31"), "$.blocks[0].to", "date_too_far"),
}
"""What random documents brought to light: each ended in an error, or did not stay as applied."""


@pytest.mark.parametrize(("document", "path", "code"), FOUND.values(), ids=FOUND)
def test_what_was_found_is_refused_by_its_path(
    empty: Engine, document: JsonValue, path: str, code: str
) -> None:
    with writing(empty) as session, pytest.raises(DocumentRefused) as refused:
        apply_setup(session, document=document, by=BY, now=NOW)

    assert [(one.path, one.code) for one in refused.value.faults] == [(path, code)]
