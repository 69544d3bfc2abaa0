"""What people ask with: times, topics, filters and queries as they type them, at the command and at the API alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from watcher.errors import NotFoundError, UsageError
from watcher.match import Query, parse_query
from watcher.model.results import Filters
from watcher.model.topic import Topic
from watcher.text.suggest import find_nearest

_AGO = re.compile(r"(?i)^\s*(\d{1,6})\s*(s|m|min|h|d|w)\s*(ago)?\s*$")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ID = re.compile(r"[A-Za-z0-9_.-]+")
_NEARLY = 0.84
"""How like an id a word has to be, to be taken for one."""
LABELS = ("relevant", "irrelevant", "none")
ORDERS = ("new", "score")


def parse_time(text: str, now: datetime) -> datetime:
    """Read a time as people type it: `7d`, `36h`, `2026-11-01`, `2026-11-01T08:00Z`, `yesterday`, `today`, `now`.

    Days begin at 00:00 UTC, and a time without a zone is UTC. Raises UsageError.
    """
    words = text.strip().lower()
    if (ago := _AGO.match(words)) is not None:
        try:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError as error:
            raise _no_time(text) from error
    if words in {"now", "today", "yesterday"}:
        midnight = datetime.combine(now.date(), time(), UTC)
        return {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}[words]
    try:
        if len(words) == 10:
            return datetime.combine(date.fromisoformat(words), time(), UTC)
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _no_time(text) from error


def read_filters(
    known_topics: Iterable[str],
    now: datetime,
    *,
    topics: Sequence[str] = (),
    sources: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    story: int | None = None,
    languages: Sequence[str] = (),
    labels: Sequence[str] = (),
    origins: Sequence[str] = (),
    baseline: bool | None = None,
) -> Filters:
    """Make filters of what was typed. Raises NotFoundError for an unknown topic and UsageError for a bad time."""
    known = list(known_topics)
    for topic in topics:
        if topic not in known:
            raise NotFoundError("topic", topic, find_nearest(topic, known) or "")
    for label in labels:
        if label not in LABELS:
            raise UsageError(f"no label {label!r}: it is one of {', '.join(LABELS)}")
    after = parse_time(since, now) if since else None
    before = parse_time(until, now) if until else None
    if after is not None and before is not None and after >= before:
        raise UsageError("`since` is not before `until`")
    return Filters(
        topics=tuple(topics),
        sources=tuple(sources),
        since=after,
        until=before,
        story=story,
        languages=tuple(languages),
        labels=tuple(labels),
        origins=tuple(origins),
        baseline=baseline,
    )


def named_topic(topics: Iterable[Topic], topic_id: str) -> Topic:
    """Find a configured topic; raises NotFoundError with the nearest name."""
    known = {topic.id: topic for topic in topics}
    if topic_id not in known:
        raise NotFoundError("topic", topic_id, find_nearest(topic_id, known) or "")
    return known[topic_id]


def read_query(text: str | None, sets: Mapping[str, str]) -> Query | None:
    """Read a search in the topic language; None where nothing is asked. Raises QueryError."""
    return parse_query(text, sets) if text and text.strip() else None


def find_topic(topics: Iterable[Topic], topic_id: str) -> Topic:
    """Find a topic by its id; raises NotFoundError with the nearest id."""
    known = {topic.id: topic for topic in topics}
    if topic_id not in known:
        raise NotFoundError("topic", topic_id, find_nearest(topic_id, known) or "")
    return known[topic_id]


def topic_or_query(topics: Iterable[Topic], said: str) -> tuple[Topic | None, str]:
    """Tell a topic's id from a query: gives the topic, if it is one, and the query's text.

    A single word that is nearly an id is a slip of the fingers: NotFoundError names the id. In quotes it is a query.
    """
    known = {topic.id: topic for topic in topics}
    text = said.strip()
    if text in known:
        return known[text], known[text].query
    if not text:
        raise UsageError("neither a topic's id nor a query")
    nearest = find_nearest(text.lower(), known, _NEARLY) if _ID.fullmatch(text) else None
    if nearest is not None:
        raise NotFoundError("topic", text, nearest)
    return None, text


def _no_time(text: str) -> UsageError:
    return UsageError(f"{text!r} is no time: write 7d, 36h, 2026-11-01, 2026-11-01T08:00Z or yesterday")
