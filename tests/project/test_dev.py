"""`dev.py`: what is missing is said in one clear line with the cure, before anything is made."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.project.sources import ROOT


def run(*words: str, before: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run dev.py's own main, after a line that makes this machine a worse one."""
    program = f"import sys, dev; {before or 'pass'}; sys.argv[1:] = {list(words)!r}; "
    return subprocess.run(
        [sys.executable, "-c", f"{program}sys.exit(dev.main())"],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refusal says."""
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    return line


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_taken_port_is_said_with_another_to_try(taken: int) -> None:
    wanted = f"Port {taken} is taken: run python3 dev.py demo --port {taken + 1}"

    assert said(run("demo", "--port", str(taken))) == wanted
    assert said(run("demo", CLINIC_PORT=str(taken))) == wanted


@pytest.mark.parametrize("port", ["many", "0", "65536", "-1", "8000.5"])
def test_an_impossible_port_is_said(port: str) -> None:
    line = said(run("demo", f"--port={port}"))

    assert line == f"Port {port} is not possible: give a number from 1 to 65535"


def test_an_old_python_is_said() -> None:
    line = said(run("demo", before="dev.NEEDED = (99, 0)"))

    assert line.startswith("Python 3.11 or newer is needed, this is 3.")


def test_a_missing_venv_module_is_said_with_its_package() -> None:
    line = said(run("demo", before="sys.modules['ensurepip'] = None"))

    assert line == "The venv module is missing: run apt install python3-venv"


def test_dev_needs_only_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "dev.py"), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert all(verb in done.stdout for verb in ("demo", "test", "setup"))
