"""The heartbeat: a background process says that it is alive, by the machine's clock."""

from datetime import datetime

from sqlalchemy.orm import Session

from clinic.actions.upserts import insert_into
from clinic.models.machinery import Heartbeat

SCHEDULER = "scheduler"


def beat(session: Session, *, name: str, machine_now: datetime) -> None:
    """Note that the named process is alive at this instant."""
    statement = insert_into(session, Heartbeat).values(name=name, at=machine_now)
    session.execute(
        statement.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": machine_now})
    )
