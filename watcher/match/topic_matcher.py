"""Matches entries against all topics at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter

from watcher.errors import NoQueryError
from watcher.match.entry_text import EntryText
from watcher.match.evidence import score_evidence
from watcher.match.index import QueryIndex
from watcher.match.node import Node
from watcher.match.syntax import Query
from watcher.model.entry import StoredEntry
from watcher.model.topic import Hit, Origin, Topic


class TopicMatcher:
    """The compiled topics of a configuration: immutable, and safe to use from several threads.

    `topics` are those that match: with a query, and not paused. `configured` also holds the others.
    """

    def __init__(
        self,
        topics: Sequence[Topic],
        queries: Sequence[Query],
        versions: Sequence[str],
        sets: Mapping[str, Node] | None = None,
        configured: Sequence[Topic] | None = None,
    ) -> None:
        # A paused topic is known, with its query and version, and left out of the index.
        active = [(topic, query) for topic, query in zip(topics, queries, strict=True) if not topic.paused]
        self.topics = tuple(topic for topic, _query in active)
        self.configured = tuple(topics) if configured is None else tuple(configured)
        self.sets = dict(sets or {})
        """The nodes that @sets stand for in the queries."""
        self._queries = {topic.id: query for topic, query in zip(topics, queries, strict=True)}
        self._versions = {topic.id: version for topic, version in zip(topics, versions, strict=True)}
        self._without_query = {topic.id: topic for topic in self.configured if topic.id not in self._queries}
        self._index = QueryIndex([query for _topic, query in active])

    def query(self, topic_id: str) -> Query:
        """Return a topic's query; raises KeyError, and NoQueryError for a topic that sentences alone describe."""
        if topic_id in self._without_query:
            raise NoQueryError(topic_id)
        return self._queries[topic_id]

    def version(self, topic_id: str) -> str:
        """Return the hash of what a topic's query means, however it is spelt; of its sentences where it has none.

        Raises KeyError.
        """
        if (topic := self._without_query.get(topic_id)) is not None:
            from watcher.model.meaning import hash_definition

            return hash_definition(topic)
        return self._versions[topic_id]

    @property
    def index(self) -> QueryIndex:
        """The index of the topics' queries, numbered in the order of `topics`."""
        return self._index

    def match_topic_ids(self, entry: EntryText) -> tuple[str, ...]:
        """Return the ids of the topics that match an entry, in the order of `topics`."""
        return tuple(self.topics[number].id for number in sorted(self._index.list_matching(entry)))

    def match_entries(
        self, entries: Iterable[StoredEntry | EntryText], now: datetime, origin: Origin = Origin.LIVE
    ) -> tuple[Hit, ...]:
        """Match entries against every topic: the hits with evidence, in the order of the entries and of the topics."""
        hits = []
        for stored in entries:
            entry = stored if isinstance(stored, EntryText) else EntryText(stored)
            for number, evidence in sorted(self._index.find_evidence(entry), key=itemgetter(0)):
                topic = self.topics[number]
                hits.append(
                    Hit(
                        topic_id=topic.id,
                        topic_version=self._versions[topic.id],
                        entry_id=entry.stored.id,
                        evidence=evidence,
                        score=score_evidence(evidence),
                        matched_at=now,
                        origin=origin,
                    )
                )
        return tuple(hits)
