"""Insert that may meet its own key: the one place that knows the two engines' words for it."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.models.base import Base

Insert = sqlite.Insert | postgresql.Insert


def insert_into(session: Session, table: type[Base]) -> Insert:
    """Return an INSERT of the session's engine, to which `on_conflict_...` can be added."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)
