"""Facts of the acquisition, and why an image was chosen. Rows from before say `unknown` and state nothing."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FACTS = ("detector", "kernel", "orientation", "laterality", "contrast", "time_of_day")


def upgrade() -> None:
    """Apply. The defaults are what rows that are already there get."""
    for fact in _FACTS:
        op.add_column("study", sa.Column(fact, sa.String(), nullable=False, server_default="unknown"))
    op.add_column("instance", sa.Column("technique", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("instance", sa.Column("localizer", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("features", sa.Column("histogram", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("features", sa.Column("chosen", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take back."""
    for fact in _FACTS:
        op.drop_column("study", fact)
    for table, column in (
        ("instance", "technique"),
        ("instance", "localizer"),
        ("features", "histogram"),
        ("features", "chosen"),
    ):
        op.drop_column(table, column)
