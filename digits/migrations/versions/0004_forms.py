"""Forms, and which form the pages of a sheet belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, and the column."""
    op.create_table(
        "forms",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
    )
    with op.batch_alter_table("sheets") as table:
        table.add_column(sa.Column("form", sa.String(32), nullable=False, server_default=""))


def downgrade() -> None:
    """Take both away."""
    with op.batch_alter_table("sheets") as table:
        table.drop_column("form")
    op.drop_table("forms")
