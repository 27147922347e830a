"""The mark of the set-up, changed by whatever writes to one of its tables through a session.

Hours, shifts, seats and definitions change on few days and are read with every plan. What was read
under a mark may be kept while the mark is the same. The mark is a random word, so that one that was
rolled back never comes again.
"""

import secrets

from sqlalchemy import event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.util import identity_key

from clinic.models.base import Base
from clinic.models.definitions import Definition
from clinic.models.machinery import SetupMark
from clinic.models.resources import PATIENT, Resource, ResourceFit, Seat, Shift
from clinic.models.sites import Holiday, OpeningHours, Site
from clinic.models.staff import Qualification, Staff

SETUP: tuple[type[Base], ...] = (
    Definition,
    Holiday,
    OpeningHours,
    Qualification,
    Resource,
    ResourceFit,
    Seat,
    Shift,
    Site,
    Staff,
)
KNOWN, CHANGED = "setup_mark", "setup_changed"
ROW = "setup"


def setup_mark(session: Session) -> str | None:
    """Return the mark of the set-up, asked of the database once in a read unit.

    A write unit asks each time: it may have waited for a lock while somebody changed the set-up.
    None in a unit that has changed the set-up itself: nothing read there may be kept.
    """
    if session.info.get(CHANGED):
        return None
    known = session.info.get(KNOWN)
    if known is None:
        known = session.execute(select(SetupMark.mark)).scalar_one_or_none() or ""
        if not session.get_bind().get_execution_options().get("is_write_unit"):
            session.info[KNOWN] = known
    return str(known)


def _after_flush(session: Session, _flush: UOWTransaction) -> None:
    """Change the mark when a flush has written to the set-up."""
    if any(_is_setup(session, one) for one in (*session.new, *session.dirty, *session.deleted)):
        _change(session)


def _on_execute(state: ORMExecuteState) -> None:
    """Change the mark when a statement writes to the set-up in bulk."""
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    mapper = state.bind_mapper
    if mapper is not None and issubclass(mapper.class_, SETUP):
        _change(state.session)


def _is_setup(session: Session, one: object) -> bool:
    """Say whether a row is of the set-up; a patient's own time, which is a seat too, is not."""
    if isinstance(one, Seat):
        one = session.identity_map.get(identity_key(Resource, one.resource_id), one)
    if isinstance(one, Resource):
        return one.kind != PATIENT
    return isinstance(one, SETUP)


def _change(session: Session) -> None:
    """Write a new mark; with every change, because one may be rolled back to a savepoint."""
    session.info[CHANGED] = True
    mark = secrets.token_hex(8)
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert(SetupMark) if is_sqlite else postgresql.insert(SetupMark)
    session.connection().execute(
        insert.values(key=ROW, mark=mark).on_conflict_do_update(
            index_elements=[SetupMark.key], set_={"mark": mark}
        )
    )


event.listen(Session, "after_flush", _after_flush)
event.listen(Session, "do_orm_execute", _on_execute)
