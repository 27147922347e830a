"""The application of the tests that ask over the web."""

import pytest
from flask import Flask

from clinic.app import create_app
from tests.conftest import NOW
from tests.pictures import Pictures
from tests.settings import settings_in


@pytest.fixture(scope="session")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, joined once for each worker; its templates are compiled once too."""
    return create_app(settings_in(tmp_path_factory.mktemp("joined"), "sqlite://", NOW))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    """What the clinics of many tests begin with, made once for each worker."""
    return Pictures(tmp_path_factory.mktemp("pictures"))
