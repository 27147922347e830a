"""Note which earlier treatment a course repeats: maintenance and retreatment take after it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    with op.batch_alter_table("course") as course:
        course.add_column(sa.Column("index_course_id", sa.Integer(), nullable=True))
        course.add_column(sa.Column("index_definition_id", sa.Integer(), nullable=True))
        course.add_column(sa.Column("index_variant", sa.String(length=80), nullable=True))
        course.create_foreign_key(
            op.f("fk_course_index_course_id_course"), "course", ["index_course_id"], ["id"]
        )
        course.create_foreign_key(
            op.f("fk_course_index_definition_id_definition"),
            "definition",
            ["index_definition_id"],
            ["id"],
        )


def downgrade() -> None:
    """Bring the tables back."""
    with op.batch_alter_table("course") as course:
        course.drop_constraint(op.f("fk_course_index_definition_id_definition"), type_="foreignkey")
        course.drop_constraint(op.f("fk_course_index_course_id_course"), type_="foreignkey")
        course.drop_column("index_variant")
        course.drop_column("index_definition_id")
        course.drop_column("index_course_id")
