"""Sheets: their files, what was read on each page, and the steps of the person."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sheets",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_sheets_changed", "sheets", ["changed"])
    op.create_table(
        "sheet_files",
        sa.Column("sheet", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sheet_scans",
        sa.Column("sheet", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("file", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer, nullable=True),
        sa.Column("reading", sa.Text, nullable=True),
        sa.Column("frames", sa.LargeBinary, nullable=True),
        sa.Column("view", sa.LargeBinary, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_table(
        "sheet_steps",
        sa.Column("sheet", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Take the tables away."""
    for table in ("sheet_steps", "sheet_scans", "sheet_files", "sheets"):
        op.drop_table(table)
