"""Give the index that numbers a course's visits all it reads, so that no row is looked up."""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NEW = "ix_appointment_number"
OLD = "ix_appointment_course_id_start_at"


def upgrade() -> None:
    """Bring the tables forward."""
    columns = ["course_id", "start_at", "id", "status", "outcome"]
    op.create_index(NEW, "appointment", columns, unique=False)
    op.drop_index(op.f(OLD), table_name="appointment")


def downgrade() -> None:
    """Bring the tables back."""
    op.create_index(op.f(OLD), "appointment", ["course_id", "start_at"], unique=False)
    op.drop_index(NEW, table_name="appointment")
