"""Request keys: a form sent twice is carried out once and answered the same way twice."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from clinic.actions.upserts import insert_into
from clinic.errors import Conflict
from clinic.models.accounts import RequestKey

KEEP = timedelta(hours=48)


def hash_body(body: str) -> str:
    """Return what is kept of a form's body: enough to tell it from another."""
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def once(
    session: Session,
    *,
    account_id: int,
    key: str,
    route: str,
    body: str,
    machine_at: datetime,
    act: Callable[[], str],
) -> str:
    """Return where `act` leads, carrying it out only the first time this key is seen.

    The key is taken before the act, in its transaction: a second process waits for the first and
    then finds its result. The same key with another body or route raises Conflict.
    """
    if not key:
        raise Conflict("request_key_missing")
    if _take(session, account_id, key, route, hash_body(body), machine_at):
        result = act()
        session.execute(
            update(RequestKey)
            .where(RequestKey.account_id == account_id, RequestKey.key == key)
            .values(result=result)
        )
        return result
    return known_result(session, account_id=account_id, key=key, route=route, body=body) or ""


def known_result(
    session: Session, *, account_id: int, key: str, route: str, body: str
) -> str | None:
    """Return where this form led before, None when it is new; Conflict for another form."""
    known = session.get(RequestKey, (account_id, key))
    if known is None:
        return None
    if (known.route, known.body_hash) != (route, hash_body(body)):
        raise Conflict("request_key_reused")
    return known.result


def prune_request_keys(session: Session, *, machine_at: datetime) -> int:
    """Delete the keys older than 48 hours and return how many there were."""
    gone = session.execute(
        delete(RequestKey)
        .where(RequestKey.created_at < machine_at - KEEP)
        .returning(RequestKey.key)
    ).all()
    return len(gone)


def _take(
    session: Session, account_id: int, key: str, route: str, body_hash: str, machine_at: datetime
) -> bool:
    """Say whether the key was free; it is ours from now on."""
    taken = session.execute(
        insert_into(session, RequestKey)
        .values(
            account_id=account_id,
            key=key,
            route=route,
            body_hash=body_hash,
            result="",
            created_at=machine_at,
        )
        .on_conflict_do_nothing()
        .returning(RequestKey.key)
    ).first()
    return taken is not None
