"""What a study goes through: attempts, partial deliveries, answers superseded."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from monitor.store.instants import UtcDateTime

revision: str = "0003"
down_revision = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply. The defaults are what rows that are already there get."""
    op.add_column("study", sa.Column("partial", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("study", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("study", sa.Column("not_before", UtcDateTime(), nullable=True))
    op.add_column("features", sa.Column("instance", sa.String(), nullable=False, server_default=""))
    _index("study_partial", "study", "key", "partial")
    _index("instance_conflict", "instance", "digest", "conflict")
    op.create_table(
        "superseded",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("study", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("operating_point", sa.Float(), nullable=False),
        sa.Column("call", sa.Boolean(), nullable=False),
        sa.Column("scored_at", UtcDateTime(), nullable=False),
        sa.Column("superseded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.key"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_superseded_study"), "superseded", ["study"])
    op.create_table(
        "attempt",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("attempt")
    op.drop_table("superseded")
    op.drop_index("instance_conflict", "instance")
    op.drop_index("study_partial", "study")
    op.drop_column("features", "instance")
    for column in ("not_before", "attempts", "partial"):
        op.drop_column("study", column)


def _index(name: str, table: str, column: str, flag: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(f"{flag} = 1"), postgresql_where=sa.text(flag))
