"""What edits of the configuration leave in the database."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from watcher.store.sql.types import Moment
from watcher.store.tables.base import metadata

offered_hits = Table(
    "offered_hits",
    metadata,
    Column("topic_id", Text, primary_key=True),
    Column("matched_at", Moment, primary_key=True, comment="of the hits that the next digest offers, once"),
    Column("published_after", Moment, comment="of a feed's first items, only those that are newer"),
)

repeatable_requests = Table(
    "repeatable_requests",
    metadata,
    Column("key", Text, primary_key=True, comment="method, path and Idempotency-Key"),
    Column("fingerprint", Text, nullable=False, comment="hash of the body: another one is refused"),
    Column("status", Integer, nullable=False, comment="0 while the request is being answered"),
    Column("body", Text, nullable=False, server_default="", comment="JSON"),
    Column("etag", Text, nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False),
    Index("ix_repeatable_requests_created_at", "created_at"),
)
