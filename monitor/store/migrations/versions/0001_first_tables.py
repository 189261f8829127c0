"""The first tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from monitor.store.instants import UtcDateTime

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    _create_alarm()
    _create_audit()
    _create_cube()
    _create_drift()
    _create_evaluation()
    _create_heartbeat()
    _create_model()
    _create_quarantine()
    _create_study()
    _create_tally()
    _create_features()
    _create_instance()
    _create_prediction()
    _create_read()
    _create_pair()


def downgrade() -> None:
    """Take back."""
    for table in (
        "pair",
        "read",
        "prediction",
        "instance",
        "features",
        "tally",
        "study",
        "quarantine",
        "model",
        "heartbeat",
        "evaluation",
        "drift",
        "cube",
        "audit",
        "alarm",
    ):
        op.drop_table(table)


def _create_alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("statistic", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("suspects", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "alarm_open",
        "alarm",
        ["kind", "model", "version", "subject"],
        unique=True,
        sqlite_where=sa.text("cleared_at IS NULL"),
        postgresql_where=sa.text("cleared_at IS NULL"),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )


def _create_cube() -> None:
    op.create_table(
        "cube",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("tp", sa.Integer(), nullable=False),
        sa.Column("fp", sa.Integer(), nullable=False),
        sa.Column("fn", sa.Integer(), nullable=False),
        sa.Column("tn", sa.Integer(), nullable=False),
        sa.Column("uncertain", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "model", "version", "finding", "site", "manufacturer", "method", "visibility"),
    )


def _create_drift() -> None:
    op.create_table(
        "drift",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("effect", sa.Float(), nullable=False),
        sa.Column("p_adjusted", sa.Float(), nullable=True),
        sa.Column("leading", sa.String(), nullable=False),
        sa.Column("n_reference", sa.Integer(), nullable=False),
        sa.Column("n_current", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "model", "version", "group"),
    )


def _create_evaluation() -> None:
    op.create_table(
        "evaluation",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )


def _create_heartbeat() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("stage"),
    )


def _create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _create_study() -> None:
    op.create_table(
        "study",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("patient", sa.String(), nullable=True),
        sa.Column("accession", sa.String(), nullable=True),
        sa.Column("issuer_accession", sa.String(), nullable=True),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("body_part", sa.String(), nullable=False),
        sa.Column("view_position", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("model_name", sa.String(), nullable=False),
        sa.Column("software", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=False),
        sa.Column("age_band", sa.String(), nullable=False),
        sa.Column("studied_at", UtcDateTime(), nullable=False),
        sa.Column("utc_offset_minutes", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("last_instance_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("paired", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_study_received_at", "study", ["received_at"], unique=False)
    op.create_index("ix_study_accession", "study", ["accession"], unique=False)
    op.create_index("ix_study_issuer_accession", "study", ["issuer_accession"], unique=False)
    op.create_index(
        "study_pending",
        "study",
        ["last_instance_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("study_state", "study", ["state", "reason"], unique=False)
    op.create_index(
        "study_to_pair",
        "study",
        ["key"],
        unique=False,
        sqlite_where=sa.text("revision > paired"),
        postgresql_where=sa.text("revision > paired"),
    )


def _create_tally() -> None:
    op.create_table(
        "tally",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("labels", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels"),
    )


def _create_features() -> None:
    op.create_table(
        "features",
        sa.Column("study", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("statistics", sa.JSON(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("latency_seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study"],
            ["study.key"],
        ),
        sa.PrimaryKeyConstraint("study", "model", "version"),
    )
    op.create_index("features_by_day", "features", ["model", "version", "day"], unique=False)


def _create_instance() -> None:
    op.create_table(
        "instance",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sop", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=True),
        sa.Column("study", sa.String(), nullable=False),
        sa.Column("sop_class", sa.String(), nullable=False),
        sa.Column("transfer_syntax", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("series_number", sa.Integer(), nullable=False),
        sa.Column("instance_number", sa.Integer(), nullable=False),
        sa.Column("acquisition", sa.JSON(), nullable=False),
        sa.Column("studied_at", UtcDateTime(), nullable=False),
        sa.Column("utc_offset_minutes", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("unusable", sa.String(), nullable=True),
        sa.Column("conflict", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study"],
            ["study.key"],
        ),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_instance_sop", "instance", ["sop"], unique=False)
    op.create_index("ix_instance_study", "instance", ["study"], unique=False)


def _create_prediction() -> None:
    op.create_table(
        "prediction",
        sa.Column("study", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("operating_point", sa.Float(), nullable=False),
        sa.Column("call", sa.Boolean(), nullable=False),
        sa.Column("scored_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study"],
            ["study.key"],
        ),
        sa.PrimaryKeyConstraint("study", "model", "version", "finding"),
    )


def _create_read() -> None:
    op.create_table(
        "read",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("study_uid", sa.String(), nullable=True),
        sa.Column("accession", sa.String(), nullable=True),
        sa.Column("issuer_accession", sa.String(), nullable=True),
        sa.Column("patient", sa.String(), nullable=True),
        sa.Column("reader", sa.String(), nullable=True),
        sa.Column("modality", sa.String(), nullable=True),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("labeler", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("study", sa.String(), nullable=True),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("unmatched", sa.String(), nullable=True),
        sa.Column("to_match", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study"],
            ["study.key"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_read_accession", "read", ["accession"], unique=False)
    op.create_index("ix_read_issuer_accession", "read", ["issuer_accession"], unique=False)
    op.create_index("ix_read_study", "read", ["study"], unique=False)
    op.create_index("ix_read_study_uid", "read", ["study_uid"], unique=False)
    op.create_index(
        "read_to_match",
        "read",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("to_match = 1"),
        postgresql_where=sa.text("to_match"),
    )


def _create_pair() -> None:
    op.create_table(
        "pair",
        sa.Column("study", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("call", sa.Boolean(), nullable=False),
        sa.Column("label", sa.Boolean(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("read", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["read"],
            ["read.key"],
        ),
        sa.ForeignKeyConstraint(
            ["study"],
            ["study.key"],
        ),
        sa.PrimaryKeyConstraint("study", "model", "version", "finding"),
    )


def _create_model() -> None:
    op.create_table(
        "model",
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("model", "version"),
    )
