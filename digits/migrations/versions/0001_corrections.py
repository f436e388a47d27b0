"""The first table: one row for each correction."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("reading", sa.String(64), nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("digit", sa.Integer, nullable=True),
        sa.Column("x", sa.Integer, nullable=False),
        sa.Column("y", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("crop", sa.LargeBinary, nullable=False),
        sa.Column("frame", sa.LargeBinary, nullable=True),
        sa.Column("read", sa.Text, nullable=False),
        sa.Column("model_name", sa.Text, nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("truth", sa.Text, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("file", sa.Text, nullable=True),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_corrections_made", "corrections", ["made"])


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("corrections")
