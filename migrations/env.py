"""What Alembic runs: migrations against the connection it is given, or the clinic's own.

`clinic init` and `clinic serve` hand a connection over (`clinic.models.migrate`). To draft a new
revision from changed models, with an up-to-date database:

    alembic -c migrations/alembic.ini revision --autogenerate --rev-id 0002 -m "more tables"
"""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from clinic.models import Base
from clinic.models.base import UTCDateTime
from clinic.models.engine import make_engine
from config import Settings


def render_item(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Return how our own column types are written; Alembic would not import them."""
    if kind == "type" and isinstance(item, UTCDateTime):
        autogen.imports.add("from clinic.models.base import UTCDateTime")
        return "UTCDateTime()"
    return False


def run(connection: Connection) -> None:
    """Run the migrations on this connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(Settings.from_environment().database_url).connect() as own, own.begin():
        run(own)
