"""How a person said what is right, and what they wrote with its separators.

A correction of Read or Draw from before this version may have been stored without anybody having
typed it: the text field of an older answer was taken for an answer to a newer one. Nothing in such
a row tells which it was, so that its act stays unknown: it is kept, nothing is learned from it, and
the page of corrections offers to delete it. Sheets, the API and imports had no such field.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BEFORE = {"sheet": "typed", "api": "sent", "import": "imported"}  # source to act


def upgrade() -> None:
    """Add the columns, and fill in the acts that are known."""
    op.add_column("corrections", sa.Column("act", sa.String(16), nullable=True))
    op.add_column("corrections", sa.Column("written", sa.Text, nullable=True))
    corrections = sa.table("corrections", sa.column("act"), sa.column("source"))
    for source, act in BEFORE.items():
        op.execute(corrections.update().where(corrections.c.source == source).values(act=act))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("corrections", "written")
    op.drop_column("corrections", "act")
