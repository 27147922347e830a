"""What was read of the set-up and is kept while the mark of the set-up stands."""

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Pool
from sqlalchemy.orm import Session

from clinic.models.setup_marks import setup_mark

K = TypeVar("K")
T = TypeVar("T")


class Kept(Generic[K, T]):
    """Values read from the set-up, one for each key and engine, until the set-up changes."""

    def __init__(self, read: Callable[[Session, K], T]) -> None:
        """Keep the function that reads a value."""
        self._read = read
        self._kept: WeakKeyDictionary[Pool, dict[K, tuple[str, T]]] = WeakKeyDictionary()

    def of(self, session: Session, key: K) -> T:
        """Return the value of a key, read again when the set-up has changed since."""
        mark = setup_mark(session)
        if mark is None:
            return self._read(session, key)
        kept = self._kept.setdefault(pool_of(session), {})
        known = kept.get(key)
        if known is None or known[0] != mark:
            known = kept[key] = mark, self._read(session, key)
        return known[1]


def pool_of(session: Session) -> Pool:
    """Return the engine's pool: engines with options share it with the engine they came from."""
    bind = session.get_bind()
    return bind.engine.pool if isinstance(bind, Connection) else bind.pool
