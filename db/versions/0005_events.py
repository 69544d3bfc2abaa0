"""Entries that changed their story, and what a person split or merged."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


# The types as they were at this revision.
def Id() -> sa.types.TypeEngine:  # noqa: N802
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def Moment() -> sa.types.TypeEngine:  # noqa: N802
    """Return timestamptz on PostgreSQL, milliseconds since 1970 on SQLite."""
    return sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "story_moves",
        sa.Column("id", Id(), nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column("from_story", Id(), nullable=False),
        sa.Column("to_story", Id(), nullable=False),
        sa.Column("moved_at", Moment(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False, comment="late (its vector came), split, merge, undo"),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], ondelete="CASCADE", name="fk_story_moves_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_story_moves"),
        comment="Entries that changed their story.",
    )
    op.create_index("ix_story_moves_entry_id", "story_moves", ["entry_id"])
    op.create_index("ix_story_moves_from_story", "story_moves", ["from_story"])
    op.create_table(
        "story_decisions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False, comment="split or merge"),
        sa.Column("story_id", Id(), nullable=False, comment="that remained"),
        sa.Column("other_story_id", Id(), nullable=False, comment="that began by the split, or ended by the merge"),
        sa.Column("entry_ids", sa.Text(), nullable=False, comment="JSON: what belonged to the other"),
        sa.Column("author", sa.Text()),
        sa.Column("decided_at", Moment(), nullable=False),
        sa.Column("undone_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_story_decisions"),
        comment="What a person split or merged: stories that were split are not joined again.",
    )
    op.create_index("ix_story_decisions_story_id", "story_decisions", ["story_id"])
    op.create_index("ix_story_decisions_other_story_id", "story_decisions", ["other_story_id"])
