"""What people do with a list: read state, stars, notes with their history, and saved views."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


# The types as they were at this revision.
def Id() -> sa.types.TypeEngine:  # noqa: N802
    """Return the type of ids: an INTEGER on SQLite, which counts no other up."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def Moment() -> sa.types.TypeEngine:  # noqa: N802
    """Return timestamptz on PostgreSQL, milliseconds since 1970 on SQLite."""
    return sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "readers",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("seen_before", Moment(), nullable=False, comment="what came until then is not unread"),
        sa.Column("active_at", Moment(), nullable=False),
        sa.Column("last_visit_at", Moment(), nullable=True, comment="when the visit before this one ended"),
        sa.PrimaryKeyConstraint("person", name="pk_readers"),
    )
    op.create_table(
        "seen_items",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False, comment="entry, story or proposal"),
        sa.Column("target_id", Id(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False, comment="what came until then is seen; 1970: marked unread"),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("person", "kind", "target_id", name="pk_seen_items"),
    )
    op.create_index("ix_seen_items_changed_at", "seen_items", ["changed_at"])
    op.create_table(
        "starred_items",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False, comment="entry, story or proposal"),
        sa.Column("target_id", Id(), nullable=False),
        sa.Column("starred_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("person", "kind", "target_id", name="pk_starred_items"),
    )
    op.create_index("ix_starred_items_kind_target_id", "starred_items", ["kind", "target_id"])
    op.create_table(
        "notes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False, comment="entry, story or proposal"),
        sa.Column("target_id", Id(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("written_at", Moment(), nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.Column("deleted_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
    )
    op.create_index("ix_notes_kind_target_id", "notes", ["kind", "target_id"])
    _create_note_parts()
    op.create_table(
        "saved_views",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="in the address of its feed"),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("page", sa.String(12), nullable=False, comment="hits, stories or proposals"),
        sa.Column("params", sa.Text(), nullable=False, comment="JSON: {name: [value, ...]}"),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("deleted_at", Moment(), nullable=True, comment="kept for a while, so that deleting can be undone"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("key", name="uq_saved_views_key"),
    )
    is_there = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_saved_views_person_name",
        "saved_views",
        ["person", "name"],
        unique=True,
        sqlite_where=is_there,
        postgresql_where=is_there,
    )


def _create_note_parts() -> None:
    op.create_table(
        "note_versions",
        sa.Column("note_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replaced_at", Moment(), nullable=False),
        sa.Column("replaced_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name="fk_note_versions_note_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("note_id", "version", name="pk_note_versions"),
    )
    op.create_table(
        "note_mentions",
        sa.Column("note_id", Id(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("done_at", Moment(), nullable=True, comment="when the person dealt with it"),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name="fk_note_mentions_note_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("note_id", "person", name="pk_note_mentions"),
    )
    op.create_index("ix_note_mentions_person", "note_mentions", ["person"])
