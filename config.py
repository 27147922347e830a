"""Settings of the clinic, read once from the environment.

Every setting is listed in the README. The application refuses to start without a real secret.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from clinic.clock import Clock, parse_instant

ROOT = Path(__file__).resolve().parent
SECRET_BYTES = 32
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingRefused(ValueError):
    """A setting that cannot be used; the message says which one and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment decides; built by `from_environment`."""

    instance: Path
    database_url: str
    secret: str
    base_url: str
    clock: Clock
    is_production: bool
    port: int
    smtp_url: str | None
    mail_from: str
    is_demo: bool

    @property
    def is_https(self) -> bool:
        """Say whether people reach the clinic through https."""
        return self.base_url.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """Return the session cookie's name: `__Host-clinic` under https, `clinic` on loopback."""
        return "__Host-clinic" if self.is_https else "clinic"

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Return the settings, or raise SettingRefused naming the one that is wrong."""
        env = os.environ if env is None else env
        instance = Path(env.get("CLINIC_INSTANCE") or ROOT / "instance").resolve()
        is_production = env.get("CLINIC_MODE", "local") == "production"
        port = _port(env.get("CLINIC_PORT", "8000"))
        return cls(
            instance=instance,
            database_url=env.get("CLINIC_DATABASE_URL") or f"sqlite:///{instance / 'clinic.db'}",
            secret=_secret(env, instance, is_production=is_production),
            base_url=_base_url(env.get("CLINIC_BASE_URL") or f"http://127.0.0.1:{port}"),
            clock=_clock(env, is_production=is_production),
            is_production=is_production,
            port=port,
            smtp_url=env.get("CLINIC_SMTP_URL") or None,
            mail_from=env.get("CLINIC_MAIL_FROM", "clinic@localhost"),
            is_demo=(instance / "demo.json").exists(),
        )


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingRefused(f"CLINIC_PORT is {text!r}: give a number from 1 to 65535")
    return int(text)


def _base_url(text: str) -> str:
    """Return the address people use; plain http is for this machine only."""
    parts = urlsplit(text)
    if parts.scheme == "https" and parts.hostname:
        return text.rstrip("/")
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return text.rstrip("/")
    raise SettingRefused(
        f"CLINIC_BASE_URL is {text!r}: give an https address, or http on 127.0.0.1 only"
    )


def _secret(env: Mapping[str, str], instance: Path, *, is_production: bool) -> str:
    """Return the secret from the environment or the instance folder, made on first start."""
    given = env.get("CLINIC_SECRET")
    if given is None:
        return _kept_secret(instance / "secret")
    if len(given) < SECRET_BYTES:
        raise SettingRefused(
            "CLINIC_SECRET is too short: give 32 characters or more, or leave it out "
            "and one is made in the instance folder"
        )
    if is_production and len(set(given)) < 10:
        raise SettingRefused("CLINIC_SECRET is too plain: give a random one")
    return given


def _kept_secret(path: Path) -> str:
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"secret.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(SECRET_BYTES), encoding="utf-8")
    with suppress(FileExistsError):  # the first process wins; the others read what it wrote
        os.link(fresh, path)
    fresh.unlink()
    return path.read_text(encoding="utf-8").strip()


def _clock(env: Mapping[str, str], *, is_production: bool) -> Clock:
    start, file = env.get("CLINIC_NOW"), env.get("CLINIC_CLOCK_FILE")
    if is_production and (start or file):
        raise SettingRefused(
            "CLINIC_NOW and CLINIC_CLOCK_FILE drive the clock; they are refused in production"
        )
    if file:
        return Clock(file=Path(file))
    if not start:
        return Clock()
    try:
        return Clock.starting_at(parse_instant(start))
    except ValueError as error:
        raise SettingRefused(f"CLINIC_NOW is {start!r}: {error}") from error
