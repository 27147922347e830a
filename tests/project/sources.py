"""The project's own files, for the tests that look at all of them."""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP_FILES = ("config.py", "wsgi.py", "dev.py")
FOLDERS = ("clinic", "migrations", "benchmarks", "tests")


def python_files(*folders: str) -> list[Path]:
    """Every Python file below the folders; without folders, every one of the project."""
    found = [path for folder in folders or FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted(found + ([] if folders else [ROOT / name for name in TOP_FILES]))


def templates() -> list[Path]:
    """Every template."""
    return sorted((ROOT / "clinic" / "templates").rglob("*.html"))


def name(path: Path) -> str:
    """How a file is named in a failure."""
    return str(path.relative_to(ROOT))


def text(path: Path) -> str:
    """What the file holds."""
    return path.read_text(encoding="utf-8")


def tree(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(text(path))


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each comment with its line number; strings that look like comments are not meant."""
    for token in tokenize.generate_tokens(io.StringIO(text(path)).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def imported_packages(path: Path) -> set[str]:
    """The top-level packages a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
