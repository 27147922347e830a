"""Keep the words of a search for hours, so that the way back leads to what was found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from clinic.models.base import UTCDateTime

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "search",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_hash"],
            ["login_session.token_hash"],
            name=op.f("fk_search_token_hash"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_search")),
    )
    op.create_index("ix_search_token_hash", "search", ["token_hash"])
    op.create_index("ix_search_created_at", "search", ["created_at"])


def downgrade() -> None:
    """Bring the tables back."""
    op.drop_table("search")
