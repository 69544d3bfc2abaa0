"""The tables, as SQLAlchemy Core sees them; db/versions says how they came to be. Ids are in order of discovery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment: timestamptz on PostgreSQL, milliseconds since 1970 on SQLite, which has no such type."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // _MILLISECOND

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        # Not `process_result_value`, which costs two calls more: a row of a feed has ten moments.
        return _in_utc if dialect.name == "postgresql" else _since_epoch


def _in_utc(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


def _since_epoch(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(milliseconds=value)


class Length(TypeDecorator[timedelta]):
    """A length of time, kept as whole seconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> Any:
        return None if value is None else round(value.total_seconds())

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(seconds=value)


class SearchVector(TypeDecorator[str]):
    """Index tokens: a tsvector on PostgreSQL, whose types are imported there alone, and text elsewhere."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(Text())
        from sqlalchemy.dialects.postgresql import TSVECTOR

        return dialect.type_descriptor(TSVECTOR())


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


Id = BigInteger().with_variant(Integer, "sqlite")


feeds = Table(
    "feeds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False, unique=True, comment="as configured: its identity"),
    Column("fetch_url", Text, nullable=False, comment="where it is fetched now, after permanent moves"),
    Column("host", Text, nullable=False, server_default=""),
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
    Index("ix_feeds_due", "configured", "next_poll_at"),
    # Room in each page for the row's next version: every poll writes two.
    postgresql_with={"fillfactor": 60},
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("next_allowed_at", Moment, nullable=False, comment="when the turns are over that were taken"),
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
    Index("ix_entries_feed_id_url_mark", "feed_id", "url_mark", **_where("url_mark IS NOT NULL")),
    Index("ix_entries_first_seen_at", "first_seen_at"),
    Index("ix_entries_story_id", "story_id", **_where("story_id IS NOT NULL")),
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

unsubscribed = Table(
    "unsubscribed",
    metadata,
    Column("name", Text, primary_key=True, comment="the subscription's name"),
    Column("channel", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Moment, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("note", Text, nullable=False, server_default="", comment="JSON: what the owner says of itself"),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

archive = Table(
    "archive",
    metadata,
    # No reference, as on SQLite: words are indexed before the entry is stored, while nobody waits for it.
    Column("entry_id", Id, primary_key=True, autoincrement=False),
    Column("tokens", SearchVector(), nullable=False),
    Index("ix_archive_tokens", "tokens", postgresql_using="gin"),
    comment="The search index, over index tokens. On SQLite an FTS5 table of the same name (store/search.py).",
)
