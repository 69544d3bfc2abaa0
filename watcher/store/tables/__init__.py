"""The tables, as SQLAlchemy Core sees them; db/versions says how they came to be. Ids are in order of discovery.

A table is made when it is first asked for: to make all of them takes longer than most questions. `metadata` has all.
"""

from typing import TYPE_CHECKING

from watcher.lazy_names import import_when_used

if TYPE_CHECKING:
    from watcher.store.tables.base import metadata
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
    from watcher.store.tables.person import api_tokens, audit, people, sessions
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
else:
    _MODULES = {
        "aliases": "entry",
        "api_tokens": "person",
        "archive": "entry",
        "audit": "person",
        "callbacks": "feed",
        "digest_items": "digest",
        "digests": "digest",
        "embedding_claims": "meaning",
        "embedding_models": "meaning",
        "embedding_queue": "meaning",
        "embeddings": "meaning",
        "entries": "entry",
        "entry_versions": "entry",
        "feeds": "feed",
        "hit_days": "topic",
        "hits": "topic",
        "host_shards": "feed",
        "hosts": "feed",
        "judgements": "meaning",
        "leases": "system",
        "machine_texts": "machine_text",
        "meta": "system",
        "note_mentions": "triage",
        "note_versions": "triage",
        "notes": "triage",
        "offered_hits": "configuration",
        "outbox": "digest",
        "people": "person",
        "polls": "feed",
        "proposals": "meaning",
        "readers": "triage",
        "repeatable_requests": "configuration",
        "saved_views": "triage",
        "seen_items": "triage",
        "sessions": "person",
        "shard_owners": "feed",
        "starred_items": "triage",
        "stories": "story",
        "story_decisions": "story",
        "story_marks": "story",
        "story_moves": "story",
        "text_vectors": "meaning",
        "tombstones": "entry",
        "topic_heads": "meaning",
        "topic_versions": "topic",
        "topics": "topic",
        "unsubscribed": "digest",
    }

    _load_table = import_when_used(__name__, _MODULES)

    def __getattr__(name: str) -> object:
        """Return a table, or the metadata with all of them; raises AttributeError for another name."""
        from importlib import import_module

        if name == "metadata":
            for module in {*_MODULES.values()}:
                import_module(f"{__name__}.{module}")
            return import_module(f"{__name__}.base").metadata
        return _load_table(name)


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
