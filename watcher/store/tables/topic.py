"""Topics and their hits."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from watcher.store.sql.types import Id, Moment
from watcher.store.tables.base import metadata

topics = Table(
    "topics",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default="1"),
    Column("changed_at", Moment, nullable=False),
)

topic_versions = Table(
    "topic_versions",
    metadata,
    Column("topic_id", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("query", Text, nullable=False),
    Column("since_at", Moment, nullable=False),
)

hits = Table(
    "hits",
    metadata,
    Column("id", Id, primary_key=True),
    Column("topic_id", Text, nullable=False),
    Column("entry_id", Id, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Column("topic_version", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", Text, nullable=False, comment="JSON: [[field, start, end, text, clause], ...]"),
    Column("origin", String(12), nullable=False),
    Column("matched_at", Moment, nullable=False),
    Column("entry_version", Integer, nullable=False, server_default="1", comment="the text that made the match"),
    Column("label", String(12)),
    Column("labelled_at", Moment),
    Column("found_by", String(12), nullable=False, server_default="words", comment="words or meaning"),
    Column("relevance", Float, comment="how well the topic's meaning fits, 0 to 1"),
    UniqueConstraint("topic_id", "entry_id"),
    Index("ix_hits_topic_id_id", "topic_id", "id"),
    Index("ix_hits_entry_id", "entry_id"),
    Index("ix_hits_matched_at", "matched_at"),
)

hit_days = Table(
    "hit_days",
    metadata,
    Column("topic_id", Text, primary_key=True),
    Column("day", String(10), primary_key=True, comment="YYYY-MM-DD of matched_at in UTC"),
    Column("origin", String(12), primary_key=True),
    Column("hits", Integer, nullable=False),
)
