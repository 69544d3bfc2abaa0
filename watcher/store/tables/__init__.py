"""The tables, as SQLAlchemy Core sees them; db/versions says how they came to be. Ids are in order of discovery."""

from watcher.store.tables.configuration import offered_hits, repeatable_requests
from watcher.store.tables.digest import digest_items, digests, outbox, unsubscribed
from watcher.store.tables.entry import aliases, archive, entries, entry_versions, tombstones
from watcher.store.tables.feed import callbacks, feeds, host_shards, hosts, polls, shard_owners
from watcher.store.tables.machine_text import machine_texts
from watcher.store.tables.meaning import (
    embedding_claims,
    embedding_models,
    embedding_queue,
    embeddings,
    judgements,
    proposals,
    text_vectors,
    topic_heads,
)
from watcher.store.tables.metadata import metadata
from watcher.store.tables.people import api_tokens, audit, people, sessions
from watcher.store.tables.story import stories, story_decisions, story_marks, story_moves
from watcher.store.tables.system import leases, meta
from watcher.store.tables.topic import hit_days, hits, topic_versions, topics
from watcher.store.tables.triage import (
    note_mentions,
    note_versions,
    notes,
    readers,
    saved_views,
    seen_items,
    starred_items,
)

__all__ = [
    "aliases",
    "api_tokens",
    "archive",
    "audit",
    "callbacks",
    "digest_items",
    "digests",
    "embedding_claims",
    "embedding_models",
    "embedding_queue",
    "embeddings",
    "entries",
    "entry_versions",
    "feeds",
    "hit_days",
    "hits",
    "host_shards",
    "hosts",
    "judgements",
    "leases",
    "machine_texts",
    "meta",
    "metadata",
    "note_mentions",
    "note_versions",
    "notes",
    "offered_hits",
    "outbox",
    "people",
    "polls",
    "proposals",
    "readers",
    "repeatable_requests",
    "saved_views",
    "seen_items",
    "sessions",
    "shard_owners",
    "starred_items",
    "stories",
    "story_decisions",
    "story_marks",
    "story_moves",
    "text_vectors",
    "tombstones",
    "topic_heads",
    "topic_versions",
    "topics",
    "unsubscribed",
]
