"""A small archive of invented news for the tests of topic care."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.store.filled import NOON, NOTHING, bring, item
from watcher.match import TopicMatcher
from watcher.model.entry import StoredEntry
from watcher.store.database import Database
from watcher.store.hits.commands import set_hit_label
from watcher.store.hits.search import find_hits

DAY = timedelta(days=1)


def print_news(
    database: Database,
    *texts: str,
    matcher: TopicMatcher = NOTHING,
    at: datetime = NOON,
    language: str | None = "en",
    feed: str = "https://harbour.example/feed.xml",
) -> list[StoredEntry]:
    """Store reports as a poll would; what follows a | is the summary."""
    _number[0] += 1000
    items = [
        item(_number[0] + n, line.partition("|")[0].strip(), line.partition("|")[2].strip(), language=language)
        for n, line in enumerate(texts)
    ]
    return list(bring(database, items, now=at, matcher=matcher, feed=feed).new)


def titles(some: Sequence[StoredEntry]) -> list[str]:
    return [stored.entry.item.title for stored in some]


def judge(database: Database, topic: str, title: str, judgement: str) -> int:
    """Judge the hit of a topic that has this headline."""
    with database.write() as db:
        [hit_ids] = [
            hit
            for hit in find_hits(db, limit=500).items
            if (hit.hit.topic_id, hit.stored.entry.item.title) == (topic, title)
        ]
        set_hit_label(db, hit_ids.id, judgement, NOON)
    return hit_ids.id


_number = [0]
