"""Mark changes of the set-up, so that what was read of it can be kept while it stands."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "setup_mark",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setup_mark")),
    )


def downgrade() -> None:
    """Bring the tables back."""
    op.drop_table("setup_mark")
