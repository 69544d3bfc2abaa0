"""What was brought in for the next digest, and the answers to requests that may be repeated."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


# The type as it was at this revision.
def Moment() -> sa.types.TypeEngine:  # noqa: N802
    """Return timestamptz on PostgreSQL, milliseconds since 1970 on SQLite."""
    return sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "offered_hits",
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("matched_at", Moment(), nullable=False, comment="of the hits that the next digest offers, once"),
        sa.Column(
            "published_after", Moment(), nullable=True, comment="of a feed's first items, only those that are newer"
        ),
        sa.PrimaryKeyConstraint("topic_id", "matched_at"),
    )
    op.create_table(
        "repeatable_requests",
        sa.Column("key", sa.Text(), nullable=False, comment="method, path and Idempotency-Key"),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="hash of the body: another one is refused"),
        sa.Column("status", sa.Integer(), nullable=False, comment="0 while the request is being answered"),
        sa.Column("body", sa.Text(), nullable=False, server_default="", comment="JSON"),
        sa.Column("etag", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_repeatable_requests_created_at", "repeatable_requests", ["created_at"])
