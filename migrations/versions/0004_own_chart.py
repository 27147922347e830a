"""Say which patient a member of staff is, so that their own chart can be shut to them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FOREIGN_KEY = "fk_staff_patient_id"
UNIQUE = "uq_staff_patient_id"


def upgrade() -> None:
    """Bring the tables forward."""
    with op.batch_alter_table("staff") as table:
        table.add_column(sa.Column("patient_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f(FOREIGN_KEY), "patient", ["patient_id"], ["id"])
        table.create_unique_constraint(op.f(UNIQUE), ["patient_id"])


def downgrade() -> None:
    """Bring the tables back."""
    with op.batch_alter_table("staff") as table:
        table.drop_constraint(op.f(UNIQUE), type_="unique")
        table.drop_constraint(op.f(FOREIGN_KEY), type_="foreignkey")
        table.drop_column("patient_id")
