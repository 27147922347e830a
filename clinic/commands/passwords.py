"""Passwords of the command line: made once, or read from standard input."""

import secrets
import sys

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken when read aloud
GROUPS = 4
GROUP_LENGTH = 4


def one_time_password() -> str:
    """Return a password (79 bits) to be read out once and changed at the first log-in."""
    return "-".join(
        "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )


def read_password() -> str:
    """Return the first line of standard input, without its line end."""
    return sys.stdin.readline().rstrip("\r\n")
