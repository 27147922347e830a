"""Sets the project up and runs it: `python3 dev.py demo`, `python3 dev.py test`.

Standard library only, and no syntax newer than it must be: an old Python gets one clear line.
"""

import argparse
import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "installed"
NEEDED = (3, 11)
EXTRAS = "dev,postgres,server"


class Cure(Exception):
    """Something is missing; the text says what to do about it."""


def check_python() -> None:
    """Raise Cure when this Python is too old or cannot make an environment."""
    if sys.version_info < NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise Cure(f"Python 3.11 or newer is needed, this is {found}: run python3.11 dev.py ...")
    if VENV.exists():
        return
    try:
        __import__("ensurepip")
    except ImportError:
        raise Cure("The venv module is missing: run apt install python3-venv") from None


def fingerprint() -> str:
    """Return a digest of what decides the installation."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install() -> None:
    """Make the environment and install the project, unless that was done for these files."""
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == fingerprint():
        return
    print("Installing into .venv (once) ...", flush=True)
    if not BIN.exists():
        run([sys.executable, "-m", "venv", str(VENV)])
    python = str(BIN / "python")
    target = f"{ROOT}[{EXTRAS}]"
    quiet = ["-q", "--disable-pip-version-check"]
    constraints = ["-c", str(ROOT / "constraints.txt")]
    run([python, "-m", "pip", "install", *quiet, "-e", target, *constraints])
    STAMP.write_text(fingerprint(), encoding="utf-8")


def run(command: list[str]) -> None:
    """Run a command and end with its exit status when it fails."""
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status:
        raise SystemExit(status)


def check_port(port: int) -> None:
    """Raise Cure when another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Cure(f"Port {port} is taken: run python3 dev.py demo --port {port + 1}") from None


def demo(options: argparse.Namespace, rest: list[str]) -> None:
    """Build the demo clinic and serve it."""
    if not options.no_serve:
        check_port(options.port)
    install()
    flags = ["--no-serve"] if options.no_serve else []
    flags += ["--keep"] if options.keep else []
    command = [str(BIN / "clinic"), "demo", "--port", str(options.port), *flags, *rest]
    os.chdir(ROOT)
    os.execv(command[0], command)


def test(options: argparse.Namespace, rest: list[str]) -> None:
    """Run the tests; --all fails on any skip, --long adds the full figures."""
    install()
    command = [str(BIN / "python"), "-m", "pytest", "-n", "2", "-q"]
    if not options.long:
        command += ["-m", "not long"]
    if options.all:
        command += ["--fail-on-skip", "--cov", "--cov-report=term:skip-covered"]
    run([*command, *rest])


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(description="Set up, run and test Coursekeeper.")
    verbs = top.add_subparsers(dest="verb", required=True)
    show = verbs.add_parser("demo", help="build the demo clinic and serve it")
    show.add_argument("--port", type=int, default=int(os.environ.get("CLINIC_PORT", "8000")))
    show.add_argument("--no-serve", action="store_true", help="stop after building")
    show.add_argument("--keep", action="store_true", help="keep a demo built on another day")
    show.set_defaults(do=demo)
    check = verbs.add_parser("test", help="run the tests")
    check.add_argument("--all", action="store_true", help="fail on any skip, measure coverage")
    check.add_argument("--long", action="store_true", help="run the full figures too")
    check.set_defaults(do=test)
    verbs.add_parser("setup", help="only install").set_defaults(do=lambda *_: install())
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
