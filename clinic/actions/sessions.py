"""Log-in sessions, kept on the server: open, touch and revoke them, and slow down guessing.

All instants here are the machine's, because a driven clock must not log anybody in or out. Only
hashes of tokens are stored.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, update
from sqlalchemy.orm import Session

from clinic.actions.upserts import insert_into
from clinic.models.accounts import LoginSession, Search, Throttle
from clinic.queries.accounts import THROTTLE_WINDOW

TOKEN_BYTES = 32
ABSOLUTE_LIMIT = timedelta(hours=12)
KEEP_ENDED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The one moment at which the token itself is known; the cookie carries it away."""

    token: str
    expires_at: datetime


def hash_token(token: str) -> str:
    """Return what is stored of a token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def throttle_key(kind: str, value: str) -> str:
    """Return the hashed throttle key of an account name or an address."""
    return hash_token(f"throttle:{kind}:{value.strip().casefold()}")


def open_session(session: Session, *, account_id: int, machine_at: datetime) -> OpenedSession:
    """Add a session with a new token, so that a token known before log-in is worth nothing."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = machine_at + ABSOLUTE_LIMIT
    session.add(
        LoginSession(
            token_hash=hash_token(token),
            account_id=account_id,
            csrf_token=secrets.token_hex(TOKEN_BYTES),
            created_at=machine_at,
            seen_at=machine_at,
            expires_at=expires_at,
        )
    )
    return OpenedSession(token=token, expires_at=expires_at)


def touch_session(session: Session, *, token_hash: str, machine_at: datetime) -> None:
    """Note that somebody is still there; called at most once a minute and never for a poll."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_hash == token_hash, LoginSession.revoked_at.is_(None))
        .values(seen_at=machine_at)
    )


def keep_search(session: Session, *, token_hash: str, words: str, machine_at: datetime) -> str:
    """Keep what somebody looks for; return the key under which that log-in finds it again."""
    key = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(Search(key=key, token_hash=token_hash, words=words, created_at=machine_at))
    return key


def revoke_session(session: Session, *, token_hash: str, machine_at: datetime) -> None:
    """End one session at once; its cookie is worth nothing afterwards."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_hash == token_hash, LoginSession.revoked_at.is_(None))
        .values(revoked_at=machine_at)
    )


def revoke_sessions(
    session: Session, *, account_id: int, machine_at: datetime, keep: str | None = None
) -> None:
    """End every session of an account, but for the one whose token hash is `keep`."""
    session.execute(
        update(LoginSession)
        .where(
            LoginSession.account_id == account_id,
            LoginSession.revoked_at.is_(None),
            LoginSession.token_hash != (keep or ""),
        )
        .values(revoked_at=machine_at)
    )


def count_failure(session: Session, *, keys: tuple[str, ...], machine_at: datetime) -> None:
    """Count one failed try for each key; a window that is over starts again at one."""
    is_over = Throttle.window_at <= machine_at - THROTTLE_WINDOW
    for key in sorted(keys):  # one order, so that two failures never wait for each other
        session.execute(
            insert_into(session, Throttle)
            .values(key=key, window_at=machine_at, tries=1)
            .on_conflict_do_update(
                index_elements=[Throttle.key],
                set_={
                    "tries": case((is_over, 1), else_=Throttle.tries + 1),
                    "window_at": case((is_over, machine_at), else_=Throttle.window_at),
                },
            )
        )


def forget_failures(session: Session, *, key: str) -> None:
    """Forget the failed tries of an account that has now logged in."""
    session.execute(delete(Throttle).where(Throttle.key == key))


def prune_sessions(session: Session, *, machine_at: datetime) -> int:
    """Delete sessions and throttle rows that ended long ago; return how many sessions."""
    gone = session.execute(
        delete(LoginSession)
        .where(LoginSession.expires_at < machine_at - KEEP_ENDED)
        .returning(LoginSession.token_hash)
    ).all()
    session.execute(delete(Throttle).where(Throttle.window_at < machine_at - KEEP_ENDED))
    session.execute(delete(Search).where(Search.created_at < machine_at - ABSOLUTE_LIMIT))
    return len(gone)
