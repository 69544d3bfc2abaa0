"""Finds topics by id, and distinguishes an id from a query, for the command, the API and the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from watcher.errors import NoQueryError, NotFoundError, UsageError
from watcher.model.topic import Topic
from watcher.text.suggest import find_nearest

_ID = re.compile(r"[A-Za-z0-9_.-]+")
TYPO_SIMILARITY = 0.84
"""From this similarity to an id on (0 to 1), a single word is taken for a misspelt id and not for a query."""


def find_topic(topics: Iterable[Topic], topic_id: str) -> Topic:
    """Return the configured topic of an id; raises NotFoundError with the nearest id."""
    by_id = {topic.id: topic for topic in topics}
    if topic_id not in by_id:
        raise NotFoundError("topic", topic_id, find_nearest(topic_id, by_id) or "")
    return by_id[topic_id]


def require_query(topic: Topic) -> str:
    """Return a topic's query as written; raises NoQueryError where sentences alone describe the topic."""
    if not topic.has_query:
        raise NoQueryError(topic.id)
    return topic.query


def find_topic_or_query(topics: Iterable[Topic], text: str) -> tuple[Topic | None, str]:
    """Return a topic and its query where the text is its id, else None and the text as a query.

    Raises NotFoundError for a single word that is nearly an id; in quotes it is a query. Raises UsageError for no text,
    NoQueryError for a topic that sentences alone describe.
    """
    by_id = {topic.id: topic for topic in topics}
    text = text.strip()
    if text in by_id:
        return by_id[text], require_query(by_id[text])
    if not text:
        raise UsageError("write a topic's id or a query")
    nearest = find_nearest(text.lower(), by_id, TYPO_SIMILARITY) if _ID.fullmatch(text) else None
    if nearest:
        raise NotFoundError("topic", text, nearest)
    return None, text
