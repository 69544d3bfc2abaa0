"""Entries: their texts and former texts, further keys, pruned keys, and the full-text index."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from watcher.store.sql.types import Id, IndexTokens, Moment
from watcher.store.tables.base import metadata, on_postgresql, partial_index

entries = Table(
    "entries",
    metadata,
    # Numbers before texts: PostgreSQL fills up to the next eight bytes between them.
    Column("id", Id, primary_key=True),
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("key_mark", BigInteger, nullable=False, comment="short for the key, as the other marks: store/marks.py"),
    Column("url_mark", BigInteger, comment="empty where the key is `guid:` and the canonical address"),
    Column("title_mark", BigInteger),
    Column("published_at", Moment),
    Column("item_updated_at", Moment, comment="what the feed says of its last edit"),
    Column("first_seen_at", Moment, nullable=False),
    Column("updated_at", Moment, comment="when an edit was seen"),
    Column("story_id", Id),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("baseline", Boolean, nullable=False, server_default="0"),
    Column("quarantined", Boolean, nullable=False, server_default="0"),
    Column("copy", Boolean, nullable=False, server_default="0", comment="a near-verbatim copy of an earlier telling"),
    Column("published_doubtful", Boolean, nullable=False, server_default="0"),
    Column("permalink", Boolean, nullable=False, server_default="0", comment="the guid is the address, said once"),
    Column("content_hash", LargeBinary, nullable=False),
    Column("key", Text, comment="empty where it is `guid:` and the guid"),
    Column("guid", Text, comment="empty where `permalink`"),
    Column("url", Text),
    Column("canonical_url", Text, comment="where it is not `url`"),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False, server_default=""),
    Column("content", Text, nullable=False, server_default=""),
    Column("author", Text, nullable=False, server_default=""),
    Column("tags", Text, nullable=False, server_default="", comment="one a line"),
    Column("language", String(35)),
    Column("published_raw", Text, nullable=False, server_default=""),
    Column("enclosures", Text, nullable=False, server_default="", comment="JSON: [[url, type, bytes], ...]"),
    UniqueConstraint("feed_id", "key_mark"),
    Index("ix_entries_feed_id_id", "feed_id", "id"),
    Index("ix_entries_feed_id_title_mark", "feed_id", "title_mark"),
    Index("ix_entries_feed_id_url_mark", "feed_id", "url_mark", **partial_index("url_mark IS NOT NULL")),
    Index("ix_entries_first_seen_at", "first_seen_at"),
    Index("ix_entries_story_id", "story_id", **partial_index("story_id IS NOT NULL")),
)

aliases = Table(
    "aliases",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("entry_id", Id, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Index("ix_aliases_entry_id", "entry_id"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("seen_at", Moment, nullable=False, comment="last listed by the feed; outlives the entry while it is"),
    Column("content_hash", LargeBinary, nullable=False),
)

entry_versions = Table(
    "entry_versions",
    metadata,
    Column("entry_id", Id, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="the version that this text was, until `replaced_at`"),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("replaced_at", Moment, nullable=False),
)

archive = Table(
    "archive",
    metadata,
    # No reference, as on SQLite: words are indexed before the entry is stored, while nobody waits for it.
    Column("entry_id", Id, primary_key=True, autoincrement=False),
    Column("tokens", IndexTokens, nullable=False),
    Index("ix_archive_tokens", "tokens", **on_postgresql(using="gin")),
    comment="The search index, over index tokens. On SQLite an FTS5 table of the same name (store/sql).",
)
