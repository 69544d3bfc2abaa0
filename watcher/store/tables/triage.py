"""What people do with a list: read state, stars, notes with their history, and saved views."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from watcher.store.sql.types import Id, Moment
from watcher.store.tables.base import metadata, partial_index

# Targets have no references: a note outlives the report that it is about, and a star a story that was merged.

readers = Table(
    "readers",
    metadata,
    Column("person", Text, primary_key=True),
    Column("seen_before", Moment, nullable=False, comment="what came until then is not unread"),
    Column("active_at", Moment, nullable=False),
    Column("last_visit_at", Moment, comment="when the visit before this one ended"),
)

seen_items = Table(
    "seen_items",
    metadata,
    Column("person", Text, primary_key=True),
    Column("kind", String(8), primary_key=True, comment="entry, story or proposal"),
    Column("target_id", Id, primary_key=True),
    Column("seen_at", Moment, nullable=False, comment="what came until then is seen; 1970: marked unread"),
    Column("changed_at", Moment, nullable=False),
    Index("ix_seen_items_changed_at", "changed_at"),
)

starred_items = Table(
    "starred_items",
    metadata,
    Column("person", Text, primary_key=True),
    Column("kind", String(8), primary_key=True, comment="entry, story or proposal"),
    Column("target_id", Id, primary_key=True),
    Column("starred_at", Moment, nullable=False),
    Index("ix_starred_items_kind_target_id", "kind", "target_id"),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(8), nullable=False, comment="entry, story or proposal"),
    Column("target_id", Id, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("written_at", Moment, nullable=False),
    Column("edited_at", Moment),
    Column("deleted_at", Moment),
    Index("ix_notes_kind_target_id", "kind", "target_id"),
)

note_versions = Table(
    "note_versions",
    metadata,
    Column("note_id", Id, ForeignKey("notes.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("replaced_at", Moment, nullable=False),
    Column("replaced_by", Text, nullable=False),
)

note_mentions = Table(
    "note_mentions",
    metadata,
    Column("note_id", Id, ForeignKey("notes.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("done_at", Moment, comment="when the person dealt with it"),
    Index("ix_note_mentions_person", "person"),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True, comment="in the address of its feed"),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("page", String(12), nullable=False, comment="hits, stories or proposals"),
    Column("params", Text, nullable=False, comment="JSON: {name: [value, ...]}"),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("deleted_at", Moment, comment="kept for a while, so that deleting can be undone"),
    Index("uq_saved_views_person_name", "person", "name", unique=True, **partial_index("deleted_at IS NULL")),
)
