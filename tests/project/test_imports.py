"""The direction of imports: contracts in pyproject.toml, and two rules they cannot say."""

import sys

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.project.sources import ROOT, imported_packages, name, python_files


def test_import_contracts_are_kept() -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert status == EXIT_STATUS_SUCCESS


def test_rules_and_planning_import_only_the_standard_library() -> None:
    allowed = set(sys.stdlib_module_names) | {"clinic"}

    foreign = {
        name(path): sorted(imported_packages(path) - allowed)
        for path in python_files("clinic/rules", "clinic/planning")
        if imported_packages(path) - allowed
    }

    assert foreign == {}


def test_flask_sqlalchemy_is_imported_in_one_place() -> None:
    users = [
        name(path)
        for path in python_files("clinic", "migrations")
        if "flask_sqlalchemy" in imported_packages(path)
    ]

    assert users == ["clinic/extensions.py"]


def test_the_package_itself_imports_nothing() -> None:
    # an import here is paid by everything: Flask made `clinic.rules` 394 ms to import, not 89
    assert imported_packages(ROOT / "clinic" / "__init__.py") == set()
