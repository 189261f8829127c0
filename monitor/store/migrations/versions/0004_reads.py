"""Merged patients, the production AI's results, and what the cube said on an earlier day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from monitor.store.instants import UtcDateTime

revision: str = "0004"
down_revision = "0003"
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
    for name in ("shown_at", "opened_at"):
        op.add_column("prediction", sa.Column(name, UtcDateTime(), nullable=True))
    _create_result()
    _create_cube_move()
    cells = "day, model, version, finding, site, manufacturer, method, visibility, tp, fp, fn, tn, uncertain"
    # What was counted before this version is dated by the day it counts for: when it was learnt was not kept.
    op.execute(f"INSERT INTO cube_move (learnt, {cells}) SELECT day, {cells} FROM cube")  # noqa: S608  # our own names


def _create_result() -> None:
    op.create_table(
        "result",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("study_uid", sa.String(), nullable=True),
        sa.Column("accession", sa.String(), nullable=True),
        sa.Column("issuer_accession", sa.String(), nullable=True),
        sa.Column("patient", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("operating_point", sa.Float(), nullable=False),
        sa.Column("call", sa.Boolean(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("produced_at", UtcDateTime(), nullable=True),
        sa.Column("shown_at", UtcDateTime(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("study", sa.String(), nullable=True),
        sa.Column("unmatched", sa.String(), nullable=True),
        sa.Column("to_match", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.key"]),
        sa.PrimaryKeyConstraint("key"),
    )
    for name in ("study_uid", "issuer_accession", "study"):
        op.create_index(f"ix_result_{name}", "result", [name])
    op.create_index(
        "result_to_match",
        "result",
        ["received_at"],
        sqlite_where=sa.text("to_match = 1"),
        postgresql_where=sa.text("to_match"),
    )


def _create_cube_move() -> None:
    words = ("model", "version", "finding", "site", "manufacturer", "method", "visibility")
    op.create_table(
        "cube_move",
        sa.Column("learnt", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in words),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("tp", "fp", "fn", "tn", "uncertain")),
        sa.PrimaryKeyConstraint("learnt", "day", *words),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("cube_move")
    op.drop_table("result")
    for name in ("opened_at", "shown_at"):
        op.drop_column("prediction", name)
    op.drop_table("patient_alias")
