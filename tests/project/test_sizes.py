"""The tail of sizes: nothing grows past what can be read at once."""

import ast
from pathlib import Path

from tests.project.sources import name, python_files, templates, text, tree

FILE_LINES = 400
FUNCTION_LINES = 40
TEMPLATE_LINES = 150


def test_no_python_file_is_longer_than_400_lines() -> None:
    assert too_long(written_files(), FILE_LINES) == {}


def test_no_template_is_longer_than_150_lines() -> None:
    assert too_long(templates(), TEMPLATE_LINES) == {}


def test_no_function_is_longer_than_40_lines() -> None:
    found = {
        f"{name(path)}: {function.name}": length(function)
        for path in written_files()
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and length(function) > FUNCTION_LINES
    }

    assert found == {}


def written_files() -> list[Path]:
    """All but the migrations, which are as long as the tables they make."""
    return [path for path in python_files() if "migrations/versions" not in path.as_posix()]


def too_long(paths: list[Path], limit: int) -> dict[str, int]:
    """The files over the limit with their number of lines."""
    sizes = {name(path): len(text(path).splitlines()) for path in paths}
    return {path: size for path, size in sizes.items() if size > limit}


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1
