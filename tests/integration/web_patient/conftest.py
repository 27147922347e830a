"""The web fixtures, and a clinic with the director's data round the cast."""

import pytest
from sqlalchemy import Engine

from clinic.models.engine import writing
from tests.cast import Cast
from tests.integration.clinic_rows import Rows, rows_for
from tests.integration.web.conftest import app, browser, cast, settings, web_engine

__all__ = ["app", "browser", "cast", "rows", "settings", "web_engine"]


@pytest.fixture
def rows(web_engine: Engine, cast: Cast) -> Rows:
    assert cast.pat.patient_id is not None
    with writing(web_engine) as session:
        return rows_for(
            web_engine, session, cast.site_id, cast.pat.patient_id, cast.cleo.account_id
        )
