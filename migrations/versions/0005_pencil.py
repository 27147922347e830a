"""Let a course be pencilled: all its seats held until a day, and nothing promised."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

INDEX = "ix_course_lapses_on"


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column("course", sa.Column("lapses_on", sa.Date(), nullable=True))
    op.create_index(
        INDEX,
        "course",
        ["lapses_on"],
        unique=False,
        sqlite_where=sa.text("lapses_on IS NOT NULL"),
        postgresql_where=sa.text("lapses_on IS NOT NULL"),
    )


def downgrade() -> None:
    """Bring the tables back."""
    op.drop_index(INDEX, table_name="course")
    op.drop_column("course", "lapses_on")
