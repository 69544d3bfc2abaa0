"""Digests as composed, what they reported, their deliveries, and who unsubscribed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from watcher.store.sql.types import Id, Moment
from watcher.store.tables.base import metadata

digests = Table(
    "digests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, comment="the subscription's name"),
    Column("slot_at", Moment, nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("window_from", Moment, nullable=False),
    Column("window_to", Moment, nullable=False),
    Column("composed_at", Moment, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("stories", Integer, nullable=False),
    Column("sent", Boolean, nullable=False, server_default="1", comment="false: empty, and so not sent"),
    Column("html", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("coverage", Text, nullable=False, server_default="{}", comment="JSON"),
    UniqueConstraint("name", "slot_at"),
)

digest_items = Table(
    "digest_items",
    metadata,
    Column("name", Text, primary_key=True),
    Column("hit_id", Id, ForeignKey("hits.id", ondelete="CASCADE"), primary_key=True),
    Column("digest_id", Id, ForeignKey("digests.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False, server_default="1", comment="the entry's version that was told"),
    Index("ix_digest_items_digest_id", "digest_id"),
    Index("ix_digest_items_hit_id", "hit_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest_id", Id, ForeignKey("digests.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("recipient", Text, nullable=False, server_default=""),
    Column("part", Integer, nullable=False, server_default="0"),
    Column("payload", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("state", String(12), nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("provider_ref", Text),
    Column("error", Text),
    Column("lease", BigInteger, nullable=False, server_default="0"),
    Column("lease_until", Moment),
    Column("lease_by", Text),
    Column("doubts", Integer, nullable=False, server_default="0", comment="how often its fate was unknown"),
    Column("changed_at", Moment, nullable=False, comment="when it last changed its state"),
    UniqueConstraint("digest_id", "channel", "recipient", "part"),
    Index("ix_outbox_state_next_try_at", "state", "next_try_at"),
)

unsubscribed = Table(
    "unsubscribed",
    metadata,
    Column("name", Text, primary_key=True, comment="the subscription's name"),
    Column("channel", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)
