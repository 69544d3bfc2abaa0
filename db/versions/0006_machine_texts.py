"""Translated headlines and summaries, kept so that each is asked for once."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


# The type as it was at this revision.
def Moment() -> sa.types.TypeEngine:  # noqa: N802
    """Return timestamptz on PostgreSQL, milliseconds since 1970 on SQLite."""
    return sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "machine_texts",
        sa.Column(
            "key", sa.LargeBinary(), nullable=False, comment="hash of what was asked: kind, model, language and text"
        ),
        sa.Column("kind", sa.String(12), nullable=False, comment="translation or summary"),
        sa.Column("text", sa.Text(), nullable=False, comment="of a summary JSON: [[sentence, [entry id, ...]], ...]"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_machine_texts_created_at", "machine_texts", ["created_at"])
