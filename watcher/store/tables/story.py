"""Stories, and the marks by which reports of one event are found."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from watcher.store.sql.types import Id, Moment
from watcher.store.tables.metadata import metadata

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
