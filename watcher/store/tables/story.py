"""Stories, the marks by which reports of one event are found, and what was moved from one story to another."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from watcher.store.sql.types import Id, Moment
from watcher.store.tables.base import metadata

stories = Table(
    "stories",
    metadata,
    Column("id", Id, primary_key=True),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("size", Integer, nullable=False),
    Index("ix_stories_last_at", "last_at"),
)

story_marks = Table(
    "story_marks",
    metadata,
    Column("mark", Integer, primary_key=True, autoincrement=False),
    # No reference: the marks are stored with an entry's story, before the entry, and to check each costs as much again.
    # No index either: they are written for every hit, and found by the entry only to be forgotten.
    Column("entry_id", Id, primary_key=True),
    sqlite_with_rowid=False,
)

story_moves = Table(
    "story_moves",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    # No references: a story that lost its last entry is gone, and found again by where its entries went.
    Column("from_story", Id, nullable=False),
    Column("to_story", Id, nullable=False),
    Column("moved_at", Moment, nullable=False),
    Column("kind", String(8), nullable=False, comment="late (its vector came), split, merge, undo"),
    Index("ix_story_moves_entry_id", "entry_id"),
    Index("ix_story_moves_from_story", "from_story"),
    comment="Entries that changed their story.",
)

story_decisions = Table(
    "story_decisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(8), nullable=False, comment="split or merge"),
    Column("story_id", Id, nullable=False, comment="that remained"),
    Column("other_story_id", Id, nullable=False, comment="that began by the split, or ended by the merge"),
    Column("entry_ids", Text, nullable=False, comment="JSON: what belonged to the other"),
    Column("author", Text),
    Column("decided_at", Moment, nullable=False),
    Column("undone_at", Moment),
    Index("ix_story_decisions_story_id", "story_id"),
    Index("ix_story_decisions_other_story_id", "other_story_id"),
    comment="What a person split or merged: stories that were split are not joined again.",
)
