"""Sets the project up and runs it: `python3 dev.py demo`, `python3 dev.py test`.

Standard library only, and no syntax newer than it must be: an old Python gets one clear line.
"""

import argparse
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "installed"
NEEDED = (3, 11)
PLAIN, WITH_TESTS = "server", "dev,postgres,server"


class Cure(Exception):
    """Something is missing; the text says what to do about it."""


def check_python() -> None:
    """Raise Cure when this Python is too old or cannot make an environment."""
    if sys.version_info < NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise Cure(f"Python 3.11 or newer is needed, this is {found}: run python3.11 dev.py ...")
    try:
        __import__("ensurepip")
        __import__("venv")
    except ImportError:
        raise Cure("The venv module is missing: run apt install python3-venv") from None


def fingerprint(extras: str) -> str:
    """Return a digest of what decides the installation."""
    digest = hashlib.sha256(f"{sys.version} {ROOT} {extras}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install(extras: str) -> None:
    """Make the environment and install the project, unless that was done for these files.

    What the tests need is more than the demo needs, so an installation for tests serves both.
    """
    stamp = STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""
    if stamp in {fingerprint(extras), fingerprint(WITH_TESTS)}:
        return
    print("Installing into .venv (once) ...", flush=True)
    if not is_usable():
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(VENV)])
    quiet = ["-q", "--disable-pip-version-check"]
    target = ["-e", f"{ROOT}[{extras}]", "-c", str(ROOT / "constraints.txt")]
    run([str(BIN / "python"), "-m", "pip", "install", *quiet, *target])
    STAMP.write_text(fingerprint(extras), encoding="utf-8")


def is_usable() -> bool:
    """Say whether the environment has a Python that runs and is new enough, with pip."""
    python = BIN / "python"
    if not python.exists():
        return False
    ask = f"import pip, sys; sys.exit(sys.version_info < {NEEDED})"
    answer = subprocess.run([str(python), "-c", ask], check=False, capture_output=True)
    return answer.returncode == 0


def run(command: list[str]) -> None:
    """Run a command and end with its exit status when it fails."""
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status:
        raise SystemExit(status if status > 0 else 1)


def chosen_port(text: str) -> int:
    """Return the port as a number; Cure when it is none."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Cure(f"Port {text} is not possible: give a number from 1 to 65535")
    return int(text)


def check_port(port: int) -> None:
    """Raise Cure when another program listens on the port, or it may not be taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Cure(f"Port {port} needs more rights: choose one above 1023") from None
        except OSError:
            raise Cure(f"Port {port} is taken: run python3 dev.py demo --port {port + 1}") from None


def demo(options: argparse.Namespace, rest: list[str]) -> None:
    """Build the demo clinic and serve it."""
    port = chosen_port(options.port)
    if not options.no_serve:
        check_port(port)
    install(PLAIN)
    flags = ["--no-serve"] if options.no_serve else []
    flags += ["--keep"] if options.keep else []
    command = [str(BIN / "clinic"), "demo", "--port", str(port), *flags, *rest]
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(command[0], command)


def test(options: argparse.Namespace, rest: list[str]) -> None:
    """Run the tests; --all fails on any skip and measures, --long adds the full figures.

    Coverage triples the time of the planner's figures and they reach no line that the other tests
    do not: --all runs them by themselves.
    """
    install(WITH_TESTS)
    command = [str(BIN / "python"), "-m", "pytest", "-n", "2", "-q"]
    if options.all:
        command += ["--fail-on-skip"]
    if rest or not options.all:
        run([*command, *(["-m", ""] if options.long else []), *rest])
        return
    covered = "not figures" if options.long else "not figures and not long"
    run([*command, "-m", covered, "--cov", "--cov-report=term:skip-covered"])
    run([*command, "-m", "figures"])
    run([str(BIN / "python"), "-m", "tests.coverage_by_layer"])


def setup(_options: argparse.Namespace, _rest: list[str]) -> None:
    """Install what the demo and the tests need."""
    install(WITH_TESTS)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(description="Set up, run and test Coursekeeper.")
    verbs = top.add_subparsers(dest="verb", required=True)
    show = verbs.add_parser("demo", help="build the demo clinic and serve it")
    show.add_argument("--port", default=os.environ.get("CLINIC_PORT") or "8000")
    show.add_argument("--no-serve", action="store_true", help="stop after building")
    show.add_argument("--keep", action="store_true", help="keep a demo built on another day")
    show.set_defaults(do=demo)
    check = verbs.add_parser("test", help="run the tests; what follows is given to pytest")
    check.add_argument("--all", action="store_true", help="fail on any skip, measure coverage")
    check.add_argument("--long", action="store_true", help="run the full figures too")
    check.set_defaults(do=test)
    verbs.add_parser("setup", help="only install").set_defaults(do=setup)
    return top


def main() -> int:
    """Do what the command line says; one clear line and status 1 when something is missing."""
    options, rest = parser().parse_known_args()
    try:
        check_python()
        options.do(options, rest)
    except Cure as cure:
        print(cure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
