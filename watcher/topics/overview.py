"""The topics of the configuration and how each fares: version, hits, labels, and the sets it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.errors import NotFoundError, QueryError
from watcher.match import TopicMatcher
from watcher.match.lexer import TokenKind, tokenize_query
from watcher.model.topic import Topic
from watcher.store.database import Db
from watcher.store.hits.counts import count_hits_by_day, count_hits_by_topic, get_latest_hit_times
from watcher.store.hits.labels import count_labels
from watcher.store.topics import TopicVersion, load_topic_versions

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOverview:
    """A topic and what it has found: `week` counts the hits of the last seven days, without those of a replay."""

    topic: Topic
    version: str
    hits: int
    week: int
    last_at: datetime | None
    relevant: int
    irrelevant: int


def list_topic_overviews(db: Db, matcher: TopicMatcher, now: datetime) -> tuple[TopicOverview, ...]:
    """Return the topics, in the order of the configuration."""
    counts, latest, labels = count_hits_by_topic(db), get_latest_hit_times(db), count_labels(db)
    first_day = f"{now - WEEK + timedelta(days=1):%Y-%m-%d}"
    week: dict[str, int] = {}
    for topic_id, _day, count in count_hits_by_day(db, first_day):
        week[topic_id] = week.get(topic_id, 0) + count
    return tuple(
        TopicOverview(
            topic=topic,
            version=matcher.version(topic.id),
            hits=counts.get(topic.id, 0),
            week=week.get(topic.id, 0),
            last_at=latest.get(topic.id),
            relevant=labels.get(topic.id, {}).get("relevant", 0),
            irrelevant=labels.get(topic.id, {}).get("irrelevant", 0),
        )
        for topic in matcher.topics
    )


def get_topic_overview(
    db: Db, matcher: TopicMatcher, topic_id: str, now: datetime
) -> tuple[TopicOverview, tuple[TopicVersion, ...]]:
    """Return a topic and the versions it has had, oldest first; raises NotFoundError."""
    overviews = list_topic_overviews(db, matcher, now)
    overview = next((overview for overview in overviews if overview.topic.id == topic_id), None)
    if overview is None:
        raise NotFoundError("topic", topic_id)
    return overview, load_topic_versions(db, topic_id)


def list_used_sets(query: str, sets: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the sets that a query uses, in order of appearance, those inside other sets too."""
    used: dict[str, None] = {}
    waiting = [query]
    while waiting:
        try:
            names = [token.text for token in tokenize_query(waiting.pop(0)) if token.kind is TokenKind.SET]
        except QueryError:
            continue
        for name in names:
            if name not in used:
                used[name] = None
                waiting.append(sets.get(name, ""))
    return tuple(used)
