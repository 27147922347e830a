"""The way in: log-in, log-out, one-time links, own password, and the machine's health."""

from clinic.web.auth import health, links, passwords, views
from clinic.web.auth.blueprint import blueprint

__all__ = ["blueprint", "health", "links", "passwords", "views"]
