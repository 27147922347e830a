"""The web fixtures, and a clinic with the director's data round the cast."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from clinic.models.engine import writing
from tests.cast import Cast
from tests.integration.clinic_rows import Rows, rows_for
from tests.integration.web.conftest import app, browser, cast, settings, web_engine
from tests.pictures import Pictures

__all__ = ["app", "browser", "cast", "count_queries", "rows", "settings", "web_engine"]


@pytest.fixture
def rows(web_engine: Engine, cast: Cast, pictures: Pictures) -> Rows:
    made = pictures.of("rows", web_engine, lambda: _rows(web_engine, cast))
    return replace(made, engine=web_engine)


def _rows(engine: Engine, cast: Cast) -> Rows:
    assert cast.pat.patient_id is not None
    with writing(engine) as session:
        return rows_for(engine, session, cast.site_id, cast.pat.patient_id, cast.cleo.account_id)


@pytest.fixture
def count_queries(web_engine: Engine) -> Callable[[Callable[[], object]], int]:
    """Count the statements that a call sends to the database."""

    def count(call: Callable[[], object]) -> int:
        seen: list[int] = []
        note = lambda *_: seen.append(1)  # noqa: E731 -- the listener is removed by identity
        event.listen(web_engine, "before_cursor_execute", note)
        call()
        event.remove(web_engine, "before_cursor_execute", note)
        return len(seen)

    return count
