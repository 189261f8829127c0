"""Patients whose records were merged."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from monitor.store.tables import UtcDateTime

revision: str = "0004"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "patient_alias",
        sa.Column("patient", sa.String(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("patient"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("patient_alias")
