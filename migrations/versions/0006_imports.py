"""Let patients be imported: the file's rows until they are in, and their numbers elsewhere."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from clinic.models.base import UTCDateTime

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BATCH_STATES = ("reading", "draft", "running", "done", "undoing", "undone")
ROW_STATES = ("waiting", "added", "known", "twin", "refused", "removed", "stayed")


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "external_id",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_external_id_patient_id")
        ),
        sa.PrimaryKeyConstraint("source", "number", name=op.f("pk_external_id")),
    )
    op.create_index("ix_external_id_patient_id", "external_id", ["patient_id"])
    op.create_table(
        "import_map",
        sa.Column("headings_hash", sa.String(length=80), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("headings_hash", name=op.f("pk_import_map")),
    )
    _create_batch()
    _create_row()


def _create_batch() -> None:
    states = sa.Enum(
        *BATCH_STATES, name="import_state", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("charset", sa.String(length=80), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("fk_import_batch_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sa.UniqueConstraint("public_id", name=op.f("uq_import_batch_public_id")),
    )
    op.create_index("ix_import_batch_created_at", "import_batch", ["created_at"])


def _create_row() -> None:
    states = sa.Enum(
        *ROW_STATES, name="row_state", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "import_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["import_batch.id"],
            name=op.f("fk_import_row_batch_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_import_row_patient_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "row_no", name=op.f("pk_import_row")),
    )
    op.create_index("ix_import_row_patient_id", "import_row", ["patient_id"])
    op.create_index(
        "ix_import_row_batch_id_state_row_no", "import_row", ["batch_id", "state", "row_no"]
    )


def downgrade() -> None:
    """Bring the tables back."""
    for table in ("import_row", "import_batch", "import_map", "external_id"):
        op.drop_table(table)
