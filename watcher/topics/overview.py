"""The topics that are watched and how each fares: meaning, versions, hits, judgements, and the sets it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher.errors import NotFoundError, QueryError
from watcher.model.topic import Topic
from watcher.store.database import Db
from watcher.store.hits.counts import count_hits_by_day, count_hits_by_topic, get_latest_hit_times
from watcher.store.hits.labels import count_labels
from watcher.store.topics import TopicVersion, load_topic_versions

if TYPE_CHECKING:
    from watcher.match import TopicMatcher

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCounts:
    """What a topic has found: `week` counts the hits of the last seven days (UTC), without those of a replay."""

    topic: Topic
    hits: int
    week: int
    last_at: datetime | None
    relevant: int
    irrelevant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOverview(TopicCounts):
    """A topic, the version of its meaning that is watched, and what it has found."""

    version: str


def list_topic_counts(db: Db, topics: Iterable[Topic], now: datetime) -> tuple[TopicCounts, ...]:
    """List what topics have found, in their order. Parses no query: versions need that, counts do not."""
    counts, latest, judged = count_hits_by_topic(db), get_latest_hit_times(db), count_labels(db)
    first_day = f"{now - WEEK + timedelta(days=1):%Y-%m-%d}"
    week: dict[str, int] = {}
    for topic_id, _day, hit_count in count_hits_by_day(db, first_day):
        week[topic_id] = week.get(topic_id, 0) + hit_count
    return tuple(
        TopicCounts(
            topic=topic,
            hits=counts.get(topic.id, 0),
            week=week.get(topic.id, 0),
            last_at=latest.get(topic.id),
            relevant=judged.get(topic.id, {}).get("relevant", 0),
            irrelevant=judged.get(topic.id, {}).get("irrelevant", 0),
        )
        for topic in topics
    )


def list_topic_overviews(db: Db, matcher: TopicMatcher, now: datetime) -> tuple[TopicOverview, ...]:
    """List the topics that are watched, in the order of the configuration."""
    return tuple(
        TopicOverview(
            topic=counts.topic,
            version=matcher.version(counts.topic.id),
            hits=counts.hits,
            week=counts.week,
            last_at=counts.last_at,
            relevant=counts.relevant,
            irrelevant=counts.irrelevant,
        )
        for counts in list_topic_counts(db, matcher.configured, now)
    )


def get_topic_overview(
    db: Db, matcher: TopicMatcher, topic_id: str, now: datetime
) -> tuple[TopicOverview, tuple[TopicVersion, ...]]:
    """Return a topic and the versions it has had, oldest first; raises NotFoundError."""
    overview = next(
        (overview for overview in list_topic_overviews(db, matcher, now) if overview.topic.id == topic_id), None
    )
    if overview is None:
        raise NotFoundError("topic", topic_id)
    return overview, load_topic_versions(db, topic_id)


def list_used_sets(query: str, sets: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the sets that a query uses, in order of appearance, those inside other sets too."""
    from watcher.match.lexer import TokenKind, tokenize_query

    used_names: dict[str, None] = {}
    waiting = [query]
    while waiting:
        try:
            names = [token.text for token in tokenize_query(waiting.pop(0)) if token.kind is TokenKind.SET]
        except QueryError:
            continue
        for name in names:
            if name not in used_names:
                used_names[name] = None
                waiting.append(sets.get(name, ""))
    return tuple(used_names)
