"""Keep what stood before a change, and which change set undoes which, so that undo can restore."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FOREIGN_KEY = "fk_change_set_undoes_id"
UNIQUE = "uq_change_set_undoes_id"
CHANGE_SET_INDEX = "ix_status_change_change_set_id"


def upgrade() -> None:
    """Bring the tables forward."""
    with op.batch_alter_table("change_set") as table:
        table.add_column(sa.Column("undoes_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f(FOREIGN_KEY), "change_set", ["undoes_id"], ["id"])
        table.create_unique_constraint(op.f(UNIQUE), ["undoes_id"])
    op.add_column("status_change", sa.Column("before", sa.JSON(none_as_null=True), nullable=True))
    op.create_index(CHANGE_SET_INDEX, "status_change", ["change_set_id"], unique=False)


def downgrade() -> None:
    """Bring the tables back."""
    op.drop_index(CHANGE_SET_INDEX, table_name="status_change")
    op.drop_column("status_change", "before")
    with op.batch_alter_table("change_set") as table:
        table.drop_constraint(op.f(UNIQUE), type_="unique")
        table.drop_constraint(op.f(FOREIGN_KEY), type_="foreignkey")
        table.drop_column("undoes_id")
