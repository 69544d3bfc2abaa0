"""Feeds, the hosts that they share, the history of their polls, and their WebSub subscriptions."""

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

from watcher.store.sql.types import Id, Length, Moment
from watcher.store.tables.base import metadata, on_postgresql

feeds = Table(
    "feeds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False, unique=True, comment="as configured: its identity"),
    Column("fetch_url", Text, nullable=False, comment="where it is fetched now, after permanent moves"),
    Column("host", Text, nullable=False, server_default=""),
    Column("shard", Integer, nullable=False, server_default="0", comment="which of the host shards its host is in"),
    Column("configured", Boolean, nullable=False, server_default="1", comment="named in feeds.yaml now"),
    Column("source", Text, nullable=False, server_default="{}", comment="what feeds.yaml says of it, JSON"),
    Column("name", Text, nullable=False, server_default="", comment="what to call it: configured or own title"),
    Column("title", Text, nullable=False, server_default=""),
    Column("language", Text),
    Column("site_url", Text),
    Column("state", String(16), nullable=False, server_default="active"),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("validators_url", Text),
    Column("body_hash", LargeBinary),
    Column(
        "key_rule",
        String(20),
        nullable=False,
        server_default="guid",
        comment="of identity version 1: not written any more",
    ),
    Column("next_poll_at", Moment, nullable=False),
    Column("interval", Length, nullable=False),
    Column("rhythm", Length),
    Column("polled_at", Moment),
    Column("succeeded_at", Moment),
    Column("read_at", Moment),
    Column("new_at", Moment),
    Column("baseline_at", Moment),
    Column("barren", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", Moment),
    Column("error_kind", String(20)),
    Column("error", Text),
    Column("move_url", Text),
    Column("move_first_seen_at", Moment),
    Column("move_sightings", Integer, nullable=False, server_default="0"),
    Column("document_keys", Text, nullable=False, server_default="", comment="of the last document, space between"),
    Column("item_marks", LargeBinary, comment="of its items that are stored, as they stood: eight bytes each"),
    Column("gaps", Integer, nullable=False, server_default="0"),
    Column("lost", Integer, nullable=False, server_default="0"),
    Column("gap_at", Moment),
    Column("identity_version", Integer, nullable=False, server_default="1", comment="which rules made its keys"),
    Column("id_changes", Integer, nullable=False, server_default="0", comment="polls with known items under new ids"),
    Column("merged", Integer, nullable=False, server_default="0", comment="repetitions in the last document"),
    Column("recovered", Integer, nullable=False, server_default="0", comment="had been merged before an upgrade"),
    Column("left_out", Integer, nullable=False, server_default="0", comment="beyond its budget, possibly missing"),
    Column("left_marks", LargeBinary, comment="of items of the last document that are not stored, eight bytes each"),
    Column("baseline_marks", LargeBinary, comment="of those of them that the first document held"),
    Column("left_unmarked", Integer, nullable=False, server_default="0", comment="items that were not looked at"),
    Column("budget_day", String(10), comment="YYYY-MM-DD in UTC that the two counts below belong to"),
    Column("budget_entries", Integer, nullable=False, server_default="0"),
    Column("budget_versions", Integer, nullable=False, server_default="0"),
    Column(
        "conditional", Boolean, nullable=False, server_default="1", comment="its server answers conditional requests"
    ),
    Column("hub", Text),
    Column("topic_url", Text, comment="what the feed calls itself at its hub"),
    Column("pushed_at", Moment, comment="the last push, while pushes are known to work"),
    Column("entries", Integer, nullable=False, server_default="0", comment="how many are stored"),
    Column("lease", BigInteger, nullable=False, server_default="0", comment="fencing token: the claim that may settle"),
    Column("lease_until", Moment),
    Column("lease_by", Text),
    # The shard last: what is due in the shards of others is passed over within the index.
    Index("ix_feeds_due", "configured", "next_poll_at", "shard"),
    # Room in each page for the row's next version: every poll writes two.
    **on_postgresql(**{"with": {"fillfactor": 60}}),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("next_allowed_at", Moment, nullable=False, comment="when the turns are over that were taken"),
)

host_shards = Table(
    "host_shards",
    metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("owner", Text, comment="the process that alone asks these hosts"),
    Column("lease_until", Moment, comment="by the clock of the database; without an owner: when it was released"),
    Column("wanted_by", Text, comment="a command that waits for it"),
    Column("wanted_until", Moment),
    comment="Hosts by a hash of their names, leased whole to processes that share PostgreSQL.",
)

shard_owners = Table(
    "shard_owners",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("until", Moment, nullable=False, comment="by the clock of the database"),
    comment="Processes that share the host shards out among themselves.",
)

polls = Table(
    "polls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("outcome", String(20), nullable=False, comment="read, unchanged, or the kind of failure"),
    Column("status", Integer),
    Column("wire_bytes", BigInteger, nullable=False, server_default="0"),
    Column("seen", Integer, nullable=False, server_default="0"),
    Column("new", Integer, nullable=False, server_default="0"),
    Column("updated", Integer, nullable=False, server_default="0"),
    Column("hits", Integer, nullable=False, server_default="0"),
    Column("lost", Integer, nullable=False, server_default="0"),
    Column("merged", Integer, nullable=False, server_default="0"),
    Column("recovered", Integer, nullable=False, server_default="0"),
    Column("left_out", Integer, nullable=False, server_default="0"),
    Column("elapsed_ms", Integer, nullable=False, server_default="0"),
    Column("message", Text, nullable=False, server_default=""),
    Index("ix_polls_feed_id_id", "feed_id", "id"),
    Index("ix_polls_at", "at"),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("token", Text, nullable=False, unique=True, comment="the part of the address that nobody can guess"),
    Column("secret", Text, nullable=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("next_try_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    UniqueConstraint("feed_id"),
    comment="Subscriptions at hubs (WebSub).",
)
